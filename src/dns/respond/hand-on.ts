// Queries that the table cannot answer: the answering thread hands them on to another thread, which answers them later
// by the same socket. Who answers them: dns/handed-on/.

import { opcode } from '../wire/codes.ts';

/** Why a query is handed on; it says who answers it. */
export const handedOnKind = {
  /** RFC 1996 */
  notify: 0,
} as const;
export type HandedOnKind = (typeof handedOnKind)[keyof typeof handedOnKind];

/** The opcodes whose queries are all handed on. */
export const kindByOpcode: Readonly<Record<number, HandedOnKind>> = { [opcode.NOTIFY]: handedOnKind.notify };

/**
 * Queries of each kind that a thread hands on in a second. A flood must not take the processor from the answers of the
 * table (bench/handed-on-flood.ts). NOTIFY: a primary sends a few for each change of a zone.
 */
export const maxHandedOn: Readonly<Record<HandedOnKind, number>> = { [handedOnKind.notify]: 1_000 };

/**
 * Queries that a thread answers SERVFAIL in a second because no more can be handed on. Over UDP it drops all others: in
 * a flood such an answer costs as much as any other.
 */
export const maxRefusals = 1_000;

/** The result of `respond` for a query that was handed on: no length, since the response comes later. */
export const handedOn = -1;

/**
 * Hands on the first `length` octets of `query`, which are copied. Returns false when there is no room for it. Does not
 * wait.
 */
export type HandOn = (kind: HandedOnKind, query: Uint8Array, length: number) => boolean;
