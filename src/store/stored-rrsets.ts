// The RRsets of a stored name against what a zone can hold: types, doubles, sizes, aliases. What the schema in values.ts cannot say.
// Of every name that is loaded: a single record, which most are, is not parsed here; the table does that. Throws InvalidValue.

import { InvalidValue, Refusal } from '../errors.ts';
import { parseName } from '../model/name.ts';
import { parseRdata } from '../model/rdata/rdata.ts';
import { parseRecordType, type RecordType } from '../model/rdata/record-types.ts';
import { conflictWithCname, greatestRrset, type NamedRrsets, parseRecords, type Rrset } from '../model/rrset.ts';

/** What a host writes: every other type is its zone's users'. */
const hostTypes: readonly string[] = ['A', 'AAAA', 'PTR', 'CNAME'];

/** No presentation form comes to more octets of a message than this for each character, and for each record (NSEC's types). */
const octetsPerCharacter = 4;
const octetsPerRecord = 64;

export function checkedRrsets(value: NamedRrsets): NamedRrsets {
  const { rrsets } = value;
  for (const rrset of rrsets) checkRrset(rrset);
  if (rrsets.length === 1) return value;
  if (new Set(rrsets.map(({ type }) => type)).size < rrsets.length) throw new InvalidValue('a type stands there twice');
  if (conflictWithCname(rrsets) !== undefined) throw new InvalidValue('a CNAME stands beside other records');
  return value;
}

/** Also the records that the table would read: for those who take the value past it. */
export function readableRrsets(value: NamedRrsets): NamedRrsets {
  for (const { type, records } of value.rrsets) for (const record of records) parseRdata(type, record);
  return value;
}

function checkRrset({ type, records, manager }: Rrset): void {
  checkType(type);
  if (records.length > 1 || isLong(records)) checkRecords(type, records);
  if (manager === undefined) return;
  if (!hostTypes.includes(type)) throw new InvalidValue(`a host has no ${type} records`);
  // Where it points is how the host is found: managingHost.
  if (type === 'PTR' || type === 'CNAME') parseName(records[0] ?? '');
}

/** Types that were met and can be held, so that a million names cost a look each. There are 65536 at most. */
const types = new Set<RecordType>();

function checkType(type: RecordType): void {
  if (types.has(type)) return;
  if (parseRecordType(type) !== type) throw new InvalidValue(`'${type}' is not how the type is written`);
  types.add(type);
}

function isLong(records: readonly string[]): boolean {
  let characters = 0;
  for (const record of records) characters += record.length;
  return characters * octetsPerCharacter + records.length * octetsPerRecord > greatestRrset;
}

function checkRecords(type: RecordType, records: readonly string[]): void {
  try {
    if (parseRecords(type, records, '').length < records.length) throw new InvalidValue(`${type} has a record twice`);
  } catch (error) {
    throw error instanceof Refusal ? new InvalidValue(error.message) : error;
  }
}
