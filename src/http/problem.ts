// Answers every error as application/problem+json (RFC 9457). The codes: errors.ts.

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { withoutSecrets } from '../control/tokens/token-secret.ts';
import { type ErrorCode, errorCodes, faultyInput, type InputFault, Refusal } from '../errors.ts';
import { Compacted, StoreUnavailable } from '../store/store.ts';
import { failedAttempts } from './auth.ts';
import { pointerTo } from './json-pointer.ts';

/**
 * The seconds after which a refused request may succeed, for the header `Retry-After`, unless it has been set before.
 * Kept answers of idempotency keys that were written within the same hour end together (commit-once.ts): hence 3600.
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
      // It may repeat what the request has.
      .serializer((problem) => withoutSecrets(JSON.stringify(problem)))
      .send(problemOf(refusal))
  );
}

/**
 * Returns a refusal's fields for the log. Without a route, returns none: the message may repeat a token in the path.
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
  return faultyInput(helpfulFaults(validation).map((fault) => faultOf(fault, validationContext)));
}

/** Returns the code of an error that Fastify itself throws. */
function codeOfFastify(status: number): ErrorCode {
  return status === 413 ? 'payload_too_large' : 'invalid_request';
}

type Validation = NonNullable<FastifyError['validation']>[number];

/**
 * Returns the faults that help a client. For a field that may have several forms, Ajv reports a fault for each form and
 * one for the field. Leaves out the fault for the field, and the fault for the form null. If the value has the type of
 * one form, also leaves out the faults of the other forms. Makes one fault of all allowed types, and one of all allowed
 * values. If nothing is left, returns all faults.
 */
function helpfulFaults(validation: readonly Validation[]): Validation[] {
  const isNoise = ({ keyword, params }: Validation) =>
    keyword === 'anyOf' || (keyword === 'type' && params.type === 'null');
  const faults = withoutOtherForms(validation).filter((fault) => !isNoise(fault));
  const literals = faults.filter(({ keyword }) => keyword === 'const');
  const merged = Map.groupBy(literals, ({ instancePath }) => instancePath)
    .values()
    .map(([first, ...rest]) => {
      const allowedValues = [first, ...rest].map((fault) => fault?.params.allowedValue);
      return { ...(first as Validation), keyword: 'enum', params: { allowedValues } };
    });
  const helpful = [...faults.filter(({ keyword }) => keyword !== 'const'), ...merged];
  return helpful.length > 0 ? helpful : [...validation];
}

/** Returns the faults with at most one of type for each field that may have several forms. */
function withoutOtherForms(validation: readonly Validation[]): Validation[] {
  const several = new Set(validation.filter(({ keyword }) => keyword === 'anyOf').map((one) => one.instancePath));
  if (several.size === 0) return [...validation];
  const isType = ({ keyword, params }: Validation) => keyword === 'type' && params.type !== 'null';
  /** The paths of fields that have a fault of another kind, or a fault inside. Their type is that of one form. */
  const typed = new Set<string>();
  for (const fault of validation) {
    const { instancePath, keyword } = fault;
    if (keyword !== 'anyOf' && keyword !== 'type') typed.add(instancePath);
    typed.add(instancePath.slice(0, instancePath.lastIndexOf('/')));
  }
  const ofType = Map.groupBy(validation.filter(isType), ({ instancePath }) => instancePath);
  return validation.flatMap((fault) => {
    if (!several.has(fault.instancePath) || !isType(fault)) return fault;
    const faults = ofType.get(fault.instancePath) ?? [];
    if (faults[0] !== fault || typed.has(fault.instancePath)) return [];
    return { ...fault, message: `must be ${faults.map(({ params }) => params.type).join(' or ')}` };
  });
}

/** Returns a fault of Ajv with the path of the field. Ajv itself has the path of the object around the field. */
function faultOf(
  { instancePath, keyword, params, message = 'is not valid', parentSchema }: Validation & { parentSchema?: object },
  context?: string,
): InputFault {
  const sign = context === 'querystring' ? '?' : context === 'params' ? ':' : context === 'headers' ? 'header ' : '/';
  const point = (field: unknown) => {
    const path = field === undefined ? instancePath : instancePath + pointerTo([String(field)]);
    return sign === '/' ? path : sign + path.slice(1);
  };
  if (keyword === 'additionalProperties') {
    const field = String(params.additionalProperty);
    return { path: point(field), message: sign === '?' ? notParameter(field, parentSchema) : 'is not a known field' };
  }
  if (keyword === 'required') return { path: point(params.missingProperty), message: 'is needed' };
  if (keyword === 'enum') {
    return {
      path: point(undefined),
      message: `must be one of ${(params.allowedValues as unknown[]).join(', ')}`,
    };
  }
  const isText = sign !== '/' && params.type === 'boolean';
  return { path: point(undefined), message: isText ? 'must be true or false' : message };
}

/** Returns what to tell about an unknown query parameter: the one that is probably meant, else all that are known. */
function notParameter(field: string, { properties = {} }: { properties?: object } = {}): string {
  const known = Object.keys(properties);
  const bare = (name: string) => name.toLowerCase().replaceAll(/[-_]/g, '');
  const near = known.find((name) => bare(name) === bare(field));
  const wayOut = near === undefined ? `known are ${known.join(', ') || 'none'}` : `do you mean ${near}?`;
  return `is not a query parameter here: ${wayOut}`;
}
