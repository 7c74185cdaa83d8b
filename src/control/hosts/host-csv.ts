// Hosts as rows of a spreadsheet: its columns, and how a host becomes a row and a row a host.

import { type Family, parseAddress } from '../../model/address.ts';
import { type Host, sharingOf } from '../../model/host.ts';
import { unlessInvalid } from '../../model/invalid-value.ts';
import { type Columns, type ReadColumn, readCells, type TagColumns, withoutEmpty, wordsOf } from '../csv/columns.ts';
import type { RowFault } from '../csv/row-faults.ts';
import type { SeenHost } from '../reading/with-pools.ts';
import type { HostInput } from './host-input.ts';

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

/** A cell that is read into a row. */
interface Cell {
  /** The cell as it is, without white space at its ends, and its words. */
  cell: string;
  text: string;
  words: string[];
  /** The addresses that the row names. */
  named: readonly string[];
  row: ReadRow;
  /** Adds a fault of this cell. */
  fault(message: string): void;
}

interface ReadRow {
  patch: HostPatch;
  flags: RowFlags;
}

interface HostColumnRules {
  /** Returns the cell of a host in an export. Absent: no export has the column. */
  show?(host: SeenHost): string;
  read(cell: Cell): void;
}

/** The columns in the order of an export, without those of tags. */
const columns = {
  name: {
    show: ({ name }) => name,
    read: ({ row, text }) => {
      row.patch.name = text;
    },
  },
  addresses: {
    show: ({ addresses }) => addresses.map(({ address }) => address).join(' '),
    read: ({ row, words }) => {
      row.patch.addresses = words.length === 0 ? null : words;
    },
  },
  pool: {
    show: ({ addresses }) => {
      const pools = new Set(addresses.map(({ pool }) => pool));
      const [pool] = pools;
      return (pools.size === 1 && pool) || '';
    },
    read: ({ row, text }) => {
      row.patch.pool = text || null;
    },
  },
  aliases: {
    show: ({ aliases }) => aliases.join(' '),
    read: ({ row, words }) => {
      row.patch.aliases = words.length === 0 ? null : words;
    },
  },
  ttl: {
    show: ({ ttl }) => (ttl === null ? '' : String(ttl)),
    read: ({ row, text, fault }) => {
      if (/^\d*$/.test(text)) row.patch.ttl = text === '' ? null : Number(text);
      else fault(`'${text}' is no number of seconds`);
    },
  },
  ptr: {
    show: ({ ptr }) => String(ptr),
    read: ({ row, text, fault }) => {
      if (/^(true|false|)$/i.test(text)) row.patch.ptr = text === '' ? null : text.toLowerCase() === 'true';
      else fault(`'${text}' is neither true nor false`);
    },
  },
  owner: {
    show: ({ owner }) => owner,
    read: ({ row, cell }) => {
      row.patch.owner = cell || null;
    },
  },
  shared: flagColumn('shared'),
  ptrFor: flagColumn('ptrFor'),
  families: {
    // An export names the addresses.
    read: ({ row, words }) => {
      row.patch.families = words.length === 0 ? null : (words as Family[]);
    },
  },
} satisfies Record<string, HostColumnRules>;

type OwnColumn = keyof typeof columns;
const rules: Readonly<Record<OwnColumn, HostColumnRules>> = columns;
const exported = (Object.keys(columns) as OwnColumn[]).filter((column) => rules[column].show !== undefined);
export type HostColumn = OwnColumn | 'tags';

export const hostColumns: Columns<HostColumn> = {
  of: 'hosts',
  names: [...exported, 'tags', 'families'],
  exported,
  needed: 'name',
};

/** The column of a flag: the addresses of the row that have it, or `true` for all of them. */
function flagColumn(flag: keyof RowFlags): HostColumnRules {
  return {
    show: ({ addresses }) =>
      addresses
        .filter((one) => one[flag] === true)
        .map(({ address }) => address)
        .join(' '),
    read: ({ row, text, words, named, fault }) => {
      const flagged = /^true$/i.test(text) ? named : words.map(sameForm);
      row.flags[flag] = flagged;
      for (const word of flagged) if (!named.includes(word)) fault(`${word} is not in the column addresses of the row`);
    },
  };
}

/** Returns the fields and flags that a row has, and the faults of cells that cannot be read. */
export function readHostRow(
  header: readonly ReadColumn<HostColumn>[],
  texts: readonly string[],
): ReadRow & { faults: RowFault[] } {
  const { cells, tags, faults } = readCells<OwnColumn>(header, texts);
  const row: ReadRow = { patch: { ...(tags && { tags }) }, flags: {} };
  const named = wordsOf(cells.get('addresses') ?? '').map(sameForm);
  for (const [column, cell] of cells) {
    const fault = (message: string) => void faults.push({ column, message });
    rules[column].read({ cell, text: cell.trim(), words: wordsOf(cell), named, row, fault });
  }
  return { ...row, faults };
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
  return [...exported.map((column) => rules[column].show?.(host) ?? ''), ...tags.cellsOf(host.tags)];
}
