// Short forms of the decisions of the use cases, and the zone, pool and host of the races (race-table.ts,
// races.test.ts).

import { usageInText } from '../../src/control/addresses/pool-usage.ts';
import { decideAllocateAddresses, type WantedAllocation } from '../../src/control/allocations/allocate-addresses.ts';
import { decideChangeAllocation } from '../../src/control/allocations/change-allocation.ts';
import { decideReleaseAddress } from '../../src/control/allocations/release-address.ts';
import { decideChangeHost } from '../../src/control/hosts/change-host.ts';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { decideDeleteHost } from '../../src/control/hosts/delete-host.ts';
import type { WantedHost } from '../../src/control/hosts/host-wanted.ts';
import { decideSwapHosts } from '../../src/control/hosts/swap-hosts.ts';
import type { Precondition } from '../../src/control/input/precondition.ts';
import { decideCarvePool } from '../../src/control/pools/carve-pool.ts';
import { decideDeletePool } from '../../src/control/pools/delete-pool.ts';
import { decideMergePool } from '../../src/control/pools/merge-pools.ts';
import { decidePutPool } from '../../src/control/pools/put-pool.ts';
import { decideSplitPool } from '../../src/control/pools/split-pool.ts';
import { existingPool } from '../../src/control/reading/existing.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { decideChangeRrsets } from '../../src/control/zones/change-rrsets.ts';
import { decideDeleteClearedZone, decideDeleteZone } from '../../src/control/zones/delete-zone.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseRange } from '../../src/model/address-range.ts';
import type { Allocation } from '../../src/model/allocation.ts';
import { parseName } from '../../src/model/name.ts';
import { type Pool, poolDefaults } from '../../src/model/pool.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import { serialKey } from '../../src/store/kinds/serial.ts';
import { zoneKey } from '../../src/store/kinds/zone.ts';
import type { Operation } from '../../src/store/store.ts';
import { putZone } from '../support/control-plane.ts';

export const putPool = (name: string, ranges: string[], more: Partial<Pool> = {}): Decide<unknown> => {
  const pool = { ...poolDefaults, id: name, name, ranges, ...more };
  return (context) => decidePutPool(context, { name, precondition: {}, change: () => pool });
};

export const renamePool = (name: string, to: string): Decide<unknown> => {
  return (context) => {
    const change = () => ({ ...existingPool(context, name).value, name: to });
    return decidePutPool(context, { name, precondition: {}, change });
  };
};

export const carvePool = (parent: string, name: string, prefixLength: number): Decide<unknown> => {
  return (context) => decideCarvePool(context, { parent, id: name, name, prefixLength, settings: {} });
};

export const splitPool = (from: string, name: string, ...ranges: string[]): Decide<unknown> => {
  const wanted = { pool: from, id: name, name, ranges: ranges.map(parseRange), precondition: {} };
  return (context) => decideSplitPool(context, wanted, usageInText());
};

export const mergePool = (pool: string, from: string): Decide<unknown> => {
  return (context) => decideMergePool(context, { pool, from, precondition: {} }, usageInText());
};

export const deletePool = (name: string): Decide<unknown> => {
  return (context) => decideDeletePool(context, { name, precondition: {} });
};

let ids = 0;
export const allocate = (address: string, more: Partial<WantedAllocation> = {}): Decide<unknown> => {
  const wanted = { pool: 'p', count: 1, addresses: [parseAddress(address)], owner: '', ids: [`id-${++ids}`], ...more };
  return (context) => decideAllocateAddresses(context, wanted);
};

export const allocateNext = (more: Partial<WantedAllocation>): Decide<unknown> => {
  const wanted = { pool: 'p', count: 1, owner: '', ids: [`id-${++ids}`], ...more };
  return (context) => decideAllocateAddresses(context, wanted);
};

/** Changes the allocation with this identifier; `@` is the only holder. */
export const changeAllocation = (address: string, more: Partial<Allocation>, id = '@'): Decide<unknown> => {
  const where = { space: 'default', address: parseAddress(address), id, precondition: {} };
  return (context) => decideChangeAllocation(context, { ...where, change: (current) => ({ ...current, ...more }) });
};

export const release = (address: string): Decide<unknown> => {
  return (context) =>
    decideReleaseAddress(context, { space: 'default', address: parseAddress(address), precondition: {} });
};

export const endCoolDown = (address: string): Decide<unknown> => {
  const wanted = { space: 'default', address: parseAddress(address), precondition: {}, endsCoolDown: true };
  return (context) => decideReleaseAddress(context, wanted);
};

function hostWanted(name: string, address: string, more: Partial<WantedHost>): WantedHost {
  const texts = { aliases: [], ttl: null, ptr: false, owner: '', tags: {} };
  return { name: parseName(name), addresses: [parseAddress(address)], ...texts, ...more };
}

export const createHost = (name: string, address: string, more: Partial<WantedHost> = {}): Decide<unknown> => {
  return (context) => decideCreateHost(context, hostWanted(name, address, more));
};

export const changeHost = (name: string, address: string, more: Partial<WantedHost>): Decide<unknown> => {
  const change = () => hostWanted(name, address, more);
  return (context) => decideChangeHost(context, { name: parseName(name), precondition: {}, change });
};

export const deleteHost = (name: string): Decide<unknown> => {
  return (context) => decideDeleteHost(context, { name: parseName(name), precondition: {} });
};

export const swapHosts = (name: string, other: string): Decide<unknown> => {
  const swap = { name: parseName(name), with: parseName(other), families: undefined };
  return (context) => decideSwapHosts(context, swap);
};

/** Puts an RRset of one record. Without a record, deletes the RRset. */
export const putRrset = (
  zone: string,
  owner: string,
  typeText: string,
  record?: string,
  zonePrecondition: Precondition = {},
): Decide<unknown> => {
  const type = parseRecordType(typeText);
  const rrset = record === undefined ? undefined : { type, records: [record] };
  const change = { owner: parseName(owner), type, rrset, path: '' };
  return (context) => decideChangeRrsets(context, { zone: parseName(zone), changes: [change], zonePrecondition });
};

export const write = (key: string, value = ''): Operation[] => [{ kind: 'put', key, value }];
export const erase = (key: string): Operation[] => [{ kind: 'delete', key }];

/** Returns the same decision, made two hours later. */
export const later = <T>(decide: Decide<T>): Decide<T> => {
  return (context) => decide({ ...context, now: context.now + 2 * 3600_000 });
};

export const z = parseName('z');
export const reverse = parseName('0.0.10.in-addr.arpa');
export const [atZ, serialOfZ] = [zoneKey(z), serialKey(z)];

export const zone = putZone(z, { nameservers: [parseName('ns.example')] });
export const pool = putPool('p', ['10.0.0.0/29']);
export const host = createHost('a.z', '10.0.0.1');
export const deleteZone: Decide<unknown> = (context) => decideDeleteZone(context, { name: z, precondition: {} });
export const deleteUnreadable: Decide<unknown> = (context) =>
  decideDeleteClearedZone(context, { name: z, precondition: {} });
