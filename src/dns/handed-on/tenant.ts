// A tenant answers the handed-on queries of one kind.

import type { Client } from '../respond/client.ts';
import type { FoundForwarder, HandedOnKind, handedOnKind } from '../respond/hand-on.ts';

export interface HandedOnQuery {
  readonly kind: HandedOnKind;
  readonly message: Uint8Array;
  readonly client: Client;
  /** The client's port. */
  readonly port: number;
  /** Undefined: nothing was found. */
  readonly found?: FoundForwarder | undefined;
}

/** Takes the one answer to a query: a message, `undefined` for none, or the reason why there is none. */
export interface AnswerTaker {
  answer(message: Uint8Array | undefined): void;
  fail(error: unknown): void;
}

/** Begins an answer that comes later. Costs less than a promise, which is settled in turns of its own. */
export type LateStart = (taker: AnswerTaker) => void;

/**
 * Answers a query with no message, one or several. The tenant may keep the octets of the query. The client gets each
 * further message when it has taken the one before; over UDP and HTTPS it gets only the first. If the tenant throws, or
 * takes longer than the deadline for a message, the client gets SERVFAIL. A tenant counts its queries itself, as
 * `LateResponder` does.
 */
export type Tenant = (
  query: HandedOnQuery,
) => Uint8Array | undefined | Promise<Uint8Array | undefined> | LateStart | AsyncIterable<Uint8Array>;

/** The kinds that the taker in the main thread takes. */
type MainKind = Exclude<HandedOnKind, typeof handedOnKind.forward>;

/** The tenants of the taker in the main thread. */
export type Tenants = Readonly<Record<MainKind, Tenant>>;
