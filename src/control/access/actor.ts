// The actor of a request: the bearer of a token, or a part of this service.

import type { Rights } from '../../model/rights.ts';
import type { StoredToken } from '../../store/kinds/token.ts';
import type { Views } from '../../views/views.ts';

/**
 * An actor asks for a read or a change. Every decision has its own actor, even if several requests share one
 * transaction (test/control/actors.test.ts).
 */
export type Actor = TokenActor | SystemActor;

/** The bearer of a token: a token of the store, or the token that ZONEWRIGHT_ADMIN_TOKEN sets. */
export interface TokenActor {
  kind: 'token';
  id: string;
  /** The name for people. */
  name: string;
  rights: Rights;
  /** Only for a token of the store: the token as it was when the request came (valid-token.ts). */
  stored?: StoredToken;
  /** The request with which the bearer asks. `from`: the address of the client. */
  request?: { id: string; what: string; from: string };
}

/** A part of this service that acts by itself. */
interface SystemActor {
  kind: 'system';
  part: 'housekeeping' | 'start' | 'authentication' | 'skydns' | 'renumbering';
}

/** The actor, and the views from which the actor gets an answer. */
export interface Asking {
  readonly actor: Actor;
  readonly views: Views;
}
