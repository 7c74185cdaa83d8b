// Guarded leases, on both stores: a busy main thread does not lose them. On etcd, a thread keeps them alive. This
// thread gives a lease up if the main thread is busy for too long, and changes to an endpoint that answers.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { decodeTimeToLive, encodeKeepAlive } from '../../src/store/lease-messages.ts';
import type { LeaseId, Store } from '../../src/store/store.ts';
import { beBusy } from '../support/be-busy.ts';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { freePorts } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { put, write } from './contract.ts';

/** Opens a store and guards a lease of two seconds. */
async function guarded(t: TestContext, { maxBusyMilliseconds = 60_000, dead = [] as string[] } = {}) {
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const endpoints = [...dead, etcd.endpoint];
  const store = await openEtcdStore({ endpoints, prefix: '/test', maxBusyMilliseconds });
  t.after(() => store.close());
  const lease = await store.grantLease(2);
  const release = store.guardLease(lease);
  await delay(1000);
  return { etcd, store, lease, release };
}

async function outlivesBusyThread(store: Store, lease: LeaseId, release: () => void): Promise<void> {
  const written = await write(store, put('a', '', lease));
  beBusy(8000);
  assert.equal((await store.get('a'))?.created, written);
  assert.equal(await store.keepLease(lease), true);
  await write(store, put('b', '', lease));
  release();
  await until(async () => (await store.list('')).entries.length === 0, 'the lease does not end', 30_000);
  assert.equal(await store.keepLease(lease), false);
}

it('in the embedded store, a guarded lease outlives a busy main thread, and ends when it is no longer guarded', async (t) => {
  const store = await openEmbeddedStore({ folder: await temporaryFolder(t) });
  t.after(() => store.close());
  const lease = await store.grantLease(2);
  await outlivesBusyThread(store, lease, store.guardLease(lease));
});

describe('guarded leases of etcd', { skip: skipWithoutEtcd() }, () => {
  it('a guarded lease outlives a busy main thread, and ends when it is no longer guarded', async (t) => {
    const { store, lease, release } = await guarded(t);
    await outlivesBusyThread(store, lease, release);
  });

  it('a main thread that is busy for longer than allowed loses its lease', async (t) => {
    const { store, lease } = await guarded(t, { maxBusyMilliseconds: 2000 });
    beBusy(10_000);
    assert.equal(await store.keepLease(lease), false);
  });

  it('the thread uses the endpoint that answers, also after etcd was away', async (t) => {
    const [port] = (await freePorts(1)) as [number];
    const { etcd, store, lease } = await guarded(t, { dead: [`http://127.0.0.1:${port}`] });
    beBusy(6000);
    assert.equal(await store.keepLease(lease), true);
    await etcd.stop();
    await etcd.start();
    await delay(2000);
    beBusy(6000);
    assert.equal(await store.keepLease(lease), true);
  });
});

it('the messages of the thread are those of etcd', () => {
  assert.equal(encodeKeepAlive('7587895432109876543' as LeaseId).toString('hex'), '000000000a08bfcadffd96d6e7a669');
  const answer = (message: string) =>
    Buffer.concat([Buffer.from([0, 0, 0, 0, message.length / 2]), Buffer.from(message, 'hex')]);
  const header = '0a0408011002';
  assert.equal(decodeTimeToLive(answer(`${header}10bfcadffd96d6e7a669180a`)), 10);
  assert.equal(decodeTimeToLive(answer(`${header}10bfcadffd96d6e7a669`)), 0);
  assert.equal(decodeTimeToLive(answer(`${header}180a`).subarray(0, -1)), undefined);
});
