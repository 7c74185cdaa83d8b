// The released addresses that a host held last, by the name of that host.

import { addressNumber } from '../model/address.ts';
import type { AddressRecord } from '../model/allocation.ts';
import type { Fqdn } from '../model/name.ts';
import { compareNumbers } from './free-space.ts';

export class FormerAddresses {
  /** By the name of the host and by `space/address`. */
  readonly #records = new Map<Fqdn, Map<string, AddressRecord>>();

  /** Returns the addresses that a host of this name held last, the latest release first. */
  of(host: Fqdn): AddressRecord[] {
    const compare = (a: AddressRecord, b: AddressRecord) =>
      Date.parse(b.since) - Date.parse(a.since) || compareNumbers(addressNumber(a.address), addressNumber(b.address));
    return [...(this.#records.get(host)?.values() ?? [])].sort(compare);
  }

  add(record: AddressRecord): void {
    const { former } = record;
    if (former === undefined) return;
    this.#records.getOrInsertComputed(former.host, () => new Map()).set(placeOf(record), record);
  }

  delete(record: AddressRecord): void {
    const { former } = record;
    if (former === undefined) return;
    const places = this.#records.get(former.host);
    places?.delete(placeOf(record));
    if (places?.size === 0) this.#records.delete(former.host);
  }
}

function placeOf({ space, address }: AddressRecord): string {
  return `${space}/${address}`;
}
