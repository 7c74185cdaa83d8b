// Hosts as rows of a spreadsheet: its columns, and how a host becomes a row and a row a host.

import type { Family } from '../../model/address.ts';
import type { Host } from '../../model/host.ts';
import { type Columns, type ReadColumn, readCells, type TagColumns, withoutEmpty, wordsOf } from '../csv/columns.ts';
import type { RowFault } from '../csv/row-faults.ts';
import type { HostInput } from './host-input.ts';

/** The columns of an export, without those of tags. */
const exported = ['name', 'addresses', 'pool', 'aliases', 'ttl', 'ptr', 'owner'] as const;
export type HostColumn = (typeof exported)[number] | 'tags' | 'families';

/** Of `families`, an export has none: it names the addresses. */
export const hostColumns: Columns<HostColumn> = {
  of: 'hosts',
  names: [...exported, 'tags', 'families'],
  needed: 'name',
};

/** The fields of a host in a row. Null: the cell is empty, so the field has its default. */
export type HostPatch = { [Field in keyof Omit<HostInput, 'tags'>]?: HostInput[Field] | null } & {
  tags?: Record<string, string | null>;
};

/** Returns the fields that a row has, and the faults of cells that cannot be read. */
export function readHostRow(
  header: readonly ReadColumn<HostColumn>[],
  texts: readonly string[],
): { patch: HostPatch; faults: RowFault[] } {
  const { cells, tags, faults } = readCells(header, texts);
  const patch: HostPatch = { ...(tags && { tags }) };
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
  return { patch, faults };
}

/** Returns the fields without empty cells: the input for a new host. */
export function newHostInput({ tags, ...patch }: HostPatch): HostInput {
  return { ...withoutEmpty(patch), ...(tags && { tags: withoutEmpty(tags) }) } as HostInput;
}

/** Returns the first row of an export. */
export function headerCells(tags: TagColumns): string[] {
  return [...exported, ...tags.header];
}

/** Returns the row of a host whose addresses have their current pools. */
export function hostCells(host: Host, tags: TagColumns): string[] {
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
    ...tags.cellsOf(host.tags),
  ];
}
