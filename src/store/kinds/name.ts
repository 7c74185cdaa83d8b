// Names of zones: `names/<zone>/<generation>/<owner name, labels reversed>` → all RRsets of the owner name.
// With one key for each name, "a CNAME has no other records beside it" is one compare.

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
/** The manager `zone` is never stored: the settings of the zone imply its records. */
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
  /** Decodes a value. Throws InvalidValue, even for RRsets that only the table would refuse. */
  decode: (text: string): NamedRrsets => readableRrsets(checkedRrsets(uncheckedNames.decode(text))),
  /** Decodes a value. Returns undefined for an unreadable one: the views report it, and DNS ignores it. */
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
  // Does not parse the only record of an RRset: the table parses it, and parsing it twice would slow down a load.
  read: (subject, text) => {
    const isKnown = subject.owner === plainOwner || isPlain(subject.owner);
    const rrsets = isKnown ? readPlainRrsets(text, subject.owner) : undefined;
    if (rrsets === undefined) return checkedName(subject, checkedRrsets(uncheckedNames.decode(text)));
    return checkedPlace(subject, checkedRrsets({ name: subject.owner, rrsets }));
  },
});

export const nameKind: StoredKind<'name'> = { ...anyName, parse: parseKey };

/**
 * What all names of one generation have in common. The owner name in a key ends with the zone, so the reversed owner
 * name begins with the reversed zone.
 */
interface Generation {
  /** All keys of the generation begin with this. */
  readonly prefix: string;
  readonly zone: Fqdn;
  readonly generation: number;
  /** After the prefix, the keys of names below the apex go on with this. */
  readonly reversedZone: string;
  /** Names below the apex end with this. */
  readonly ending: string;
}

/** The generation of the last key: a load reads all names of a generation one after the other. */
let last: Generation | undefined;
/** The last name that was found to be plain: a load reads its value next. */
let plainOwner: Fqdn | undefined;
let checkedZone: Fqdn | undefined;

/** Parses the key. In the generation of the last key, a name without special characters takes a fifth of the time. */
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

/** Returns the name of a plain key. The labels of the zone are not reversed again for each name. */
function ownerIn({ reversedZone, ending }: Generation, reversed: string): Fqdn {
  if (!reversed.startsWith(reversedZone)) return decodeReversed(reversed);
  const relative = reversed.slice(reversedZone.length);
  return ((relative.includes('.') ? decodeReversed(relative) : relative) + ending) as Fqdn;
}

const plain = /^[a-z0-9_*-]{1,63}(?:\.[a-z0-9_*-]{1,63})*$/;
const maxPlain = 253;

/** Returns whether the name is canonical and needs no escapes. Its labels may be reversed. */
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
