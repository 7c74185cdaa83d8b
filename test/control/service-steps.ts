// Steps of services, as MetalLB calls the holders of addresses, and tables of such steps, on both stores and at two
// replicas in turn (cases-of-others.test.ts). A service is a host, or an allocation if it shares its address.

import assert from 'node:assert/strict';
import { after, it, type TestContext } from 'node:test';
import { decideAllocateAddresses } from '../../src/control/allocations/allocate-addresses.ts';
import { decideReleaseAddress } from '../../src/control/allocations/release-address.ts';
import { decideChangeHost } from '../../src/control/hosts/change-host.ts';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import type { WantedHost } from '../../src/control/hosts/host-wanted.ts';
import { decideDeletePool } from '../../src/control/pools/delete-pool.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { type ErrorCode, Refusal } from '../../src/errors.ts';
import { type Address, parseAddress } from '../../src/model/address.ts';
import type { Port } from '../../src/model/allocation.ts';
import type { Host } from '../../src/model/host.ts';
import { parseName } from '../../src/model/name.ts';
import type { Pool } from '../../src/model/pool.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import type { Store } from '../../src/store/store.ts';
import { type ControlPlane, embeddedStore, openReplica, putZone } from '../support/control-plane.ts';
import { skipWithoutEtcd, startEtcd, type TestEtcd } from '../support/etcd.ts';
import { storeEntries } from '../support/store-dump.ts';
import { changeAllocation, deleteHost, putPool } from './steps.ts';
import { assertWhole, contentsOf } from './whole.ts';

const zone = putZone(parseName('svc'));

/** A step of a table: its text, its decision, and its outcome: a code, or the addresses that the service then has. */
export type Step = [what: string, decide: Decide<unknown>, outcome: string[] | ErrorCode | 'done'];

export type Pools = Record<string, Partial<Pool> & { ranges: string[] }>;

function hostNamed(service: string, more: Partial<WantedHost>): WantedHost {
  return { name: parseName(`${service}.svc`), aliases: [], ttl: null, ptr: false, owner: '', tags: {}, ...more };
}

/** The service moves to this address, or begins with it. */
export function takes(service: string, ...addresses: string[]): Decide<unknown> {
  const wanted = hostNamed(service, { addresses: addresses.map(parseAddress) });
  return (context) => decideChangeHost(context, { name: wanted.name, precondition: {}, change: () => wanted });
}

/** The service begins with the next address, from this pool or, without a pool, from any. */
export function gets(service: string, more: Partial<WantedHost> = {}): Decide<unknown> {
  const wanted = hostNamed(service, more);
  return (context) => decideCreateHost(context, wanted);
}

export const frees = (service: string) => deleteHost(`${service}.svc`);

export function portsOf(...texts: string[]): Port[] {
  return texts.map((text) => {
    const [protocol, port] = text.split('/') as [Port['protocol'], string];
    return { protocol, port: Number(port) };
  });
}

interface Sharing {
  pool: string;
  key?: string;
  port?: string;
  address?: string;
  family?: 'ipv4' | 'ipv6';
}

/** The service is given an address as an allocation, which it may share. */
export function shares(service: string, { pool, key, port, address, family }: Sharing): Decide<unknown> {
  const wanted = {
    pool,
    count: 1,
    owner: service,
    ids: [service],
    ...(key !== undefined && { sharingKey: key }),
    ...(port !== undefined && { ports: portsOf(port) }),
    ...(address !== undefined && { addresses: [parseAddress(address)] }),
    ...(family && { family }),
  };
  return (context) => decideAllocateAddresses(context, wanted);
}

export function changes(
  service: string,
  address: string,
  more: { sharingKey?: string; ports?: Port[] },
): Decide<unknown> {
  return (context) => {
    const record = context.views.pools.address('default', parseAddress(address))?.value;
    assert.ok(record?.holders.some((holder) => holder.kind === 'allocation' && holder.id === service));
    return changeAllocation(address, more, service)(context);
  };
}

