// Where the names are in the rdata of types whose names may be compressed (RFC 1035 §3.3, RFC 3597 §4). Rdata of all
// other types can be copied as it is: its names are never compressed.

import { parseTypeCode } from '../../model/rdata/record-types.ts';

/** The parts of a type's rdata, in their order. */
interface RdataLayout {
  /** The number of octets at the beginning, before strings and names. */
  readonly fixed: number;
  /** The number of character strings after these octets (RFC 1035 §3.3). */
  readonly strings: number;
  /** The number of names after these strings. */
  readonly names: number;
  /** The number of octets after the names; undefined if any number may follow. */
  readonly rest: number | undefined;
  /** True: we may compress the names (the types of RFC 1035, RFC 3597 §4). */
  readonly compresses: boolean;
}

const rows: readonly (readonly [string, Partial<RdataLayout>])[] = [
  ...['NS', 'MD', 'MF', 'CNAME', 'MB', 'MG', 'MR', 'PTR'].map((type) => [type, { compresses: true }] as const),
  ['SOA', { names: 2, rest: 20, compresses: true }],
  ['MINFO', { names: 2, compresses: true }],
  ['MX', { fixed: 2, compresses: true }],
  ['RP', { names: 2 }],
  ['AFSDB', { fixed: 2 }],
  ['RT', { fixed: 2 }],
  ['SIG', { fixed: 18, rest: undefined }],
  ['PX', { fixed: 2, names: 2 }],
  ['NXT', { rest: undefined }],
  ['SRV', { fixed: 6 }],
  ['NAPTR', { fixed: 4, strings: 3 }],
  ['DNAME', {}],
  // These types have no names. They are listed so that their length is checked.
  ['A', { fixed: 4, names: 0 }],
  ['AAAA', { fixed: 16, names: 0 }],
];

const layouts: (RdataLayout | undefined)[] = [];
for (const [type, layout] of rows)
  layouts[parseTypeCode(type)] = { fixed: 0, strings: 0, names: 1, rest: 0, compresses: false, ...layout };

/** Returns the layout of the type's rdata; undefined if the type is not listed above. */
export function rdataLayout(type: number): RdataLayout | undefined {
  return type < layouts.length ? layouts[type] : undefined;
}

/** Returns where the first name begins, or −1 if the rdata ends before it. */
export function firstNameAt(layout: RdataLayout, octets: Uint8Array, rdata: number, end: number): number {
  let at = rdata + layout.fixed;
  for (let i = 0; i < layout.strings && at < end; i += 1) at += 1 + (octets[at] as number);
  return at <= end ? at : -1;
}
