// Hosts as rows of a spreadsheet: its columns, and how a host becomes a row and a row a host.

import { type Family, parseAddress } from '../../model/address.ts';
import { type Host, sharingOf } from '../../model/host.ts';
import { unlessInvalid } from '../../model/invalid-value.ts';
import { type Columns, type ReadColumn, readCells, type TagColumns, withoutEmpty, wordsOf } from '../csv/columns.ts';
import type { RowFault } from '../csv/row-faults.ts';
import type { SeenHost } from '../reading/with-pools.ts';
import type { HostInput } from './host-input.ts';

/** The columns of an export, without those of tags. */
const exported = ['name', 'addresses', 'pool', 'aliases', 'ttl', 'ptr', 'owner', 'shared', 'ptrFor'] as const;
export type HostColumn = (typeof exported)[number] | 'tags' | 'families';

/** Of `families`, an export has none: it names the addresses. */
export const hostColumns: Columns<HostColumn> = {
  of: 'hosts',
  names: [...exported, 'tags', 'families'],
  exported,
  needed: 'name',
};

/** The fields of a host in a row. Null: the cell is empty, so the field has its default. */
export type HostPatch = { [Field in keyof Omit<HostInput, 'tags'>]?: HostInput[Field] | null } & {
  tags?: Record<string, string | null>;
};

/** The addresses of a row that have a flag. Undefined: the file has no such column. */
export interface RowFlags {
  shared?: readonly string[];
  ptrFor?: readonly string[];
}

/** Returns an address in the form in which addresses are compared. */
export function sameForm(text: string): string {
  return unlessInvalid(() => parseAddress(text)) ?? text;
}

/** Returns the fields and flags that a row has, and the faults of cells that cannot be read. */
export function readHostRow(
  header: readonly ReadColumn<HostColumn>[],
  texts: readonly string[],
): { patch: HostPatch; flags: RowFlags; faults: RowFault[] } {
  const { cells, tags, faults } = readCells(header, texts);
  const patch: HostPatch = { ...(tags && { tags }) };
  const flags: RowFlags = {};
  const named = wordsOf(cells.get('addresses') ?? '').map(sameForm);
  for (const [column, cell] of cells) {
    const text = cell.trim();
    const words = wordsOf(text);
    switch (column) {
      case 'name':
        patch.name = text;
        break;
      case 'addresses':
      case 'aliases':
        patch[column] = words.length === 0 ? null : words;
        break;
      case 'shared':
      case 'ptrFor':
        flags[column] = /^true$/i.test(text) ? named : words.map(sameForm);
        for (const word of flags[column])
          if (!named.includes(word))
            faults.push({ column, message: `${word} is not in the column addresses of the row` });
        break;
      case 'families':
        patch.families = words.length === 0 ? null : (words as Family[]);
        break;
      case 'pool':
        patch.pool = text || null;
        break;
      case 'owner':
        patch.owner = cell || null;
        break;
      case 'ttl':
        if (/^\d*$/.test(text)) patch.ttl = text === '' ? null : Number(text);
        else faults.push({ column, message: `'${text}' is no number of seconds` });
        break;
      case 'ptr':
        if (/^(true|false|)$/i.test(text)) patch.ptr = text === '' ? null : text.toLowerCase() === 'true';
        else faults.push({ column, message: `'${text}' is neither true nor false` });
        break;
    }
  }
  return { patch, flags, faults };
}

/** Returns the fields without empty cells: the input for a new host. */
export function newHostInput({ tags, ...patch }: HostPatch): HostInput {
  return { ...withoutEmpty(patch), ...(tags && { tags: withoutEmpty(tags) }) } as HostInput;
}

/**
 * Returns the fields with the flags at the addresses. `current`: the host that is changed, whose other sharing stays.
 */
export function withFlags(patch: HostPatch, flags: RowFlags, current?: Host): HostPatch {
  const { addresses } = patch;
  if (!addresses || (flags.shared === undefined && flags.ptrFor === undefined)) return patch;
  const flagged = addresses.map((one) => {
    const address = sameForm(one as string);
    const stands = current?.addresses.find((other) => other.address === address);
    const of = (flag: keyof RowFlags) => ({ ...(flags[flag] && { [flag]: flags[flag].includes(address) }) });
    return { ...(stands && sharingOf(stands)), address, ...of('shared'), ...of('ptrFor') };
  });
  return { ...patch, addresses: flagged };
}

/** Returns the row of a host. */
export function hostCells(host: SeenHost, tags: TagColumns): string[] {
  const pools = new Set(host.addresses.map(({ pool }) => pool));
  const [pool] = pools;
  return [
    host.name,
    host.addresses.map(({ address }) => address).join(' '),
    (pools.size === 1 && pool) || '',
    host.aliases.join(' '),
    host.ttl === null ? '' : String(host.ttl),
    String(host.ptr),
    host.owner,
    flagged(host, 'shared'),
    flagged(host, 'ptrFor'),
    ...tags.cellsOf(host.tags),
  ];
}

function flagged({ addresses }: SeenHost, flag: keyof RowFlags): string {
  const those = addresses.filter((one) => one[flag] === true);
  return those.map(({ address }) => address).join(' ');
}
