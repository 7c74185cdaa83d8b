// Sizes of UDP datagrams and buffers, in octets, for both kinds of sockets.

/** The greatest length of a query that is read, and of an answer. */
export const maxDatagram = 4_096;

/**
 * The greatest payload of an IPv4 datagram. Answers that share a message (UDP_SEGMENT) are no longer than this
 * together.
 */
export const maxPayload = 65_507;

/** The size is large, so that bursts wait in the kernel and are not lost. The system may grant less. */
export const receiveBufferSize = 4 << 20;
/** The size is large, for answers that cannot be sent at once. The system may grant less. */
export const sendBufferSize = 1 << 20;
