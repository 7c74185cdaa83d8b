// Read-only fields of answers. A request may have such fields with their current values, so that users can send back
// what they have read.

import { isDeepStrictEqual } from 'node:util';
import { refuseField } from '../../errors.ts';
import { isKnown } from '../../model/unknown.ts';
import { Refusals } from './refusals.ts';

/**
 * `request`: the read-only fields of a request. Refuses with `precondition_failed` each whose value is not that in
 * `shown`: the resource as answers show it now; undefined if there is none. `path`: the place of the fields in the
 * request.
 */
export function checkReadOnly(
  request: Readonly<Record<string, unknown>>,
  shown: Readonly<Record<string, unknown>> | undefined,
  path = '',
): void {
  const refusals = new Refusals();
  for (const [field, value] of Object.entries(request)) {
    const now = shown?.[field];
    if (value === undefined || !isKnown(value) || !isKnown(now) || isDeepStrictEqual(value, now)) continue;
    refusals.try(() => refuseReadOnly(`${path}/${field}`, now));
  }
  refusals.throwIfAny();
}

/** Refuses a field that cannot be written. `now`: the current value in answers. */
export function refuseReadOnly(path: string, now: unknown): never {
  const what = now === undefined ? 'there is none yet' : `it is ${JSON.stringify(now)} now`;
  refuseField('precondition_failed', path, `cannot be written, and ${what}: leave it out, or read the resource again`);
}
