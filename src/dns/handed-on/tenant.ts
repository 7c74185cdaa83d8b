// Tenants answer handed-on queries: one for each kind.

import type { Client } from '../respond/client.ts';
import type { HandedOnKind } from '../respond/hand-on.ts';

/** A handed-on query. The octets are the tenant's own. */
export interface HandedOnQuery {
  readonly kind: HandedOnKind;
  readonly message: Uint8Array;
  readonly client: Client;
  readonly port: number;
}

/**
 * Answers a query: with one message, with none, or with several. The client gets each message of several when it has
 * taken the one before; over UDP and HTTPS it gets the first alone. An exception becomes SERVFAIL, and so does a
 * message that takes longer than the deadline. A tenant counts its queries itself, as `LateResponder` does.
 */
export type Tenant = (
  query: HandedOnQuery,
) => Uint8Array | undefined | Promise<Uint8Array | undefined> | AsyncIterable<Uint8Array>;

export type Tenants = Readonly<Record<HandedOnKind, Tenant>>;
