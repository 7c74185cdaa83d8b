// Flushes: `flushes/<zone>` → when cached answers of the zone's forwarder were last removed: those of one name, or all.
// Each replica removes the answers from its own cache when it sees that the key was written.

import { Type } from '../../model/json-schema.ts';
import type { Fqdn } from '../../model/name.ts';
import { decodeName, encodeName } from '../codec/encoded-name.ts';
import { requireCanonicalName, requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { fqdn } from '../codec/value-fields.ts';
import { storedKind } from './stored-kind.ts';

export interface Flush {
  zone: Fqdn;
  /** The name whose answers were removed. Absent: all answers were. */
  name?: Fqdn;
  /** In milliseconds since the epoch. */
  at: number;
}

declare module './stored-kind.ts' {
  interface StoredKinds {
    flush: { subject: { zone: Fqdn }; value: Flush };
  }
}

const prefix = 'flushes/';

export function flushKey(zone: Fqdn): string {
  return prefix + encodeName(zone);
}

export const flushValue: ValueCodec<Flush> = valueCodec({
  zone: fqdn,
  name: Type.Optional(fqdn),
  at: Type.Integer({ minimum: 0 }),
} satisfies FieldsOf<Flush>);

export const flushKind = storedKind('flush', {
  prefix,
  key: ({ zone }) => flushKey(zone),
  subjectOf: ([zone = '']) => ({ zone: decodeName(zone) }),
  read: ({ zone }, stored) => {
    const value = flushValue.decode(stored);
    requireEqual(value.zone, zone);
    requireCanonicalName(zone);
    if (value.name !== undefined) requireCanonicalName(value.name);
    return value;
  },
});
