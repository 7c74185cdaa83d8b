// Hosts: `hosts/<name, labels reversed>` → the host.

import { parseAddress } from '../../model/address.ts';
import type { Host, HostAddress } from '../../model/host.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import { Type } from '../../model/json-schema.ts';
import { type Fqdn, isWithin } from '../../model/name.ts';
import { parseTimestamp } from '../../model/timestamp.ts';
import { decodeReversed, encodeReversed } from '../codec/encoded-name.ts';
import { giver, withGiver } from '../codec/giver.ts';
import { requireCanonicalName, requireDistinct, requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { address, fqdn, hostSharing, label, seconds, tags, text, time } from '../codec/value-fields.ts';
import { type Subject, storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    host: { subject: { host: Fqdn }; value: Host };
  }
}

const prefix = 'hosts/';

export function hostKey(host: Fqdn): string {
  return prefix + encodeReversed(host);
}

const stored = valueCodec({
  name: fqdn,
  zone: fqdn,
  addresses: Type.Array(
    Type.Object({
      address,
      ...giver,
      space: label,
      ptr: Type.Optional(Type.Literal(false)),
      noReverse: Type.Optional(Type.Literal(true)),
      ptrName: Type.Optional(Type.Union([fqdn, Type.Null()])),
      ...hostSharing,
    } satisfies FieldsOf<HostAddress & { pool: unknown }>),
  ),
  aliases: Type.Array(fqdn),
  ttl: Type.Union([seconds, Type.Null()]),
  ptr: Type.Boolean(),
  owner: text,
  tags,
  createdAt: time,
} satisfies FieldsOf<Host>);

export const hostValue: ValueCodec<Host> = {
  encode: stored.encode,
  decode: (text) => {
    const value = stored.decode(text);
    return { ...value, addresses: value.addresses.map(withGiver) };
  },
};

export const hostKind = storedKind('host', {
  prefix,
  key: ({ host }) => hostKey(host),
  subjectOf: ([host = '']) => ({ host: decodeReversed(host) }),
  read: (subject, text) => checkedHost(subject, hostValue.decode(text)),
});

function checkedHost({ host }: Subject<'host'>, value: Host): Host {
  requireEqual(value.name, host);
  for (const name of [host, value.zone, ...value.aliases]) requireCanonicalName(name);
  if (!isWithin(host, value.zone)) throw new InvalidValue(`the host is not in its zone ${value.zone}`);
  for (const { address } of value.addresses) requireEqual(address, parseAddress(address));
  requireDistinct(value.aliases);
  requireDistinct(value.addresses.map(({ address }) => address));
  parseTimestamp(value.createdAt);
  return value;
}
