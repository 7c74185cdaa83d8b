// The refusal because of a value in the store that cannot be read.

import { type ErrorCode, Refusal } from '../../errors.ts';

interface Unreadable {
  key: string;
  /** The fault in the value. */
  why: string;
  /** Default: `value_unreadable`. */
  code?: ErrorCode;
  /** The repair that the operator can make. */
  wayOut?: string;
  /** The field of the request that needs the value. */
  path?: string;
  members?: Record<string, unknown>;
}

/** Returns the refusal; it names the key, the reason and the way out. */
export function unreadable({
  key,
  why,
  code,
  wayOut = 'repair or delete it in the store',
  path,
  members = {},
}: Unreadable): Refusal {
  const message = `the store's '${key}' cannot be read (${why}): ${wayOut}`;
  return new Refusal(code ?? 'value_unreadable', message, {
    ...(path !== undefined && { errors: [{ path, message }] }),
    members: { key, ...members },
  });
}
