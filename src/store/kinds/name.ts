// Names of zones: `names/<zone>/<generation>/<owner name, labels reversed>` → all RRsets of the owner name.
// One key for each name makes "a CNAME has no other records beside it" one compare.

import { InvalidValue } from '../../model/invalid-value.ts';
import { Type } from '../../model/json-schema.ts';
import type { Fqdn } from '../../model/name.ts';
import type { RecordType } from '../../model/rdata/record-types.ts';
import type { Manager, NamedRrsets } from '../../model/rrset.ts';
import { decodeName, decodeReversed, encodeName, encodeReversed } from '../codec/encoded-name.ts';
import { checkedRrsets, readableRrsets } from '../codec/stored-rrsets.ts';
import { requireCanonicalName, requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { fqdn, seconds, someTexts } from '../codec/value-fields.ts';
import { type Subject, storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    name: { subject: { zone: Fqdn; generation: number; owner: Fqdn }; value: NamedRrsets };
  }
}

const prefix = 'names/';

export function nameKey(zone: Fqdn, generation: number, owner: Fqdn): string {
  return namesPrefix(zone, generation) + encodeReversed(owner);
}

/** Returns the prefix of all names of one generation of a zone. */
export function namesPrefix(zone: Fqdn, generation: number): string {
  return `${zoneNamesPrefix(zone)}${generation}/`;
}

/** Returns the prefix of all names of all generations of a zone. */
export function zoneNamesPrefix(zone: Fqdn): string {
  return `${prefix}${encodeName(zone)}/`;
}

const recordType = Type.Unsafe<RecordType>(Type.String());
/** The manager `zone` is never stored: its records follow from the zone's settings. */
const manager = Type.Unsafe<Manager>(Type.Literal('host'));

const uncheckedNames: ValueCodec<NamedRrsets> = valueCodec({
  name: fqdn,
  rrsets: Type.Array(
    Type.Object({ type: recordType, ttl: seconds, records: someTexts, manager: Type.Optional(manager) }),
    { minItems: 1 },
  ),
} satisfies FieldsOf<NamedRrsets>);

export const nameValue = {
  encode: uncheckedNames.encode,
  /** Decodes a value. Throws InvalidValue, also for RRsets that the table would refuse. */
  decode: (text: string): NamedRrsets => readableRrsets(checkedRrsets(uncheckedNames.decode(text))),
  /** Decodes a value. Returns undefined for an unreadable value: the views report it, and DNS ignores it. */
  decodeIfReadable: (text: string): NamedRrsets | undefined => {
    try {
      return nameValue.decode(text);
    } catch (error) {
      if (error instanceof InvalidValue) return undefined;
      throw error;
    }
  },
};

export const nameKind = storedKind('name', {
  prefix,
  key: ({ zone, generation, owner }) => nameKey(zone, generation, owner),
  subjectOf: ([zone = '', generation, owner]) =>
    owner === undefined
      ? undefined
      : { zone: decodeZone(zone), generation: Number(generation), owner: decodeReversed(owner) },
  // Does not parse the record of an RRset that has only one: the table parses it. A second parse would slow a load.
  read: (subject, text) => checkedName(subject, checkedRrsets(uncheckedNames.decode(text))),
});

/**
 * The zone that was read last, and the one that was checked last. A load reads the names of one zone after the other.
 */
let last = { text: '', zone: decodeName('') };
let checkedZone: Fqdn | undefined;

/** Returns the same string object for the same zone, so that its hash is computed only once. */
function decodeZone(text: string): Fqdn {
  if (text !== last.text) last = { text, zone: decodeName(text) };
  return last.zone;
}

function checkedName({ zone, generation, owner }: Subject<'name'>, value: NamedRrsets): NamedRrsets {
  requireEqual(value.name, owner);
  requireCanonicalName(owner);
  if (zone !== checkedZone) requireCanonicalName(zone);
  checkedZone = zone;
  if (!Number.isSafeInteger(generation) || generation < 1)
    throw new InvalidValue('the generation in the key is not valid');
  // RFC 1034 §3.6.2: the apex has SOA and NS records.
  if (owner === zone && value.rrsets[0]?.type === 'CNAME') throw new InvalidValue('a CNAME cannot be at the apex');
  return value;
}
