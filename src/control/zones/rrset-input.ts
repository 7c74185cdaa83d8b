// Parses requests about RRsets: names relative to the zone, types and records in presentation form. A refusal names the
// path of the field.

import { atField, refuse, refuseField } from '../../errors.ts';
import { unicodeNameOf } from '../../model/international-name.ts';
import { type Fqdn, formatRelativeName, isWithin, parseRelativeName } from '../../model/name.ts';
import { isPartedText, partedTextWarning } from '../../model/rdata/parted-text.ts';
import { parseRecordType, type RecordType } from '../../model/rdata/record-types.ts';
import { type RecordInput, readRecord, recordsOfOne } from '../../model/rrset.ts';
import { isKnown, known, orUnknown, unknownValue } from '../../model/unknown.ts';
import { checkReadOnly } from '../input/read-only.ts';
import { parseAll, Refusals } from '../input/refusals.ts';
import { Turns } from '../reading/turns.ts';
import type { RrsetChange } from './change-rrsets.ts';

/** The limit for the records of one list of RRsets: replicas read all records of a transaction at once. */
const maxListedRecords = 10_000;
/** To parse a short record takes as long as to parse this number of characters of a long record. */
const recordCost = 50;

interface RrsetPlace {
  owner: Fqdn;
  type: RecordType;
}

/** The contents of an RRset as people write them. */
interface RrsetInput {
  /** Seconds; default: the zone's. */
  ttl?: number | undefined;
  /** An empty list deletes the RRset. */
  records?: readonly RecordInput[];
}

interface ReadRecords {
  canonical: string[];
  /** The first TXT record with several strings that were probably meant as one text. */
  parted: string | undefined;
}

const noRecords: ReadRecords = { canonical: unknownValue, parted: undefined };

/** An RRset of a list as people write it. */
export interface NamedRrsetInput extends RrsetInput {
  /** Relative to the zone; `@` is the apex. */
  name: string;
  type?: string;
  /** Read-only. A request may have it with the value that answers show. */
  unicodeName?: string | undefined;
  /** Read-only, as `unicodeName`. */
  managedBy?: string | undefined;
}

/**
 * Returns the owner name at `path` of a request. Refuses with `outside_zone` a name outside the zone, and with
 * `invalid_request` a name that cannot be read.
 */
export function parseOwner(path: string, text: string, zone: Fqdn): Fqdn {
  const owner = atField(path, () => parseRelativeName(text, zone));
  if (!isWithin(owner, zone)) refuseField('outside_zone', path, `${owner} is not in zone ${zone}`);
  return owner;
}

/** Returns the record type at `path` of a request. Refuses with `invalid_request` a missing or unknown type. */
export function parseTypeAt(path: string, text: string | undefined): RecordType {
  if (text === undefined) refuseField('invalid_request', path, 'is needed');
  return atField(path, () => parseRecordType(text));
}

/** Returns the name and type in the parameters of the request's path, `:name` and `:type`. */
export function parseRrsetPlace(zone: Fqdn, { name, type }: { name: string; type: string }): RrsetPlace {
  const [owner, parsed] = parseAll(
    () => parseOwner(':name', name, zone),
    () => parseTypeAt(':type', type),
  );
  return { owner, type: parsed };
}

/**
 * Returns the change of the RRset that the path of a PUT names. The input may repeat the name and the type of the path.
 * Refuses another name or type. Refuses names, types and records as the other functions of this file do: all faults at
 * once.
 */
export function parseRrsetPut(
  zone: Fqdn,
  place: { name: string; type: string },
  { name, type, ...input }: RrsetInput & { name?: string; type?: string },
): Promise<RrsetChange> {
  const refusals = new Refusals();
  refusals.try(() => {
    if (name !== undefined && parseOwner('/name', name, zone) !== parseOwner(':name', place.name, zone))
      refuseField('invalid_request', '/name', 'is not the name in the path');
  });
  refusals.try(() => {
    if (type !== undefined && type.toUpperCase() !== parseTypeAt(':type', place.type))
      refuseField('invalid_request', '/type', 'is not the type in the path');
  });
  const paths = { name: ':name', type: ':type', fields: '' };
  return parseRrset(zone, { ...input, ...place }, paths, new Turns(), refusals);
}

/**
 * Returns the changes that a list of RRsets asks for. Refuses with `invalid_request` a list that names an RRset twice.
 * Refuses names, types and records as the other functions of this file do: all faults at once.
 */
