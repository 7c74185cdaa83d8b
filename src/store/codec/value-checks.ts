// Checks stored values for what a schema cannot express: that a value fits its key, and that names, times and lists are
// valid. All checks throw InvalidValue.

import { InvalidValue } from '../../model/invalid-value.ts';
import { parseName } from '../../model/name.ts';

/** Throws if a value differs from what its key, or its canonical form, requires. */
export function requireEqual(found: string | undefined, wanted: string): void {
  if (found !== wanted) throw new InvalidValue(`the stored value has '${found}' where '${wanted}' is required`);
}

export function requireCanonicalName(name: string): void {
  requireEqual(name, parseName(name));
}

export function requireDistinct(values: readonly string[]): void {
  if (values.length > 1 && new Set(values).size < values.length)
    throw new InvalidValue('a list of the stored value has an entry twice');
}
