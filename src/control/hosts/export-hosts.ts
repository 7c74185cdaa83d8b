// Hosts as CSV, a slice at a time: first the names of the tags, which become columns, then the rows.

import { csvChunks, csvLine } from '../../model/csv.ts';
import type { Host } from '../../model/host.ts';
import { type ChangingList, listInSlices } from '../../model/in-slices.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Versioned } from '../../views/versioned.ts';
import { tagColumnsOf } from '../csv/columns.ts';
import type { SeenHost } from '../reading/with-pools.ts';
import { hostCells, hostColumns } from './host-csv.ts';

/** Yields the file in chunks. `seen` returns a host as answers show it. */
export async function* exportHosts(
  listing: ChangingList<Versioned<Host>, Fqdn>,
  seen: (host: Host) => SeenHost,
): AsyncGenerator<string> {
  const tags = await tagColumnsOf(listInSlices(listing), ({ value }) => [value.tags]);
  yield* csvChunks(csvLine(tags.headerCells(hostColumns)), rows());

  async function* rows(): AsyncGenerator<string> {
    for await (const { value } of listInSlices(listing)) yield csvLine(hostCells(seen(value), tags));
  }
}
