// Authenticates requests by their bearer token (RFC 6750), and limits failed attempts. How tokens are made and checked:
// control/tokens/token-secret.ts. What their bearers may do: needed-rights.ts.

import { isDeepStrictEqual } from 'node:util';
import type { FastifyRequest } from 'fastify';
import type { Asking, TokenActor } from '../control/access/actor.ts';
import { hasExpired, isSameSecret, namedToken, storedToken, withoutSecrets } from '../control/tokens/token-secret.ts';
import { Refusal, refuse } from '../errors.ts';
import { allRights, type Rights } from '../model/rights.ts';
import { environmentToken, type StoredToken } from '../store/kinds/token.ts';
import { Allowances } from './allowances.ts';
import { clientKey, clientName } from './client-key.ts';
import type { Services } from './services.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The bearer of the request's token; null on open routes. */
    actor: TokenActor | null;
    /** The token of the store that the request has presented. */
    storedToken: StoredToken | null;
  }
}

/** The bearer of the operator's token, which is in the settings and not in the store. */
const environmentActor: TokenActor = {
  kind: 'token',
  id: environmentToken,
  name: 'ZONEWRIGHT_ADMIN_TOKEN',
  rights: allRights,
};
export const whereTokensAre =
  "the first start with an empty store creates a token, in the file admin-token of that replica's data directory; " +
  'or ZONEWRIGHT_ADMIN_TOKEN sets one';

/** The failed attempts of one client: so many at once, then one in so many seconds. */
export const failedAttempts = { size: 20, refillSeconds: 3, maxKeys: 10_000 };
/** The clients that are remembered because the operator's token from the environment was right. */
const maxOperators = 1000;

type Needed = Pick<Services, 'views' | 'adminToken' | 'httpOpen' | 'activity' | 'refused'>;

export class Authenticator {
  readonly #services: Needed;
  readonly #attempts = new Allowances(failedAttempts);
  readonly #operators = new Set<string>();

  constructor(services: Needed) {
    this.#services = services;
  }

  /**
   * Sets `request.actor`. Refuses with `unauthorized`, with `too_many_attempts`, or with `store_unavailable` while no
   * token can be checked. A client with too many failed attempts is still served with a token of the store, whose
   * secret nobody can guess. The operator's token may be one that people chose: then it is not even compared, unless it
   * was right for the client before (test/http/failed-attempts.test.ts).
   */
  authenticate(request: FastifyRequest): void {
    const presented = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (presented === undefined)
      refuse('unauthorized', `send the header "Authorization: Bearer <token>": ${whereTokensAre}`);
    const { views, adminToken, activity } = this.#services;
    const client = clientKey(request.raw.socket) ?? '';
    const now = Date.now();
    const mayGuess = this.#operators.has(client) || this.#attempts.left(client, now) > 0;
    if (adminToken !== undefined && mayGuess && isSameSecret(presented, adminToken)) {
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
    request.storedToken = token;
  }

  /** Returns whether the request may read details of the replica. With `httpOpen: 'health'`, it needs a token. */
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

  /** Refuses a token that is not valid. `expired`: the token, if only its time is over. */
  #fail(request: FastifyRequest, client: string, presented: string, expired: StoredToken | undefined): never {
    const now = Date.now();
    // Never logs what was presented: it may be the secret of another service.
    const token = namedToken(this.#services.views, presented);
    const fields = { from: request.ip, token };
    this.#services.refused.note(clientName(client), token);
    if (!this.#attempts.take(client, now)) {
      refuse('too_many_attempts', 'too many attempts of this client failed: send a valid token, or try again later');
    }
    request.log.warn(fields, expired === undefined ? 'a token is not valid' : 'a token has expired');
    if (this.#attempts.left(client, now) === 0)
      request.log.warn({ from: request.ip }, 'too many failed attempts: more of them are neither answered nor logged');
    if (expired !== undefined)
      refuse('unauthorized', `the token '${expired.id}' expired at ${expired.expiresAt}: an admin can rotate it`);
    refuse('unauthorized', `the token is not valid: ${whereTokensAre}`);
  }
}

function actorOfToken(token: StoredToken): TokenActor {
  const { id, name, createdAt } = token;
  return { kind: 'token', id, name, rights: rightsOf(token), createdAt };
}

function rightsOf({ role, zones, pools, owner }: StoredToken): Rights {
  return {
    role,
    ...(zones && { zones }),
    ...(pools && { pools }),
    ...(owner !== undefined && { owner }),
  };
}

/** Returns the bearer of the request's token. Refuses a request to an open route, which authenticates nobody. */
export function actorOf({ actor }: FastifyRequest): TokenActor {
  return actor ?? refuse('unauthorized', 'this needs a token');
}

/**
 * Returns a function for answers that take long: it returns whether the token of the request is still valid, with the
 * same rights, and notes its use.
 */
export function validityOf(
  { views, activity }: Pick<Services, 'views' | 'activity'>,
  { storedToken: presented }: FastifyRequest,
): () => boolean {
  if (presented === null) return () => true;
  const { id, hash } = presented;
  const rights = rightsOf(presented);
  return () => {
    const now = Date.now();
    const token = views.tokens.get(id)?.value;
    // A rotation gives the token another secret. Only a restored store has other rights with the same secret.
    if (token === undefined || token.hash !== hash || hasExpired(token, now)) return false;
    if (token !== presented && !isDeepStrictEqual(rightsOf(token), rights)) return false;
    activity.note(id, now);
    return true;
  };
}

/** Returns who asks, for the functions that show what the views hold. */
export function askingOf({ views }: Pick<Services, 'views'>, request: FastifyRequest): Asking {
  return { actor: actorOf(request), views };
}

/** The limit for the part of a path that the log shows. */
const maxPath = 300;

function shownRequest({ id, method, url, ip }: FastifyRequest): NonNullable<TokenActor['request']> {
  // A socket that takes both families shows the address of an IPv4 client as an IPv6 address.
  return {
    id,
    what: `${method} ${withoutSecrets(url).slice(0, maxPath)}`,
    from: ip.replace(/^::ffff:(?=[\d.]+$)/, ''),
  };
}
