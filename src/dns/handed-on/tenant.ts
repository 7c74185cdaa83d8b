// Who answers handed-on queries: one tenant for each kind.

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
 * Answers a query with one message, now or later; with several, of which UDP and HTTPS take the first (TCP and TLS
 * take all, each when the client has taken the one before); or with none. What it throws becomes SERVFAIL, and so does
 * what takes longer than the deadline. It counts its queries itself, as `LateResponder` does.
 */
export type Tenant = (
  query: HandedOnQuery,
) => Uint8Array | undefined | Promise<Uint8Array | undefined> | AsyncIterable<Uint8Array>;

export type Tenants = Readonly<Record<HandedOnKind, Tenant>>;
