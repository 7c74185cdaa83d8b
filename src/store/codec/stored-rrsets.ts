// Checks what a schema cannot check of the RRsets of a stored name: types, duplicates, sizes, aliases. Throws
// InvalidValue. This runs for every name of a load, so a record that is alone in its RRset is usually not parsed here:
// the table parses it.

import { InvalidValue } from '../../model/invalid-value.ts';
import { parseName } from '../../model/name.ts';
import { parseRdata } from '../../model/rdata/rdata.ts';
import { parseRecordType, type RecordType } from '../../model/rdata/record-types.ts';
import { conflictWithCname, maxRrset, type NamedRrsets, parseRecords, type Rrset } from '../../model/rrset.ts';

/** The types of the records that hosts write. */
const hostTypes: readonly string[] = ['A', 'AAAA', 'PTR', 'CNAME'];

/**
 * A record takes at most this many octets in a message: `octetsPerCharacter` for each character of its text, and
 * `octetsPerRecord` in addition, for its fixed fields and for short names of types in NSEC.
 */
const octetsPerCharacter = 4;
const octetsPerRecord = 64;

/** Returns the value. Throws InvalidValue for RRsets that one name cannot have. */
export function checkedRrsets(value: NamedRrsets): NamedRrsets {
  const { rrsets } = value;
  for (const rrset of rrsets) checkRrset(rrset);
  if (rrsets.length === 1) return value;
  if (new Set(rrsets.map(({ type }) => type)).size < rrsets.length)
    throw new InvalidValue('two RRsets have the same type');
  if (conflictWithCname(rrsets) !== undefined) throw new InvalidValue('a CNAME has other records beside it');
  return value;
}

/**
 * Returns the value. Throws InvalidValue for records that the table would refuse. For callers that do not write the
 * value to the table.
 */
export function readableRrsets(value: NamedRrsets): NamedRrsets {
  for (const { type, records } of value.rrsets) for (const record of records) parseRdata(type, record);
  return value;
}

function checkRrset({ type, records, manager }: Rrset): void {
  checkType(type);
  if (records.length > 1 || isLong(records)) checkRecords(type, records);
  if (manager !== 'host') return;
  if (!hostTypes.includes(type)) throw new InvalidValue(`a host has no ${type} records`);
  // managingHost needs the target as a name.
  if (type === 'PTR' || type === 'CNAME') parseName(records[0] ?? '');
}

/** Types that have been checked, so that the next check is one look-up. There are at most 65536. */
const types = new Set<RecordType>();

function checkType(type: RecordType): void {
  if (types.has(type)) return;
  if (parseRecordType(type) !== type) throw new InvalidValue(`'${type}' is not the canonical form of a record type`);
  types.add(type);
}

function isLong(records: readonly string[]): boolean {
  let characters = 0;
  for (const record of records) characters += record.length;
  return characters * octetsPerCharacter + records.length * octetsPerRecord > maxRrset;
}

function checkRecords(type: RecordType, records: readonly string[]): void {
  if (parseRecords(type, records).length < records.length)
    throw new InvalidValue(`the ${type} RRset has the same record twice`);
}
