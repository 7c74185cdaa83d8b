// The numbers of the DNS protocol that answering needs (IANA, "Domain Name System Parameters"). Record types:
// model/rdata/record-types.ts.

/** Response codes (RFC 6895 §2.3). Those from 16 on need EDNS. */
export const rcode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  NOTAUTH: 9,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const;

/** Returns the name of a response code, for people. */
export function rcodeName(code: number): string {
  return Object.entries(rcode).find(([, known]) => known === code)?.[0] ?? `RCODE ${code}`;
}

/** The error field of a TSIG record (RFC 8945 §3). */
export const tsigError = { BADKEY: 17 } as const;

/** Options of an OPT record: RFC 5001, RFC 7873, RFC 7830, RFC 8914. */
export const option = { NSID: 3, COOKIE: 10, PADDING: 12, EDE: 15 } as const;

/** Codes of extended errors (RFC 8914 §4, RFC 9824 §9). `NONE` means that there is no extended error. */
export const extendedError = {
  NONE: -1,
  OTHER: 0,
  STALE_ANSWER: 3,
  NOT_READY: 14,
  PROHIBITED: 18,
  STALE_NXDOMAIN: 19,
  NOT_AUTHORITATIVE: 20,
  NOT_SUPPORTED: 21,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
  INVALID_QUERY_TYPE: 30,
} as const;

/** Opcodes (RFC 6895 §2.2). */
export const opcode = { QUERY: 0, NOTIFY: 4 } as const;

/** Classes (RFC 6895 §3.2). */
export const recordClass = { IN: 1, CH: 3, ANY: 255 } as const;

/** Types that are only in questions or messages, not in zones (RFC 6895 §3.1). */
export const metaType = { NXNAME: 128, TKEY: 249, TSIG: 250, IXFR: 251, AXFR: 252, MAILB: 253, MAILA: 254 } as const;
