// Authenticates requests by their bearer token (RFC 6750). How tokens are made and checked:
// control/tokens/token-secret.ts.

import type { FastifyRequest } from 'fastify';
import type { TokenActor } from '../control/access/actor.ts';
import { isSameSecret, storedToken } from '../control/tokens/token-secret.ts';
import { Refusal, refuse } from '../errors.ts';
import { allRights } from '../model/rights.ts';
import { tokenKey } from '../store/kinds/token.ts';
import type { Services } from './services.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The bearer of the request's token; null on open routes. */
    actor: TokenActor | null;
  }
}

/** The bearer of the operator's token, which is in the settings and not in the store. */
const environmentActor: TokenActor = {
  kind: 'token',
  id: 'environment',
  name: 'ZONEWRIGHT_ADMIN_TOKEN',
  rights: allRights,
};
export const whereTokensAre =
  "the first start with an empty store creates a token, in the file admin-token of that replica's data directory; " +
  'or ZONEWRIGHT_ADMIN_TOKEN sets one';

/** Sets `request.actor`. Refuses with `unauthorized`, or `store_unavailable` while no token can be checked. */
export function authenticate(services: Pick<Services, 'views' | 'adminToken'>, request: FastifyRequest): void {
  const presented = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (presented === undefined)
    refuse('unauthorized', `send the header "Authorization: Bearer <token>": ${whereTokensAre}`);
  if (services.adminToken !== undefined && isSameSecret(presented, services.adminToken)) {
    request.actor = { ...environmentActor, request: shownRequest(request) };
    return;
  }
  if (!services.views.loaded)
    refuse('store_unavailable', 'this replica has not loaded its state from the store yet: try again shortly');
  const token =
    storedToken(services.views, presented) ?? refuse('unauthorized', `the token is not valid: ${whereTokensAre}`);
  // A stored token may have the id of the token from the environment. The two must not share idempotency keys.
  const id = token.id === environmentActor.id ? tokenKey(token.id) : token.id;
  request.actor = { kind: 'token', id, name: token.id, rights: { role: token.role }, request: shownRequest(request) };
}

/** Returns whether the request may read details of the replica. With `httpOpen: 'health'`, it needs a token. */
export function maySeeDetails(services: Pick<Services, 'views' | 'adminToken' | 'httpOpen'>, request: FastifyRequest) {
  if (services.httpOpen !== 'health') return true;
  try {
    authenticate(services, request);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** The limit for the part of a path that the log shows. */
const maxPath = 300;

function shownRequest({ id, method, url }: FastifyRequest): NonNullable<TokenActor['request']> {
  return { id, what: `${method} ${url.slice(0, maxPath)}` };
}
