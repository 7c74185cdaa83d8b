// Sizes of UDP datagrams and buffers, in octets, for both kinds of socket.

/** The maximum length of a query that is read, and of an answer. */
export const maxDatagram = 4_096;

/** The maximum length of a datagram over IPv4. Answers that leave as one message (UDP_SEGMENT) have it together. */
export const maxPayload = 65_507;

/** Large, so that a burst waits in the kernel and is not lost. The system may grant less. */
export const receiveBufferSize = 4 << 20;
/** Large, for answers that cannot be sent at once. The system may grant less. */
export const sendBufferSize = 1 << 20;
