// The maximum length of a DNS message.

/** The maximum in octets: over a connection, the length of a message has 16 bits (RFC 1035 §4.2.2). */
export const maxMessage = 65_535;