export async function parseRrsetList(zone: Fqdn, inputs: readonly NamedRrsetInput[]): Promise<RrsetChange[]> {
  const count = inputs.reduce((sum, one) => sum + countRecords(one), 0);
  if (count > maxListedRecords)
    refuse('payload_too_large', `the request has ${count} records, more than ${maxListedRecords}: split it`);
  const refusals = new Refusals();
  const changes: RrsetChange[] = [];
  const turns = new Turns();
  const seen = new Set<string>();
  for (const [index, input] of inputs.entries()) {
    const paths = { name: `/${index}/name`, type: `/${index}/type`, fields: `/${index}` };
    const change = await refusals.tryLater(() => parseRrset(zone, input, paths, turns));
    changes.push(change ?? unknownValue);
    refusals.try(() => {
      const { owner, type } = changes[index] as RrsetChange;
      const key = `${owner} ${type}`;
      if (seen.has(key)) refuseField('invalid_request', `/${index}`, 'the RRset is named twice');
      seen.add(key);
    });
    if (refusals.full) break;
  }
  refusals.throwIfAny();
  return changes;
}

/** Returns the number of records; 0 if they are unknown. */
function countRecords(input: NamedRrsetInput): number {
  const count = orUnknown(() => input.records?.length ?? 0);
  return isKnown(count) ? count : 0;
}

function charactersOf(record: RecordInput): number {
  return recordCost + (typeof record === 'string' ? record : record.text).length;
}

/** Returns the change of one RRset. Throws its faults together with those in `refusals`. */
async function parseRrset(
  zone: Fqdn,
  { name, type: typeText, ...input }: NamedRrsetInput,
  paths: { name: string; type: string; fields: string },
  turns: Turns,
  refusals = new Refusals(),
): Promise<RrsetChange> {
  const { unicodeName, managedBy, records: texts = [] } = input;
  const owner = refusals.try(() => parseOwner(paths.name, name, zone)) ?? unknownValue;
  refusals.try(() => {
    const now = unicodeNameOf(formatRelativeName(known(owner), zone));
    checkReadOnly({ unicodeName }, { unicodeName: now }, paths.fields);
  });
  const type = refusals.try(() => parseTypeAt(paths.type, typeText)) ?? unknownValue;
  const read = async () => recordsAt(`${paths.fields}/records`, known(type), texts, turns);
  const records = (await refusals.tryLater(read)) ?? noRecords;
  refusals.throwIfAny();
  const change = changeOf({ owner, type }, input, records, paths.name);
  return { ...change, ...(managedBy !== undefined && { managedBy: { at: paths.fields, value: managedBy } }) };
}

/**
 * Returns the records of a request in canonical form. Serves other requests between the records
 * (test/control/zone-input.test.ts). Refuses with `record_invalid` records that cannot be read.
 */
async function recordsAt(
  path: string,
  type: RecordType,
  records: readonly RecordInput[],
  turns: Turns,
): Promise<ReadRecords> {
  const refusals = new Refusals();
  const read: ReturnType<typeof readRecord>[] = [];
  let parted: string | undefined;
  for (const [index, record] of records.entries()) {
    if (!isKnown(record)) {
      read.push(unknownValue);
      continue;
    }
    const one = refusals.try(() => atField(`${path}/${index}`, () => readRecord(type, record), 'record_invalid'));
    if (one !== undefined) read.push(one);
    if (parted === undefined && typeof record === 'string' && isPartedText(type, record)) parted = record;
    if (refusals.full) break;
    await turns.note(charactersOf(record));
  }
  refusals.throwIfAny();
  return { canonical: orUnknown(() => atField(path, () => recordsOfOne(type, read), 'record_invalid')), parted };
}

function changeOf(
  { owner, type }: RrsetPlace,
  { ttl, records }: RrsetInput,
  { canonical, parted }: ReadRecords,
  path: string,
): RrsetChange {
  if (!isKnown(records)) return { owner, type, rrset: unknownValue, path };
  if (records?.length === 0) return { owner, type, rrset: undefined, path };
  const rrset = { type, records: canonical, ...(ttl !== undefined && { ttl }) };
  if (parted === undefined) return { owner, type, rrset, path };
  return { owner, type, rrset, path, warning: partedTextWarning(owner, type, parted) };
}
