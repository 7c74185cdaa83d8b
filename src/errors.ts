// The registry of refusals: each code with its HTTP status and title. control/ refuses with a code, and http/problem.ts
// makes the response. Other folders have errors of their own: model/ throws InvalidValue, table/ TableFull, store/ its
// own errors.

import { InvalidValue } from './model/invalid-value.ts';

/** Every code that a caller can see, with its HTTP status and its title. */
export const errorCodes = {
  address_excluded: [422, 'The address is excluded from its pool'],
  address_outside_pool: [422, 'The address is not in the pool'],
  address_taken: [409, 'The address is held by someone else'],
  already_exists: [409, 'A resource of this name exists'],
  backup_running: [409, 'Another backup is being made'],
  client_certificate_needed: [403, 'A client certificate is needed'],
  cname_conflict: [409, 'A CNAME and other records cannot share a name'],
  contended: [503, 'Too many concurrent changes'],
  disk_full: [507, 'The disk has no room'],
  expectation_failed: [417, 'The expectation cannot be met'],
  forbidden: [403, 'The token does not allow this'],
  header_too_large: [431, 'The request header is too large'],
  forwarder_conflict: [409, 'A zone and a forwarder would have one name'],
  forwarder_loop: [409, 'The target is this service itself'],
  idempotency_full: [429, 'Too many idempotency keys'],
  idempotency_mismatch: [422, 'The idempotency key was used with another request'],
  import_interrupted: [409, 'The import was interrupted'],
  import_running: [409, 'The zone is being imported'],
  internal_error: [500, 'Something went wrong on our side'],
  invalid_request: [400, 'The request is not valid'],
  ledger_elsewhere: [503, 'The ledger is at another replica'],
  ledger_off: [503, 'There is no ledger'],
  ledger_unavailable: [503, 'The ledger cannot be read'],
  managed_record: [409, 'The record has a manager'],
  method_not_allowed: [405, 'The resource does not take this method'],
  name_hidden: [409, 'A delegation or a DNAME would hide the name'],
  name_taken: [409, 'The name is taken'],
  no_healthy_target: [503, 'No replica can be a target now'],
  not_found: [404, 'There is no such resource'],
  outside_zone: [422, 'The name is not in the zone'],
  payload_too_large: [413, 'The request body is too large'],
  pool_exhausted: [409, 'No address is free'],
  pool_in_use: [409, 'The pool still has addresses in use'],
  pool_not_found: [422, 'There is no such pool'],
  reverse_conflict: [409, 'Another space has the reverse names of these addresses'],
  pool_overlap: [409, 'The range overlaps another one'],
  precondition_failed: [412, 'The resource changed meanwhile'],
  rate_limited: [429, 'Too many requests with one token'],
  record_invalid: [422, 'A record is not valid'],
  renumbering_running: [409, 'The pool is being renumbered'],
  request_timeout: [408, 'The request did not arrive in time'],
  resolver_unfit: [409, 'The resolver cannot take this'],
  rrset_conflict: [409, 'Other records stand at this name'],
  shutting_down: [503, 'The replica stops'],
  skydns_unavailable: [422, 'The SkyDNS layout needs etcd'],
  skydns_unfit: [422, 'The SkyDNS layout has no room for this'],
  store_unavailable: [503, 'The store cannot be reached'],
  table_full: [507, 'The zone table is full'],
  too_many_attempts: [429, 'Too many requests without a valid token'],
  too_many_connections: [503, 'Too many connections'],
  too_many_waiting: [503, 'Too many requests wait for addresses'],
  too_many_followers: [503, 'Too many clients follow changes'],
  unauthorized: [401, 'A valid bearer token is needed'],
  unsupported_media_type: [415, 'The resource does not take this media type'],
  value_unreadable: [409, 'A value in the store cannot be read'],
  zone_conflict: [409, 'The zone would hide names of another zone'],
  zone_in_use: [409, 'The zone still has hosts'],
  zone_not_found: [422, 'No zone covers the name'],
  zone_signed: [422, 'The file is of a signed zone'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ErrorCode = keyof typeof errorCodes;

/**
 * One fault in the input. `path` names the field: a JSON pointer (RFC 6901) into the body, `?` with the name of a query
 * parameter, `:` with the name of a path parameter, or `header ` with the name of a header. A line of a zone file is
 * named by `line:` with its number.
 */
export interface InputFault {
  path: string;
  message: string;
  /** The code of this fault. Absent if it is the code of the whole refusal. */
  code?: ErrorCode;
}

/** The error of a request that is understood but refused. `members` become members of the problem+json object. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly errors: InputFault[] | undefined;
  readonly members: Record<string, unknown>;

  constructor(
    code: ErrorCode,
    detail: string,
    more: { errors?: InputFault[]; members?: Record<string, unknown> } = {},
  ) {
    super(detail);
    this.name = 'Refusal';
    this.code = code;
    this.errors = more.errors;
    this.members = more.members ?? {};
  }

  get status(): number {
    return errorCodes[this.code][0];
  }
}

/**
 * Throws a {@link Refusal}. Usable as an expression: `find() ?? refuse('not_found', …)`. `path`: the faulty field of
 * the request.
 */
export function refuse(code: ErrorCode, detail: string, members: Record<string, unknown> = {}, path?: string): never {
  throw new Refusal(code, detail, {
    ...(path !== undefined && { errors: [{ path, message: detail }] }),
    members,
  });
}

/** The limit for faults in one response. */
export const maxFaults = 100;

/** Returns the refusal of a request with several faults. */
export function faultyInput(
  faults: readonly InputFault[],
  code: ErrorCode = 'invalid_request',
  members: Record<string, unknown> = {},
): Refusal {
  const errors = faults.slice(0, maxFaults);
  const texts = errors.map((one) => `${one.path}: ${one.message}`);
  if (faults.length > errors.length) texts.push(`and ${faults.length - errors.length} more`);
  return new Refusal(code, texts.join('; '), { errors, members });
}

/** Refuses because of one field of the request. */
export function refuseField(
  code: ErrorCode,
  path: string,
  message: string,
  members: Record<string, unknown> = {},
): never {
  const place = path.startsWith(':') ? `${path.slice(1)} in the path` : path || 'the body';
  throw new Refusal(code, `${place}: ${message}`, { errors: [{ path, message }], members });
}

/** Runs a parser of model/. If the parser throws InvalidValue, refuses with the path of each faulty field. */
export function atField<T>(path: string, parse: () => T, code: ErrorCode = 'invalid_request'): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    const faults = [error, ...error.others].map((one) => ({ path: path + one.path, message: one.message }));
    if (faults.length > 1) throw faultyInput(faults, code);
    refuseField(code, path + error.path, error.message);
  }
}

/** The limit for items of a long list that a refusal names. */
export const maxNamed = 10;

/** Returns the first items of a list, and how many more there are. */
export function joinFirst(names: readonly string[]): string {
  const more = names.length - maxNamed;
  return names.slice(0, maxNamed).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
