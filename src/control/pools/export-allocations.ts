// Held addresses as CSV, a slice at a time: a row for each holder of an address.

import type { Address } from '../../model/address.ts';
import type { AddressRecord } from '../../model/allocation.ts';
import { csvChunks, csvLine } from '../../model/csv.ts';
import { type ChangingList, listInSlices } from '../../model/in-slices.ts';
import type { Versioned } from '../../views/versioned.ts';

const columns = [
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
  'tags',
] as const;

/** Yields the file in chunks. `seen` returns a record as the actor may see it. */
export async function* exportAllocations(
  listing: ChangingList<Versioned<AddressRecord>, Address>,
  seen: (record: AddressRecord) => AddressRecord,
): AsyncGenerator<string> {
  yield* csvChunks(csvLine(columns), rows());

  async function* rows(): AsyncGenerator<string> {
    for await (const { value } of listInSlices(listing)) yield rowsOf(seen(value));
  }
}

function rowsOf({ address, pool, space, since, holders }: AddressRecord): string {
  return holders
    .map((holder) => {
      const allocation = holder.kind === 'allocation' ? holder : undefined;
      const ports = allocation?.ports?.map(({ protocol, port }) => `${protocol}/${port}`) ?? [];
      const tags = allocation?.tags === undefined ? '' : JSON.stringify(allocation.tags);
      const host = holder.kind === 'host' ? holder.host : '';
      const { id = '', sharingKey = '', expiresAt = '' } = allocation ?? {};
      const own = [holder.kind, host, id, holder.owner, sharingKey, ports.join(' '), expiresAt, tags];
      return csvLine([address, pool ?? '', space, since, ...own]);
    })
    .join('');
}
