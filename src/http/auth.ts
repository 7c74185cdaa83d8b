// Authenticates requests by their bearer token (RFC 6750), and limits failed attempts. control/tokens/token-secret.ts
// makes and checks tokens. needed-rights.ts says what the bearer of a token may do.

import type { FastifyRequest } from 'fastify';
import type { Asking, TokenActor } from '../control/access/actor.ts';
import { hasExpired, isTokenValid, rightsOfToken } from '../control/access/valid-token.ts';
import { namedToken, secretMatcher, storedToken, withoutSecrets } from '../control/tokens/token-secret.ts';
import { Refusal, refuse } from '../errors.ts';
import { allRights } from '../model/rights.ts';
import { environmentToken, type StoredToken } from '../store/kinds/token.ts';
import { Allowances } from './allowances.ts';
import { clientKey, clientName } from './client-key.ts';
import type { Services } from './services.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The bearer of the request's token; null if no token was checked. */
    actor: TokenActor | null;
  }
}

/** The bearer of the token that ZONEWRIGHT_ADMIN_TOKEN sets. This token is not in the store. */
const environmentActor: TokenActor = {
  kind: 'token',
  id: environmentToken,
  name: 'ZONEWRIGHT_ADMIN_TOKEN',
  rights: allRights,
};
export const whereTokensAre =
  'a start creates a token if the store has none of an admin, and the log names its file: admin-token in the data ' +
  'directory of that replica, or admin-token-2 if there was such a file; or ZONEWRIGHT_ADMIN_TOKEN sets one';

/** A client may fail 20 times at once, then once every 3 seconds. */
export const failedAttempts = { size: 20, refillSeconds: 3, maxKeys: 10_000 };
/** The limit for remembered clients that have presented the token in ZONEWRIGHT_ADMIN_TOKEN. */
const maxOperators = 1000;

type Needed = Pick<Services, 'views' | 'adminToken' | 'httpOpen' | 'activity' | 'refused'>;

export class Authenticator {
  readonly #services: Needed;
  readonly #attempts = new Allowances(failedAttempts);
  readonly #operators = new Set<string>();
  readonly #isAdminToken: (presented: string) => boolean;

  constructor(services: Needed) {
    const { adminToken } = services;
    this.#services = services;
    this.#isAdminToken = adminToken === undefined ? () => false : secretMatcher(adminToken);
  }

  /**
   * Sets `request.actor`. Refuses with `unauthorized`, with `too_many_attempts`, or with `store_unavailable` while the
   * tokens of the store are not loaded. A client with too many failed attempts can still use a token of the store,
   * because nobody can guess its secret. The token in ZONEWRIGHT_ADMIN_TOKEN may be easy to guess: after too many
   * failed attempts, only clients that have presented it before can use it (test/http/failed-attempts.test.ts).
   */
  authenticate(request: FastifyRequest): void {
    const presented = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (presented === undefined)
      refuse('unauthorized', `send the header "Authorization: Bearer <token>": ${whereTokensAre}`);
    const { views, activity } = this.#services;
    const client = clientKey(request.raw.socket) ?? '';
    const now = Date.now();
    const mayGuess = this.#operators.has(client) || this.#attempts.left(client, now) > 0;
    if (mayGuess && this.#isAdminToken(presented)) {
      this.#noteOperator(client);
      request.actor = { ...environmentActor, request: shownRequest(request) };
      return;
    }
    if (!views.loaded)
      refuse('store_unavailable', 'this replica has not loaded its state from the store yet: try again shortly');
    const token = storedToken(views, presented);
    if (token === undefined || hasExpired(token, now)) this.#fail(request, client, presented, token);
    activity.note(token.id, now);
    request.actor = { ...actorOfToken(token), request: shownRequest(request) };
  }

  /**
   * Returns whether the request may read details of the replica. With `httpOpen: 'health'`, only requests with a token
   * may.
   */
  maySeeDetails(request: FastifyRequest): boolean {
    if (this.#services.httpOpen !== 'health') return true;
    try {
      this.authenticate(request);
      return true;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  }

  #noteOperator(client: string): void {
    this.#operators.delete(client);
    this.#operators.add(client);
    if (this.#operators.size <= maxOperators) return;
    const [oldest = ''] = this.#operators;
    this.#operators.delete(oldest);
  }

  /** Refuses a token that is not valid. `expired`: the token, if it was refused only because it has expired. */
  #fail(request: FastifyRequest, client: string, presented: string, expired: StoredToken | undefined): never {
    const now = Date.now();
    // Never logs the presented text: it may be the secret of another service.
    const token = namedToken(this.#services.views, presented);
    const fields = { from: request.ip, token };
    this.#services.refused.note(clientName(client), token);
    if (!this.#attempts.take(client, now)) {
      refuse('too_many_attempts', 'too many attempts of this client failed: send a valid token, or try again later');
    }
    request.log.warn(fields, expired === undefined ? 'a token is not valid' : 'a token has expired');
    if (this.#attempts.left(client, now) === 0)
      request.log.warn(
        { from: request.ip },
        'too many failed attempts: for now, further ones get 429 and are not logged',
      );
    if (expired !== undefined)
      refuse('unauthorized', `the token '${expired.id}' expired at ${expired.expiresAt}: an admin can rotate it`);
    refuse('unauthorized', `the token is not valid: ${whereTokensAre}`);
  }
}

function actorOfToken(token: StoredToken): TokenActor {
  const { id, name } = token;
  return { kind: 'token', id, name, rights: rightsOfToken(token), stored: token };
}

/** Returns the bearer of the request's token. Refuses if the route has not authenticated the request. */
export function actorOf({ actor }: FastifyRequest): TokenActor {
  return actor ?? refuse('unauthorized', 'this needs a token');
}

/**
 * Returns a check for long answers: is the token of the request still valid, with the same rights? If so, the check
 * notes that the token was used.
 */
export function validityOf(
  { views, activity }: Pick<Services, 'views' | 'activity'>,
  request: FastifyRequest,
): () => boolean {
  const actor = actorOf(request);
  return () => {
    const now = Date.now();
    if (!isTokenValid({ actor, views }, now)) return false;
    if (actor.stored !== undefined) activity.note(actor.stored.id, now);
    return true;
  };
}

/** Returns the bearer with the views, for functions that show only what the bearer may read. */
export function askingOf({ views }: Pick<Services, 'views'>, request: FastifyRequest): Asking {
  return { actor: actorOf(request), views };
}

/** The maximum number of characters of a URL in an audit event. */
const maxPath = 300;

function shownRequest({ id, method, url, ip }: FastifyRequest): NonNullable<TokenActor['request']> {
  // A dual-stack socket shows the address of an IPv4 client as an IPv6 address (`::ffff:…`).
  return {
    id,
    what: `${method} ${withoutSecrets(url).slice(0, maxPath)}`,
    from: ip.replace(/^::ffff:(?=[\d.]+$)/, ''),
  };
}
