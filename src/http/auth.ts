// Who asks: bearer tokens (RFC 6750), checked against the store's salted hashes. How the first one is made: admin-token.ts.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { TokenActor } from '../control/transaction/actor.ts';
import { refuse } from '../errors.ts';
import type { StoredToken } from '../store/values.ts';
import type { Views } from '../views/views.ts';
import type { Services } from './services.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks: the bearer of the token; null on open routes. */
    actor: TokenActor | null;
  }
}

/** The bearer of the operator's own token, which is not in the store. */
const environmentActor: TokenActor = { kind: 'token', id: 'environment', name: 'ZONEWRIGHT_ADMIN_TOKEN' };
const whereTokensAre =
  'the first start of a store makes one, in admin-token in the data directory of the replica that made it; or the replica is started with ZONEWRIGHT_ADMIN_TOKEN';

/** Sets `request.actor`. Refuses with `unauthorized`, or `store_unavailable` while no token can be checked. */
export function authenticate(services: Pick<Services, 'views' | 'adminToken'>, request: FastifyRequest): void {
  const presented = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (presented === undefined)
    refuse('unauthorized', `send the header "Authorization: Bearer <token>": ${whereTokensAre}`);
  if (services.adminToken !== undefined && isSame(presented, services.adminToken)) {
    request.actor = environmentActor;
    return;
  }
  if (!services.views.loaded)
    refuse('store_unavailable', 'this replica has not loaded its state from the store yet: try again shortly');
  const token =
    storedToken(services.views, presented) ?? refuse('unauthorized', `the token is not valid: ${whereTokensAre}`);
  request.actor = { kind: 'token', id: token.id, name: token.id };
}

/** The token that was presented, if the store has it. */
export function storedToken({ tokens }: Pick<Views, 'tokens'>, presented: string): StoredToken | undefined {
  const [, id = '', secret = ''] = /^zw_([a-z0-9]+)_([A-Za-z0-9_-]+)$/.exec(presented) ?? [];
  const token = tokens.get(id)?.value;
  return token !== undefined && isSame(hashSecret(secret, token.salt), token.hash) ? token : undefined;
}

/** A new token: what its bearer shows, and what we keep. */
export function newToken(id: string, now: Date): { shown: string; stored: StoredToken } {
  const secret = randomBytes(32).toString('base64url');
  const salt = randomBytes(16).toString('hex');
  const stored = { id, salt, hash: hashSecret(secret, salt), role: 'admin', createdAt: now.toISOString() } as const;
  return { shown: `zw_${id}_${secret}`, stored };
}

function hashSecret(secret: string, salt: string): string {
  return createHash('sha256').update(salt).update(secret).digest('hex');
}

/** In constant time, whatever the lengths. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
