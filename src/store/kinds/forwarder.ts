// Forwarders: `forwarders/<zone>` → the servers to which questions for the zone are forwarded, and the clients that may
// ask.

import { parseAddress } from '../../model/address.ts';
import { checkAllowed, checkForwarderZone, type Forwarder, parseAllowedRange } from '../../model/forwarder.ts';
import { Type } from '../../model/json-schema.ts';
import type { Fqdn } from '../../model/name.ts';
import { decodeName, encodeName } from '../codec/encoded-name.ts';
import { requireCanonicalName, requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { address, fqdn, seconds, someTexts, text } from '../codec/value-fields.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    forwarder: { subject: { zone: Fqdn }; value: Forwarder };
  }
}

const prefix = 'forwarders/';

export function forwarderKey(zone: Fqdn): string {
  return prefix + encodeName(zone);
}

const target = Type.Object({
  address,
  port: Type.Integer({ minimum: 1, maximum: 65535 }),
  tlsName: Type.Optional(fqdn),
});

export const forwarderValue: ValueCodec<Forwarder> = valueCodec({
  zone: fqdn,
  targets: Type.Array(target, { minItems: 1 }),
  strategy: Type.Union([Type.Literal('first-healthy'), Type.Literal('round-robin'), Type.Literal('fastest')]),
  timeoutMilliseconds: Type.Integer({ minimum: 1 }),
  allowFrom: someTexts,
  staleSeconds: Type.Optional(seconds),
  tlsAuthorities: Type.Optional(text),
  stubZoneOf: Type.Optional(fqdn),
} satisfies FieldsOf<Forwarder>);

export const forwarderKind = storedKind('forwarder', {
  prefix,
  key: ({ zone }) => forwarderKey(zone),
  subjectOf: ([zone = '']) => ({ zone: decodeName(zone) }),
  read: ({ zone }, stored) => {
    const value = forwarderValue.decode(stored);
    requireEqual(value.zone, zone);
    requireCanonicalName(zone);
    checkForwarderZone(zone);
    if (value.stubZoneOf !== undefined) requireCanonicalName(value.stubZoneOf);
    for (const { address: server, tlsName } of value.targets) {
      requireEqual(server, parseAddress(server));
      if (tlsName !== undefined) requireCanonicalName(tlsName);
    }
    checkAllowed(value.allowFrom.map(parseAllowedRange));
    return value;
  },
});