export function leaves(service: string, address: string): Decide<unknown> {
  const at = { space: 'default', address: parseAddress(address), precondition: {} };
  const leaves = (holder: { kind: string; id?: string }) => holder.id === service;
  return (context) => decideReleaseAddress(context, { ...at, leaves });
}

export function deletePool(name: string): Decide<unknown> {
  return (context) => decideDeletePool(context, { name, precondition: {} });
}

/** Returns the addresses in the result of a decision. */
export function addressesIn(result: unknown): string[] {
  if (Array.isArray(result)) return result.map(({ address }: { address: Address }) => address as string);
  const { host = result } = (result ?? {}) as { host?: unknown };
  return ((host as Host | undefined)?.addresses ?? []).map(({ address }) => address as string);
}

export async function codeOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'done',
    (error: unknown) => {
      if (error instanceof Refusal) return error.code;
      throw error;
    },
  );
}

let etcd: TestEtcd | undefined;
let prefixes = 0;
const etcdUnderTest = async (): Promise<TestEtcd> => {
  etcd ??= await startEtcd();
  return etcd;
};
after(() => etcd?.close());

/** Two clients of one store. */
export const stores: { name: string; skip: string | false; open(t: TestContext): Promise<[Store, Store]> }[] = [
  {
    name: 'embedded',
    skip: false,
    open: async (t) => {
      const store = await embeddedStore(t);
      return [store, store];
    },
  },
  {
    name: 'etcd',
    skip: skipWithoutEtcd(),
    open: async (t) => {
      const { endpoint } = await etcdUnderTest();
      prefixes += 1;
      const open = () => openEtcdStore({ endpoints: [endpoint], prefix: `/others-${prefixes}` });
      const opened: [Store, Store] = [await open(), await open()];
      for (const store of opened) t.after(() => store.close());
      return opened;
    },
  },
];

/** Opens two replicas with these pools. */
export async function replicasWith(
  t: TestContext,
  opened: [Store, Store],
  pools: Pools,
): Promise<[ControlPlane, ControlPlane]> {
  const replicas: [ControlPlane, ControlPlane] = [await openReplica(t, opened[0]), await openReplica(t, opened[1])];
  await replicas[0].commit(zone);
  for (const [name, { ranges, ...more }] of Object.entries(pools))
    await replicas[0].commit(putPool(name, ranges, more));
  await replicas[1].views.reached(replicas[0].views.revision);
  return replicas;
}

/** Carries out the steps in order, at the two replicas in turn. A refused step changes nothing. */
export function table(source: string, pools: Pools, steps: Step[]): void {
  for (const { name, skip, open } of stores) {
    it(`${source} (${name})`, { skip }, async (t) => {
      const replicas = await replicasWith(t, await open(t), pools);
      for (const [index, [what, decide, outcome]] of steps.entries()) {
        const replica = replicas[index % 2] as ControlPlane;
        const { revision } = await replica.store.list('', { limit: 1 });
        for (const { views } of replicas) await views.reached(revision);
        const before = await storeEntries(replica.store);
        const done = await replica.attempt(decide);
        if (done instanceof Refusal) {
          assert.equal(done.code, outcome, `${what}: ${done.message}`);
          assert.deepEqual(await storeEntries(replica.store), before, `${what}: refused, and has changed something`);
        } else if (Array.isArray(outcome)) assert.deepEqual(addressesIn(done.result), outcome, what);
        else assert.equal(outcome, 'done', `${what}: was not refused`);
        assertWhole(contentsOf(await storeEntries(replica.store)), { emptyZones: true });
      }
    });
  }
}

/** The service is applied again, as it stands or with these fields. */
export function changed(service: string, more: Partial<WantedHost> = {}): Decide<unknown> {
  const wanted = hostNamed(service, more);
  return (context) => decideChangeHost(context, { name: wanted.name, precondition: {}, change: () => wanted });
}
