// Sizes that both kinds of UDP socket share, in octets.

/** The largest query that is read, and the largest answer that any client may ask for. */
export const largestDatagram = 4_096;

/** Wished for, so that a burst waits in the kernel instead of being lost; the system may grant less. */
export const receiveBufferSize = 4 << 20;
/** The same for answers that the way out is not ready for. */
export const sendBufferSize = 1 << 20;
