// What is said of a value in the store that is in the way, because it cannot be read.

import { type ErrorCode, Refusal } from '../../errors.ts';

interface Unreadable {
  key: string;
  /** What is wrong with it. */
  why: string;
  code?: ErrorCode;
  /** What can be done about it. */
  wayOut?: string;
  /** What in the request needs the value. */
  pointer?: string;
  members?: Record<string, unknown>;
}

export function unreadable({
  key,
  why,
  code,
  wayOut = 'mend or delete it there',
  pointer,
  members = {},
}: Unreadable): Refusal {
  const message = `the store's '${key}' cannot be read (${why}): ${wayOut}`;
  return new Refusal(code ?? 'value_unreadable', message, {
    ...(pointer !== undefined && { errors: [{ pointer, message }] }),
    members: { key, ...members },
  });
}
