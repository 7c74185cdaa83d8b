// Parses requests about RRsets: names relative to the zone, types and records in presentation form. A refusal names the
// path of the field.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { atField, refuseField } from '../../errors.ts';
import { type Fqdn, isWithin, parseRelativeName } from '../../model/name.ts';
import { isPartedText, partedTextWarning } from '../../model/rdata/parted-text.ts';
import { parseRecordType, type RecordType } from '../../model/rdata/record-types.ts';
import { parseRecords } from '../../model/rrset.ts';
import type { RrsetChange } from './change-rrsets.ts';

const manyRecords = 100;

/** An RRset's name and type. */
interface RrsetPlace {
  owner: Fqdn;
  type: RecordType;
}

/** The contents of an RRset as people write them. */
interface RrsetInput {
  /** Seconds; default: the zone's. */
  ttl?: number | undefined;
  /** Presentation form (RFC 1035 §5.1). An empty list deletes the RRset. */
  records: readonly string[];
}

/** An RRset of a list as people write it. */
export interface NamedRrsetInput extends RrsetInput {
  /** Relative to the zone; `@` is the apex. */
  name: string;
  type: string;
}

/**
 * Returns the owner name that a request has at `path`. Refuses with `outside_zone` a name outside the zone, and with
 * `invalid_request` a name that cannot be read.
 */
export function parseOwner(path: string, text: string, zone: Fqdn): Fqdn {
  const owner = atField(path, () => parseRelativeName(text, zone));
  if (!isWithin(owner, zone)) refuseField('outside_zone', path, `${owner} is not in zone ${zone}`);
  return owner;
}

/**
 * Returns the record type that a request has at `path`. Refuses with `invalid_request` a text that is not a record
 * type.
 */
export function parseTypeAt(path: string, text: string): RecordType {
  return atField(path, () => parseRecordType(text));
}

/** Returns the place that a request names by its path's parameters, `:name` and `:type`. */
export function parseRrsetPlace(zone: Fqdn, { name, type }: { name: string; type: string }): RrsetPlace {
  return { owner: parseOwner(':name', name, zone), type: parseTypeAt(':type', type) };
}

/** Returns the change of one RRset. Refuses with `record_invalid` records that cannot be read. */
export function parseRrsetInput(place: RrsetPlace, input: RrsetInput): RrsetChange {
  return changeOf(place, input, '', '/records');
}

/**
 * Returns the changes that a list of RRsets asks for. Refuses with `invalid_request` a list that names an RRset twice,
 * and refuses a name, a type or records as the other functions of this file do.
 */
export async function parseRrsetList(zone: Fqdn, inputs: readonly NamedRrsetInput[]): Promise<RrsetChange[]> {
  const changes: RrsetChange[] = [];
  for (const [index, { name, type, ...input }] of inputs.entries()) {
    const place = { owner: parseOwner(`/${index}/name`, name, zone), type: parseTypeAt(`/${index}/type`, type) };
    changes.push(changeOf(place, input, `/${index}/name`, `/${index}/records`));
    // A thousand records take milliseconds: other requests are served in between.
    if (input.records.length > manyRecords) await nextTurn();
  }
  const keys = changes.map(({ owner, type }) => `${owner} ${type}`);
  const twice = keys.findIndex((key, index) => keys.indexOf(key) !== index);
  if (twice >= 0) refuseField('invalid_request', `/${twice}`, 'the RRset is named twice');
  return changes;
}

function changeOf(
  { owner, type }: RrsetPlace,
  { ttl, records }: RrsetInput,
  path: string,
  recordsPath: string,
): RrsetChange {
  if (records.length === 0) return { owner, type, rrset: undefined, path };
  const canonical = atField(recordsPath, () => parseRecords(type, records), 'record_invalid');
  const rrset = { type, records: canonical, ...(ttl !== undefined && { ttl }) };
  const parted = records.find((record) => isPartedText(type, record));
  if (parted === undefined) return { owner, type, rrset, path };
  return { owner, type, rrset, path, warning: partedTextWarning(owner, type, parted) };
}
