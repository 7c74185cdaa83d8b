// The kinds of handed-on queries: an answering thread passes such a query to another thread, which answers it later
// through the same socket. The other thread's part: dns/handed-on/. Which queries are handed on: route-opcode.ts,
// route-query.ts, forward-query.ts.

/** Each kind has its tenant (dns/handed-on/tenant.ts). */
export const handedOnKind = {
  /** A NOTIFY (RFC 1996). */
  notify: 0,
  /** A question for a zone of others, which is forwarded to its servers (forward-query.ts). */
  forward: 1,
} as const;
export type HandedOnKind = (typeof handedOnKind)[keyof typeof handedOnKind];

/**
 * How many queries of each kind a thread hands on in a second. The limits keep a flood from slowing down answers from
 * the table (bench/handed-on-flood.ts). A primary sends only a few NOTIFY for each change of a zone.
 */
export const maxHandedOn: Readonly<Record<HandedOnKind, number>> = {
  [handedOnKind.notify]: 1_000,
  // More than the forwarder's thread can forward.
  [handedOnKind.forward]: 20_000,
};

/** The result of `respond` for a handed-on query, in place of the response's length: the response comes later. */
export const handedOn = -1;

/**
 * What was found of a question to forward: the number of its forwarder, and the flags on which its answer depends
 * (`questionFlag`). The number is 0 if the thread that answers must find them itself.
 */
export interface FoundForwarder {
  readonly forwarder: number;
  readonly flags: number;
}

/**
 * Hands on a copy of the first `length` octets of `query`. Returns false if a limit is reached. Does not wait. `found`
 * is valid only during the call.
 */
export type HandOn = (kind: HandedOnKind, query: Uint8Array, length: number, found: FoundForwarder) => boolean;
