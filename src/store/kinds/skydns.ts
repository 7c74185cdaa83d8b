// The state of the SkyDNS layout: `skydns/<zone>` → how complete the zone's part of the layout is. The keys of the
// layout itself are outside of our prefix: model/skydns/key.ts.

import { Type } from '../../model/json-schema.ts';
import type { Fqdn } from '../../model/name.ts';
import type { SkydnsFault, SkydnsPhase, SkydnsSettings, SkydnsState } from '../../model/skydns/state.ts';
import { decodeName, encodeName } from '../codec/encoded-name.ts';
import { requireCanonicalName, requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { fqdn, seconds, text, time } from '../codec/value-fields.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    skydns: { subject: { zone: Fqdn }; value: SkydnsState };
  }
}

const prefix = 'skydns/';

export function skydnsStateKey(zone: Fqdn): string {
  return prefix + encodeName(zone);
}

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const fault = Type.Object({ what: text, reason: text } satisfies FieldsOf<SkydnsFault>);
const faults = Type.Object({ count, first: Type.Array(fault) });

export const skydnsStateValue: ValueCodec<SkydnsState> = valueCodec({
  zone: fqdn,
  settings: Type.Object({
    on: Type.Boolean(),
    generation: count,
    defaultTtl: seconds,
    since: Type.Optional(time),
    hiddenBy: Type.Optional(text),
  } satisfies FieldsOf<SkydnsSettings>),
  phase: Type.Unsafe<SkydnsPhase>(Type.Enum(['clearing', 'writing', 'following'])),
  position: Type.Optional(text),
  done: count,
  total: count,
  leftOut: faults,
  notServed: faults,
} satisfies FieldsOf<SkydnsState>);

export const skydnsKind = storedKind('skydns', {
  prefix,
  key: ({ zone }) => skydnsStateKey(zone),
  subjectOf: ([zone = '']) => ({ zone: decodeName(zone) }),
  read: ({ zone }, stored) => {
    const value = skydnsStateValue.decode(stored);
    requireCanonicalName(zone);
    requireEqual(value.zone, zone);
    return value;
  },
});
