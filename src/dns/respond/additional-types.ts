// The types whose rdata names a host, and the types of the host's RRsets that belong into the additional section (RFC
// 1034 §4.3.2, step 6). add-glue.ts adds these RRsets.

import { fieldsOf, type RecordType, recordTypeCode } from '../../model/rdata/record-types.ts';

const addresses = ['A', 'AAAA'];

const rows: Readonly<Record<string, readonly string[]>> = {
  NS: addresses, // RFC 1035 §3.3.11
  MB: addresses, // RFC 1035 §3.3.3
  MX: addresses, // RFC 1035 §3.3.9
  AFSDB: addresses, // RFC 1183 §1
  RT: [...addresses, 'X25', 'ISDN'], // RFC 1183 §3.3
  SRV: addresses, // RFC 2782
  KX: addresses, // RFC 2230 §3.1
  SVCB: [...addresses, 'SVCB'], // RFC 9460 §4.1
  HTTPS: [...addresses, 'HTTPS'], // RFC 9460 §9
  LP: ['L32', 'L64'], // RFC 6742 §2.4
};

/** All types in the rows are below this number. */
const typeCount = 128;
const noTypes: readonly number[] = [];
const typesToAdd: (readonly number[])[] = Array.from({ length: typeCount }, () => noTypes);
const offsets = new Uint8Array(typeCount);
for (const [name, types] of Object.entries(rows)) {
  const code = recordTypeCode(name as RecordType);
  typesToAdd[code] = types.map((type) => recordTypeCode(type as RecordType));
  offsets[code] = nameOffset(name as RecordType);
}

/** Returns the number of octets in the rdata before the name. */
function nameOffset(type: RecordType): number {
  const kinds = Object.values(fieldsOf(type) ?? {});
  const before = kinds.slice(0, kinds.indexOf('name'));
  // Throws for a type without a name too: not all of its fields are octets.
  if (!before.every((kind) => /^octet\d$/.test(kind))) throw new Error(`${type} has no name at a fixed place`);
  return before.reduce((octets, kind) => octets + Number(kind.slice('octet'.length)), 0);
}

/** Returns the types to add for the host that a record of this type names. Empty for most types. */
export function additionalTypes(type: number): readonly number[] {
  return type < typeCount ? (typesToAdd[type] as readonly number[]) : noTypes;
}

/** Returns the offset of the host's name in rdata of this type, which must be in the rows above. */
export function targetOffset(type: number): number {
  return offsets[type] as number;
}
