// Whatever goes wrong becomes application/problem+json (RFC 9457) here, and nowhere else. The codes: errors.ts.

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, errorCodes, faultyInput, type InputFault, Refusal } from '../errors.ts';
import { Compacted, StoreUnavailable } from '../store/store.ts';
import { pointerTo } from './json-pointer.ts';

/** Fastify's error handler. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalFrom(error, request.routeOptions.schema?.consumes?.[0]);
  if (refusal.code === 'internal_error') request.log.error(error);
  else request.log.debug({ code: refusal.code, ...saidOf(refusal, request) }, 'refused');
  if (refusal.code === 'unauthorized') reply.header('www-authenticate', 'Bearer');
  if (refusal.code === 'store_unavailable') reply.header('retry-after', '2');
  return reply.status(refusal.status).type('application/problem+json').send(problemOf(refusal));
}

/** Where no route is, the detail may repeat the path, and that may be anything: a token put in the wrong place. */
function saidOf({ message }: Refusal, { routeOptions: { url } }: FastifyRequest): object {
  return url === undefined ? {} : { route: url, detail: message };
}

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

/** What a caller may know of any error; `takes`: the media type that the route wants. */
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
  return faultyInput(telling(validation).map((fault) => faultOf(fault, validationContext)));
}

/** Fastify's own refusals. */
function codeOfFastify(status: number): ErrorCode {
  return status === 413 ? 'payload_too_large' : 'invalid_request';
}

type Validation = NonNullable<FastifyError['validation']>[number];

/** Of several forms that a field may have, Ajv reports each that does not fit, and their sum: null and the sum tell nobody anything. */
function telling(validation: readonly Validation[]): Validation[] {
  const isNoise = ({ keyword, params }: Validation) =>
    keyword === 'anyOf' || (keyword === 'type' && params.type === 'null');
  const faults = validation.filter((fault) => !isNoise(fault));
  const literals = faults.filter(({ keyword }) => keyword === 'const');
  const merged = Map.groupBy(literals, ({ instancePath }) => instancePath)
    .values()
    .map(([first, ...rest]) => {
      const allowedValues = [first, ...rest].map((fault) => fault?.params.allowedValue);
      return { ...(first as Validation), keyword: 'enum', params: { allowedValues } };
    });
  const told = [...faults.filter(({ keyword }) => keyword !== 'const'), ...merged];
  return told.length > 0 ? told : [...validation];
}

/** Ajv names the object; we point at the field. Query parameters are `?name`, path parameters `:name`. */
function faultOf(
  { instancePath, keyword, params, message = 'is not valid' }: Validation,
  context?: string,
): InputFault {
  const sign = context === 'querystring' ? '?' : context === 'params' ? ':' : context === 'headers' ? 'header ' : '/';
  const point = (field: unknown) => {
    const path = field === undefined ? instancePath : instancePath + pointerTo([String(field)]);
    return sign === '/' ? path : sign + path.slice(1);
  };
  if (keyword === 'additionalProperties')
    return { path: point(params.additionalProperty), message: 'is not a known field' };
  if (keyword === 'required') return { path: point(params.missingProperty), message: 'is needed' };
  if (keyword === 'enum') {
    return {
      path: point(undefined),
      message: `must be one of ${(params.allowedValues as unknown[]).join(', ')}`,
    };
  }
  return { path: point(undefined), message };
}
