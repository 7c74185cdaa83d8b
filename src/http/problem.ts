// Answers every error as application/problem+json (RFC 9457). The codes: errors.ts.

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { withoutSecrets } from '../control/tokens/token-secret.ts';
import { type ErrorCode, errorCodes, faultyInput, Refusal } from '../errors.ts';
import { Compacted, StoreUnavailable } from '../store/store.ts';
import { failedAttempts } from './auth.ts';
import { faultsOf } from './schema-faults.ts';

/**
 * The seconds after which a refused request may succeed, for the header `Retry-After`. A header that was set before
 * stays. `idempotency_full`: the kept answers of one hour expire together (commit-once.ts).
 */
export const retryAfter: Partial<Record<ErrorCode, number>> = {
  contended: 1,
  idempotency_full: 3600,
  ledger_elsewhere: 60,
  ledger_off: 3600,
  ledger_unavailable: 5,
  no_healthy_target: 2,
  rate_limited: 1,
  store_unavailable: 2,
  too_many_attempts: failedAttempts.refillSeconds,
  shutting_down: 1,
  too_many_waiting: 10,
  too_many_followers: 10,
  too_many_connections: 1,
};

/** Answers an error. Fastify calls it as its error handler. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalFrom(error, request.routeOptions.schema?.consumes?.[0]);
  if (refusal.code === 'internal_error') request.log.error(error);
  else request.log.debug({ code: refusal.code, ...loggedFields(refusal, request) }, 'refused');
  if (refusal.code === 'unauthorized') reply.header('www-authenticate', 'Bearer');
  const wait = retryAfter[refusal.code];
  if (wait !== undefined && !reply.hasHeader('retry-after')) reply.header('retry-after', String(wait));
  return (
    reply
      .status(refusal.status)
      .type('application/problem+json; charset=utf-8')
      // The problem may repeat secrets of the request.
      .serializer((problem) => withoutSecrets(JSON.stringify(problem)))
      .send(problemOf(refusal))
  );
}

/**
 * Returns a refusal's fields for the log. Returns none if no route has the path: the message may repeat a token in the
 * path.
 */
function loggedFields({ message }: Refusal, { routeOptions: { url } }: FastifyRequest): object {
  return url === undefined ? {} : { route: url, detail: withoutSecrets(message) };
}

/** Returns the problem+json object of a refusal. */
export function problemOf({ code, message, errors, members }: Refusal): Record<string, unknown> {
  const [status, title] = errorCodes[code];
  return {
    ...members,
    type: `urn:zonewright:problem:${code.replaceAll('_', '-')}`,
    title,
    status,
    detail: message,
    code,
    ...(errors && { errors: errors.map(({ path, message: fault }) => ({ pointer: path, message: fault })) }),
  };
}

/** Returns the refusal that a client sees for an error. `takes` is the media type of the route's body. */
export function refusalFrom(error: unknown, takes = 'application/json'): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof StoreUnavailable) {
    return new Refusal('store_unavailable', `the store cannot be reached (${error.message}): try again later`);
  }
  if (error instanceof Compacted)
    return new Refusal('store_unavailable', 'the store was compacted while it was read: try again');
  const { message, statusCode = 500, validation, validationContext } = error as FastifyError;
  if (statusCode < 400 || statusCode > 499) {
    return new Refusal('internal_error', 'the request failed; the log of this replica says why');
  }
  if (statusCode === 415) return new Refusal('unsupported_media_type', `send the body with Content-Type: ${takes}`);
  if (validation === undefined) return new Refusal(codeOfFastify(statusCode), message);
  return faultyInput(faultsOf(validation, validationContext));
}

/** Returns the code of an error that Fastify itself throws. */
function codeOfFastify(status: number): ErrorCode {
  return status === 413 ? 'payload_too_large' : 'invalid_request';
}
