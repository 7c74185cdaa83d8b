// Queries that the table cannot answer: the answering thread hands them on to another thread, which answers them later
// by the same socket. Who answers them: dns/handed-on/.

/** Why a query is handed on; it says who answers it. */
export const handedOnKind = {
  /** RFC 1996 */
  notify: 0,
} as const;
export type HandedOnKind = (typeof handedOnKind)[keyof typeof handedOnKind];

/** The result of `respond` for a query that was handed on: no length, since the response comes later. */
export const handedOn = -1;

/**
 * Hands on the first `length` octets of `query`, which are copied. Returns false when there is no room for it. Does not
 * wait.
 */
export type HandOn = (kind: HandedOnKind, query: Uint8Array, length: number) => boolean;
