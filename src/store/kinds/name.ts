// Names of zones: `names/<zone>/<generation>/<owner name, labels reversed>` → all RRsets of the owner name.
// One key for each name makes "a CNAME has no other records beside it" one compare.

import { InvalidValue } from '../../model/invalid-value.ts';
import { Type } from '../../model/json-schema.ts';
import type { Fqdn } from '../../model/name.ts';
import type { RecordType } from '../../model/rdata/record-types.ts';
import type { Manager, NamedRrsets } from '../../model/rrset.ts';
import { decodeName, decodeReversed, encodeName, encodeReversed } from '../codec/encoded-name.ts';
import { readPlainRrsets } from '../codec/plain-rrsets.ts';
import { checkedRrsets, readableRrsets } from '../codec/stored-rrsets.ts';
import { requireCanonicalName, requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { fqdn, seconds, someTexts } from '../codec/value-fields.ts';
import { type StoredKind, type Subject, storedKind } from './stored-kind.ts';

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
const manager = Type.Unsafe<Manager>(Type.Enum(['host', 'skydns']));

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

const anyName = storedKind('name', {
  prefix,
  key: ({ zone, generation, owner }) => nameKey(zone, generation, owner),
  subjectOf: ([zone = '', generation, owner]) =>
    owner === undefined
      ? undefined
      : { zone: decodeName(zone), generation: Number(generation), owner: decodeReversed(owner) },
  // Does not parse the record of an RRset that has only one: the table parses it. A second parse would slow a load.
  read: (subject, text) => {
    const isKnown = subject.owner === plainOwner || isPlain(subject.owner);
    const rrsets = isKnown ? readPlainRrsets(text, subject.owner) : undefined;
    if (rrsets === undefined) return checkedName(subject, checkedRrsets(uncheckedNames.decode(text)));
    return checkedPlace(subject, checkedRrsets({ name: subject.owner, rrsets }));
  },
});

export const nameKind: StoredKind<'name'> = { ...anyName, parse: parseKey };

/** What the names of one generation share. The zone's labels are reversed in their keys. */
interface Generation {
  /** The keys begin with it. */
  readonly prefix: string;
  readonly zone: Fqdn;
  readonly generation: number;
  /** The rest of a key begins with it, if the name is below the apex. */
  readonly reversedZone: string;
  /** Such a name ends with it. */
  readonly ending: string;
}

/** The generation of the last key. A load reads the names of one generation after the other. */
let last: Generation | undefined;
/** The last name that was found to be plain. A load reads its value next. */
let plainOwner: Fqdn | undefined;
let checkedZone: Fqdn | undefined;

/** Parses the key. A name without special characters in the generation of the last key takes a fifth of the time. */
function parseKey(key: string): Subject<'name'> | undefined {
  if (last === undefined || !key.startsWith(last.prefix)) {
    const subject = anyName.parse(key);
    if (subject !== undefined) last = generationOf(subject);
    return subject;
  }
  const reversed = key.slice(last.prefix.length);
  if (!isPlain(reversed)) return anyName.parse(key);
  plainOwner = ownerIn(last, reversed);
  return { zone: last.zone, generation: last.generation, owner: plainOwner };
}

function generationOf({ zone, generation }: Subject<'name'>): Generation {
  return {
    prefix: namesPrefix(zone, generation),
    zone,
    generation,
    reversedZone: `${encodeReversed(zone)}.`,
    ending: `.${zone}`,
  };
}

/** Returns the name of a plain key. Does not reverse the labels of the zone again for each name. */
function ownerIn({ reversedZone, ending }: Generation, reversed: string): Fqdn {
  if (!reversed.startsWith(reversedZone)) return decodeReversed(reversed);
  const relative = reversed.slice(reversedZone.length);
  return ((relative.includes('.') ? decodeReversed(relative) : relative) + ending) as Fqdn;
}

const plain = /^[a-z0-9_*-]{1,63}(?:\.[a-z0-9_*-]{1,63})*$/;
const maxPlain = 253;

/** Returns whether it is the canonical form of a name that needs no escapes, or such a name with reversed labels. */
function isPlain(name: string): boolean {
  return name.length <= maxPlain && plain.test(name);
}

function checkedName(subject: Subject<'name'>, value: NamedRrsets): NamedRrsets {
  requireEqual(value.name, subject.owner);
  requireCanonicalName(subject.owner);
  return checkedPlace(subject, value);
}

function checkedPlace({ zone, generation, owner }: Subject<'name'>, value: NamedRrsets): NamedRrsets {
  if (zone !== checkedZone) requireCanonicalName(zone);
  checkedZone = zone;
  if (!Number.isSafeInteger(generation) || generation < 1)
    throw new InvalidValue('the generation in the key is not valid');
  // RFC 1034 §3.6.2: the apex has SOA and NS records.
  if (owner === zone && value.rrsets[0]?.type === 'CNAME') throw new InvalidValue('a CNAME cannot be at the apex');
  return value;
}
