// The record types we know by name: one row each, type → number → fields. A new type is a new row.
// How a field is read and written: fields.ts. Any other type is TYPEnnn with RFC 3597 rdata.

import { InvalidValue } from '../../errors.ts';

/** A kind of rdata field. `name` is a domain name; `octet…` an unsigned number; `texts` runs to the end of the rdata. */
export type FieldKind = 'ipv4' | 'ipv6' | 'name' | 'octet1' | 'octet2' | 'octet4' | 'texts' | 'caa-tag' | 'caa-value';

interface RecordTypeRow {
  code: number;
  fields: readonly FieldKind[];
  /** At most one record in an RRset of this type. */
  single?: true;
}

/** Fields and numbers by RFC 1035 §3.3, 2782 (SRV), 3596 (AAAA), 8659 (CAA). */
const rows = {
  A: { code: 1, fields: ['ipv4'] },
  NS: { code: 2, fields: ['name'] },
  CNAME: { code: 5, fields: ['name'], single: true },
  SOA: { code: 6, fields: ['name', 'name', 'octet4', 'octet4', 'octet4', 'octet4', 'octet4'], single: true },
  PTR: { code: 12, fields: ['name'] },
  MX: { code: 15, fields: ['octet2', 'name'] },
  TXT: { code: 16, fields: ['texts'] },
  AAAA: { code: 28, fields: ['ipv6'] },
  SRV: { code: 33, fields: ['octet2', 'octet2', 'octet2', 'name'] },
  CAA: { code: 257, fields: ['octet1', 'caa-tag', 'caa-value'] },
} as const satisfies Record<string, RecordTypeRow>;

/** A record type as text: a name from the table above, or `TYPEnnn` (RFC 3597 §5). */
export type RecordType = string & { readonly brand: 'RecordType' };

const rowsByName = new Map<string, RecordTypeRow>(Object.entries(rows));
const namesByCode = new Map(Object.entries(rows).map(([name, row]) => [row.code as number, name as RecordType]));

export const typeCode = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  ANY: 255,
} as const;

/** Types that are asked for or carried in messages but never stored (RFC 6895 §3.1): OPT and the meta and question types. */
const unstorable = (code: number): boolean => code === 0 || code === typeCode.OPT || (code >= 128 && code <= 255);

/** Parses a type's name. Throws InvalidValue. */
export function parseRecordType(text: string): RecordType {
  const name = text.toUpperCase();
  const generic = /^TYPE(\d{1,5})$/.exec(name)?.[1];
  const code = generic === undefined ? rowsByName.get(name)?.code : Number(generic);
  if (code === undefined || code > 0xffff) {
    throw new InvalidValue(
      `'${text}' is no record type we know by name: write it as TYPEnnn with \\# rdata (RFC 3597)`,
    );
  }
  if (unstorable(code)) throw new InvalidValue(`'${text}' is not a type that a zone can hold`);
  return recordTypeName(code);
}

/** The type of this number, by name where we know one. */
export function recordTypeName(code: number): RecordType {
  return namesByCode.get(code) ?? (`TYPE${code}` as RecordType);
}

export function recordTypeCode(type: RecordType): number {
  return rowsByName.get(type)?.code ?? Number(type.slice(4));
}

/** The fields of its rdata; undefined for a type that we do not know by name. */
export function fieldsOf(type: RecordType): readonly FieldKind[] | undefined {
  return rowsByName.get(type)?.fields;
}

/** Whether an RRset of this type holds one record at most. */
export function isSingleton(type: RecordType): boolean {
  return rowsByName.get(type)?.single === true;
}
