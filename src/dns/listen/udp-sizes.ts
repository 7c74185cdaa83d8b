// Sizes that both kinds of UDP socket share, in octets.

/** The maximum length of a query that is read, and of an answer. */
export const maxDatagram = 4_096;

/** Large, so that a burst waits in the kernel and is not lost. The system may grant less. */
export const receiveBufferSize = 4 << 20;
/** Large, for answers that cannot be sent at once. The system may grant less. */
export const sendBufferSize = 1 << 20;
