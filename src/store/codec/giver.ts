// The pool that gave an address, as the values of addresses and hosts have it. Values of the first versions call the
// field `pool`.

import { InvalidValue } from '../../model/invalid-value.ts';
import { Type } from '../../model/json-schema.ts';
import { poolOrNull } from './value-fields.ts';

/** One of the two is present: {@link withGiver}. */
export const giver = { givenBy: Type.Optional(poolOrNull), pool: Type.Optional(poolOrNull) };

interface Stored {
  givenBy?: string | null;
  pool?: string | null;
}

/** Returns the value with its `givenBy`, also one of the first versions. Throws InvalidValue if it has none. */
export function withGiver<T extends Stored>({ pool, ...value }: T) {
  const { givenBy = pool } = value;
  if (givenBy === undefined) throw new InvalidValue('the stored value does not say which pool gave the address');
  return { ...value, givenBy };
}
