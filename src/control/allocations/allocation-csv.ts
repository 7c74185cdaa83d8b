// Held addresses as rows of a spreadsheet, a row for each holder: the columns, and how a holder becomes a row and a row
// an allocation.

import { type Holder, maxExpirySeconds, type Port, traitsOf } from '../../model/allocation.ts';
import { InvalidValue, unlessInvalid } from '../../model/invalid-value.ts';
import { parseTimestamp, timestamp } from '../../model/timestamp.ts';
import { type Columns, type ReadColumn, readCells, type TagColumns, wordsOf } from '../csv/columns.ts';
import type { RowFault } from '../csv/row-faults.ts';
import { rulesOf } from '../reading/holder-rules.ts';
import type { SeenRecord } from '../reading/with-pools.ts';
import type { AllocationPatch } from './allocation-input.ts';

/** The columns of an export, without those of tags. */
const exported = [
  'address',
  'pool',
  'space',
  'since',
  'kind',
  'host',
  'id',
  'owner',
  'sharingKey',
  'ports',
  'expiresAt',
] as const;
export type AllocationColumn = (typeof exported)[number] | 'tags';

export const allocationColumns: Columns<AllocationColumn> = {
  of: 'allocations',
  names: [...exported, 'tags'],
  exported,
  needed: 'address',
};

/** The fields of an allocation in a row. Null: the cell is empty, so the field has its default. */
type AllocationRowPatch = Omit<AllocationPatch, 'expiresInSeconds'> & { expiresAt?: string | null };

/** The cells of a row. A cell that is empty, or that the file does not have, is absent. */
export interface AllocationCells {
  address?: string;
  pool?: string;
  space?: string;
  kind?: string;
  host?: string;
  id?: string;
  patch: AllocationRowPatch;
}

/**
 * Returns the cells of a row, and the faults of those that cannot be read. Does not read `since`, which no request
 * sets. `now`: milliseconds since the epoch.
 */
export function readAllocationRow(
  header: readonly ReadColumn<AllocationColumn>[],
  texts: readonly string[],
  now: number,
): { read: AllocationCells; faults: RowFault[] } {
  const { cells, tags, faults } = readCells(header, texts);
  const read: AllocationCells = { patch: { ...(tags && { tags }) } };
  for (const [column, cell] of cells) {
    const text = cell.trim();
    try {
      switch (column) {
        case 'address':
        case 'pool':
        case 'space':
        case 'host':
        case 'id':
          if (text !== '') read[column] = text;
          break;
        case 'kind':
          if (text !== '') read.kind = text.toLowerCase();
          break;
        case 'owner':
        case 'sharingKey':
          read.patch[column] = cell || null;
          break;
        case 'ports':
          read.patch.ports = text === '' ? null : wordsOf(text).map(parsePort);
          break;
        case 'expiresAt':
          read.patch.expiresAt = text === '' ? null : parseEnd(text, now);
          break;
      }
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      faults.push({ column, message: error.message });
    }
  }
  return { read, faults };
}

function parsePort(word: string): Port {
  const [, protocol, port] = /^(tcp|udp|sctp)\/(\d{1,5})$/i.exec(word) ?? [];
  if (protocol === undefined) throw new InvalidValue(`'${word}' is no port such as tcp/443`);
  return { protocol: protocol.toLowerCase() as Port['protocol'], port: Number(port) };
}

function parseEnd(text: string, now: number): string {
  const end = unlessInvalid(() => parseTimestamp(text));
  if (end === undefined) throw new InvalidValue(`'${text}' is no time such as 2026-03-03T12:00:00Z (RFC 3339)`);
  if (end <= now) throw new InvalidValue(`${text} is over: leave the row out, or name a later time`);
  if (end > now + maxExpirySeconds * 1000)
    throw new InvalidValue(`${text} is more than ${maxExpirySeconds} seconds from now`);
  return timestamp(end);
}

/** Returns the tags of a holder. A host has its tags in the export of hosts. */
export function tagsOf(holder: Holder) {
  return traitsOf(holder).tagsOf(holder) ?? {};
}

/** Returns the row of one holder of an address. */
export function holderCells({ address, pool, space, since }: SeenRecord, holder: Holder, tags: TagColumns): string[] {
  const { host = '', id = '' } = rulesOf(holder).cellsOf(holder);
  const expiresAt = traitsOf(holder).endOf(holder) ?? '';
  const { sharingKey = '', ports = [] } = holder;
  const own = [holder.kind, host, id, holder.owner, sharingKey, ports.map(portText).join(' '), expiresAt];
  return [address, pool ?? '', space, since, ...own, ...tags.cellsOf(tagsOf(holder))];
}

function portText({ protocol, port }: Port): string {
  return `${protocol}/${port}`;
}
