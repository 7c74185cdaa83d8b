// Zones: `zones/<zone>` → the zone's settings, and which generation of its names is served.

import { checkAddressNames } from '../../model/address-names.ts';
import { checkAllowed, parseAllowedRange } from '../../model/forwarder.ts';
import { Type } from '../../model/json-schema.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Zone } from '../../model/zone.ts';
import { decodeName, encodeName } from '../codec/encoded-name.ts';
import { requireCanonicalName, requireDistinct, requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { fqdn, seconds, someTexts, time } from '../codec/value-fields.ts';
import { type Subject, storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    zone: { subject: { zone: Fqdn }; value: Zone };
  }
}

const prefix = 'zones/';

export function zoneKey(zone: Fqdn): string {
  return prefix + encodeName(zone);
}

export const zoneValue: ValueCodec<Zone> = valueCodec({
  name: fqdn,
  generation: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  defaultTtl: seconds,
  nameservers: Type.Array(fqdn, { maxItems: 13 }),
  soa: Type.Object({
    ttl: Type.Optional(seconds),
    mname: Type.Optional(fqdn),
    rname: Type.Optional(fqdn),
    refreshSeconds: Type.Optional(seconds),
    retrySeconds: Type.Optional(seconds),
    expireSeconds: Type.Optional(seconds),
    negativeTtlSeconds: Type.Optional(seconds),
  }),
  skydns: Type.Boolean(),
  skydnsSince: Type.Optional(time),
  stubZones: Type.Optional(Type.Boolean()),
  stubZonesAllowFrom: Type.Optional(someTexts),
  addressNames: Type.Optional(
    Type.Object({
      ranges: someTexts,
      dashed: Type.Boolean(),
      dotted: Type.Boolean(),
      hex: Type.Boolean(),
      ipv6: Type.Boolean(),
    }),
  ),
  automatic: Type.Boolean(),
} satisfies FieldsOf<Zone>);

export const zoneKind = storedKind('zone', {
  prefix,
  key: ({ zone }) => zoneKey(zone),
  subjectOf: ([zone = '']) => ({ zone: decodeName(zone) }),
  read: (subject, text) => checkedZone(subject, zoneValue.decode(text)),
});

function checkedZone({ zone }: Subject<'zone'>, value: Zone): Zone {
  requireEqual(value.name, zone);
  const { mname, rname } = value.soa;
  for (const name of [zone, ...value.nameservers, mname, rname]) if (name !== undefined) requireCanonicalName(name);
  requireDistinct(value.nameservers);
  if (value.addressNames !== undefined) checkAddressNames(value.addressNames);
  if (value.stubZonesAllowFrom !== undefined) checkAllowed(value.stubZonesAllowFrom.map(parseAllowedRange));
  return value;
}
