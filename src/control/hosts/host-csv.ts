// Hosts as rows of a spreadsheet: its columns, and how a host becomes a row and a row a host.

import type { Family } from '../../model/address.ts';
import { unguarded } from '../../model/csv.ts';
import type { Host } from '../../model/host.ts';
import type { HostInput } from './host-input.ts';

/** The columns without those of tags. Of `families`, an export has none: it names the addresses. */
const columns = ['name', 'addresses', 'pool', 'aliases', 'ttl', 'ptr', 'owner', 'tags', 'families'] as const;
type Column = (typeof columns)[number];

/** The prefix of the column of one tag: `tags.app`. */
const tagPrefix = 'tags.';
/** The limit for tags with columns of their own in an export. Others are in the column `tags`. */
export const maxTagColumns = 200;

/** A column of a file that is read. */
export type ReadColumn = { column: Column } | { tag: string };

export interface RowFault {
  column?: string | undefined;
  message: string;
}

/** Returns the columns that the first row names, or its faults. */
export function readHeader(cells: readonly string[]): { columns: ReadColumn[]; faults: RowFault[] } {
  const faults: RowFault[] = [];
  const seen = new Set<string>();
  const found = cells.map((cell): ReadColumn => {
    const text = unguarded(cell.trim());
    const isTag = text.toLowerCase().startsWith(tagPrefix) && text.length > tagPrefix.length;
    const name = isTag ? tagPrefix + text.slice(tagPrefix.length) : text.toLowerCase();
    const column = columns.find((one) => one === name || one === `${name}es` || one === `${name}s`);
    if (!isTag && column === undefined) {
      const known = `${columns.join(', ')}, and ${tagPrefix}NAME for a tag`;
      faults.push({ column: text, message: `is no column of hosts; there are ${known}` });
    }
    const key = isTag ? name : (column ?? name);
    if (seen.has(key)) faults.push({ column: text, message: 'is named twice' });
    seen.add(key);
    return isTag ? { tag: name.slice(tagPrefix.length) } : { column: column ?? 'name' };
  });
  if (!seen.has('name')) faults.push({ message: 'the first line has no column `name`: it must name the columns' });
  return { columns: found, faults };
}

/** The fields of a host in a row. Null: the cell is empty, so the field has its default. */
export type HostPatch = { [Field in keyof Omit<HostInput, 'tags'>]?: HostInput[Field] | null } & {
  tags?: Record<string, string | null>;
};

/** Returns the fields that a row has, and the faults of cells that cannot be read. */
export function readRow(
  header: readonly ReadColumn[],
  cells: readonly string[],
): { patch: HostPatch; faults: RowFault[] } {
  const faults: RowFault[] = [];
  const patch: HostPatch = {};
  const tags: Record<string, string | null> = {};
  if (cells.slice(header.length).some((cell) => cell.trim() !== ''))
    faults.push({ message: `the row has ${cells.length} cells, and the first line ${header.length}` });
  for (const [index, column] of header.entries()) {
    const cell = unguarded(cells[index] ?? '');
    if ('tag' in column) {
      tags[column.tag] = cell === '' ? null : cell;
      continue;
    }
    const text = cell.trim();
    const words = text.split(/[\s,;]+/).filter((word) => word !== '');
    switch (column.column) {
      case 'name':
        patch.name = text;
        break;
      case 'addresses':
      case 'aliases':
        patch[column.column] = words.length === 0 ? null : words;
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
        else faults.push({ column: 'ttl', message: `'${text}' is no number of seconds` });
        break;
      case 'ptr':
        if (/^(true|false|)$/i.test(text)) patch.ptr = text === '' ? null : text.toLowerCase() === 'true';
        else faults.push({ column: 'ptr', message: `'${text}' is neither true nor false` });
        break;
      case 'tags':
        Object.assign(tags, readTags(text, faults));
        break;
    }
  }
  if (Object.keys(tags).length > 0) patch.tags = tags;
  return { patch, faults };
}

function readTags(text: string, faults: RowFault[]): Record<string, string> {
  if (text === '') return {};
  try {
    const tags: unknown = JSON.parse(text);
    if (typeof tags === 'object' && tags !== null && Object.values(tags).every((value) => typeof value === 'string'))
      return tags as Record<string, string>;
  } catch {
    // Told below.
  }
  faults.push({ column: 'tags', message: 'is no JSON object of texts, such as {"app": "nginx"}' });
  return {};
}

/** Returns the fields without empty cells: the input for a new host. */
export function newHostInput({ tags, ...patch }: HostPatch): HostInput {
  const filled = (fields: object) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  return { ...filled(patch), ...(tags && { tags: filled(tags) as Record<string, string> }) };
}

/** Returns the first row of an export. */
export function headerCells(tagNames: readonly string[]): string[] {
  const own = columns.filter((column) => column !== 'tags' && column !== 'families');
  return [...own, ...tagNames.map((name) => tagPrefix + name), 'tags'];
}

/** Returns the row of a host whose addresses have their current pools. `tagNames`: the tags with columns. */
export function hostCells(host: Host, tagNames: readonly string[]): string[] {
  const pools = new Set(host.addresses.map(({ pool }) => pool));
  const [pool] = pools;
  const others = Object.entries(host.tags).filter(([name, value]) => value === '' || !tagNames.includes(name));
  return [
    host.name,
    host.addresses.map(({ address }) => address).join(' '),
    (pools.size === 1 && pool) || '',
    host.aliases.join(' '),
    host.ttl === null ? '' : String(host.ttl),
    String(host.ptr),
    host.owner,
    ...tagNames.map((name) => host.tags[name] ?? ''),
    others.length === 0 ? '' : JSON.stringify(Object.fromEntries(others)),
  ];
}
