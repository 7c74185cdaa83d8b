// Queries that an answering thread does not answer itself: it hands them on to another thread, which answers them later
// by the same socket. Who answers them: dns/handed-on/. Which queries: route-opcode.ts, route-query.ts.

/** The kinds of handed-on queries. Each kind has its tenant (dns/handed-on/tenant.ts). */
export const handedOnKind = {
  /** RFC 1996 */
  notify: 0,
  /** A question for a zone of others, which is forwarded to its servers (forward-query.ts). */
  forward: 1,
} as const;
export type HandedOnKind = (typeof handedOnKind)[keyof typeof handedOnKind];

/**
 * The limit of queries of each kind that a thread hands on in a second. A flood must not take the processor from
 * answers from the table (bench/handed-on-flood.ts). A primary sends a few NOTIFY for each change of a zone.
 */
export const maxHandedOn: Readonly<Record<HandedOnKind, number>> = {
  [handedOnKind.notify]: 1_000,
  // More than a thread can forward on a processor of its own.
  [handedOnKind.forward]: 20_000,
};

/** The result of `respond` for a query that was handed on: no length, since the response comes later. */
export const handedOn = -1;

/** Hands on a copy of the first `length` octets of `query`. Returns false over a limit. Does not wait. */
export type HandOn = (kind: HandedOnKind, query: Uint8Array, length: number) => boolean;
