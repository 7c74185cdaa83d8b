// The maximum length of a DNS message.

/** In octets: over a connection, the length has 16 bits (RFC 1035 §4.2.2). */
export const maxMessage = 65_535;
