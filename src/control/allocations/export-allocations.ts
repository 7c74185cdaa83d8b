// Held addresses as CSV, a slice at a time: first the names of the tags, which become columns, then a row for each
// holder of an address.

import type { Address } from '../../model/address.ts';
import type { AddressRecord } from '../../model/allocation.ts';
import { csvChunks, csvLine } from '../../model/csv.ts';
import { type ChangingList, listInSlices } from '../../model/in-slices.ts';
import type { Versioned } from '../../views/versioned.ts';
import { tagColumnsOf } from '../csv/columns.ts';
import type { SeenRecord } from '../reading/with-pools.ts';
import { allocationColumns, holderCells, tagsOf } from './allocation-csv.ts';

/** Yields the file in chunks. `seen` returns a record as the actor may see it. */
export async function* exportAllocations(
  listing: ChangingList<Versioned<AddressRecord>, Address>,
  seen: (record: AddressRecord) => SeenRecord,
): AsyncGenerator<string> {
  const tags = await tagColumnsOf(listInSlices(listing), ({ value }) => seen(value).holders.map(tagsOf));
  yield* csvChunks(csvLine(tags.headerCells(allocationColumns)), rows());

  async function* rows(): AsyncGenerator<string> {
    for await (const { value } of listInSlices(listing)) {
      const record = seen(value);
      yield record.holders.map((holder) => csvLine(holderCells(record, holder, tags))).join('');
    }
  }
}
