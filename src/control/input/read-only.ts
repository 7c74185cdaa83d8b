// Fields that answers have and that no request can change. A request may have them with their current values, so
// that people can write what they have read.

import { isDeepStrictEqual } from 'node:util';
import { refuseField } from '../../errors.ts';
import { isKnown } from '../../model/unknown.ts';
import { Refusals } from './refusals.ts';

/**
 * Refuses with `precondition_failed` the fields of the request that do not have the value of `shown`: the resource as
 * answers show it now, or undefined if there is none. `path`: where the request has it.
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

/** Refuses a field that cannot be written. `now`: what answers show there. */
export function refuseReadOnly(path: string, now: unknown): never {
  const what = now === undefined ? 'there is none yet' : `it is ${JSON.stringify(now)} now`;
  refuseField('precondition_failed', path, `cannot be written, and ${what}: leave it out, or read the resource again`);
}
