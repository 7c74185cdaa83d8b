// Limits the requests of each token (`--api-rate-limit`), and tells clients how many they have left, in the headers of
// draft-ietf-httpapi-ratelimit-headers. The token that ZONEWRIGHT_ADMIN_TOKEN sets has no limit.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, refuse } from '../errors.ts';
import { environmentToken } from '../store/kinds/token.ts';
import { Allowances } from './allowances.ts';
import { actorOf } from './auth.ts';

const windowSeconds = 60;
/** Far more than a company has tokens. */
const maxKeys = 100_000;

/** The headers, for the description of the API. */
export const limitHeaders = {
  'RateLimit-Policy': {
    type: 'string',
    pattern: '^"token";q=[0-9]+;w=[0-9]+$',
    description: 'Only if requests are limited: the token may send `q` requests to this replica in `w` seconds',
  },
  RateLimit: {
    type: 'string',
    pattern: '^"token";r=[0-9]+;t=[0-9]+$',
    description: 'Only if requests are limited: the token has `r` requests left, and all of them again in `t` seconds',
  },
};

/** A request that is refused with one of these codes is not counted, because its token is not known yet. */
export const uncountedRefusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'client_certificate_needed',
  'expectation_failed',
  'header_too_large',
  'request_timeout',
  'too_many_attempts',
  'too_many_connections',
  'unauthorized',
]);

/**
 * Returns a function that counts a request with a token. The function refuses with `rate_limited` if the limit is
 * reached.
 */
export function limitRequests(perMinute: number): (request: FastifyRequest, reply: FastifyReply) => void {
  if (perMinute === 0) return () => undefined;
  const allowances = new Allowances({ size: perMinute, refillSeconds: windowSeconds / perMinute, maxKeys });
  const policy = `"token";q=${perMinute};w=${windowSeconds}`;
  return (request, reply) => {
    const { id } = actorOf(request);
    if (id === environmentToken) return;
    const now = Date.now();
    const isAllowed = allowances.take(id, now);
    const reset = allowances.secondsUntil(id, now, perMinute);
    reply.header('ratelimit-policy', policy).header('ratelimit', `"token";r=${allowances.left(id, now)};t=${reset}`);
    if (isAllowed) return;
    refuseUntilAllowed(
      reply,
      allowances,
      { id, now },
      `the token may send ${perMinute} requests a minute to this replica`,
    );
  };
}

/** Refuses with `rate_limited`, and says when the token has an allowance again. `why`: the limit, for people. */
export function refuseUntilAllowed(
  reply: FastifyReply,
  allowances: Allowances,
  { id, now }: { id: string; now: number },
  why: string,
): never {
  const wait = Math.max(1, allowances.secondsUntil(id, now, 1));
  reply.header('retry-after', String(wait));
  refuse('rate_limited', `${why}: wait ${wait} s`);
}
