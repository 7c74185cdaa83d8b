// A replica is killed after the store has committed changes and before their clients are answered. The client that
// repeats its request with the same Idempotency-Key gets what the lost answer had: the same addresses, taken once.

import assert from 'node:assert/strict';
import { watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { hostKind } from '../../src/store/kinds/host.ts';
import { idempotencyKey, idempotencyValue } from '../../src/store/kinds/idempotency.ts';
import { environmentToken } from '../../src/store/kinds/token.ts';
import type { Store } from '../../src/store/store.ts';
import { assertWhole, contentsOf } from '../control/whole.ts';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { type Answer, type Replica, startReplica } from '../support/replica.ts';
import { storeEntries } from '../support/store-dump.ts';
import { etcdFlags } from '../support/stores.ts';
import { type Cleanup, inScope, temporaryFolder } from '../support/temporary.ts';

/** A round is repeated until a commit had no answer: the signal may come before a commit, or after all answers. */
const maxRounds = 12;
const requestsInRound = 100;
/** The replica is killed at this change: the first transactions have few requests. */
const killedAt = 3;
/** The nice value of the replica that is killed: this process must run before it, when both want the processor. */
const lowest = 19;
const zone = 'killed.test';

interface Scene {
  /** The replica that is killed, and the one that the clients ask afterwards. */
  killed: Replica;
  asked: Replica;
  /** Calls `changed` as soon as the store has changed, each time. */
  onCommit(changed: () => void): Promise<() => void>;
  /** Opens the store while the killed replica does not run. */
  open(scope: Cleanup): Promise<Store>;
}

interface Request {
  key: string;
  path: string;
  body: object;
}

/** Hosts and allocations in turn. Each takes one address. */
function requestsOf(round: number): Request[] {
  return Array.from({ length: requestsInRound }, (_, index) => {
    const key = `r${round}-${index}`;
    return index % 2 === 0
      ? { key, path: '/v1/hosts', body: { name: `${key}.${zone}` } }
      : { key, path: '/v1/pools/p/allocations', body: { owner: key } };
  });
}

async function assertSameAnswers(t: TestContext, { killed, asked, onCommit, open }: Scene): Promise<void> {
  await killed.expect(201, 'POST', '/v1/zones', { name: zone });
  await killed.expect(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.30.0.0/22'] });
  const unanswered = { '/v1/hosts': 0, '/v1/pools/p/allocations': 0 };
  let sent = 0;
  for (let round = 0; Object.values(unanswered).every((count) => count === 0); round += 1) {
    assert.ok(round < maxRounds, `no commit without an answer: ${JSON.stringify(unanswered)}`);
    // The first request with a key also grants a lease, which changes the file of an embedded store.
    await sendTo(killed, { key: `warm-${round}`, path: '/v1/hosts', body: { name: `warm-${round}.${zone}` } });
    const requests = requestsOf(round);
    sent += 1 + requests.length;
    setPriority(killed.pid, lowest);
    let changes = 0;
    const ready = await onCommit(() => {
      changes += 1;
      if (changes === killedAt) process.kill(killed.pid, 'SIGKILL');
    });
    const first = await Promise.all(requests.map((request) => sendTo(killed, request).catch(() => undefined)));
    ready();
    await killed.kill();

    const kept = await inScope(async (scope) => {
      const store = await open(scope);
      return Promise.all(requests.map(({ key }) => store.get(idempotencyKey(environmentToken, key))));
    });
    if (asked === killed) await killed.start();
    for (const [index, request] of requests.entries()) {
      const [answered, entry] = [first[index], kept[index]];
      const again = await sendTo(asked, request);
      assert.equal(again.status, 201, JSON.stringify(again.body));
      if (answered !== undefined) assert.deepEqual(again.body, answered.body);
      assert.ok(answered === undefined || entry !== undefined, `${request.key} was answered, and is not in the store`);
      if (entry === undefined) continue;
      const committed = addressesIn(idempotencyValue.decode(entry.value).result);
      assert.deepEqual(addressesIn(again.body), committed, `${request.key} got another address`);
      assert.equal(again.headers.get('zonewright-revision'), String(entry.modified));
      if (answered === undefined) unanswered[request.path as keyof typeof unanswered] += 1;
    }
    if (asked !== killed) await killed.start();
  }
  t.diagnostic(`commits without an answer: ${JSON.stringify(unanswered)} of ${sent}`);
  await killed.kill();
  if (asked !== killed) await asked.kill();
  await inScope(async (scope) => {
    const contents = contentsOf(await storeEntries(await open(scope)));
    assertWhole(contents);
    assert.equal(contents.addresses.size, sent, 'a repeated request has taken another address');
  });
}

function sendTo(replica: Replica, { key, path, body }: Request): Promise<Answer> {
  return replica.request('POST', path, body, { 'idempotency-key': key });
}

/** Returns the addresses of a host, or of allocations, sorted. */
function addressesIn(answer: unknown): string[] {
  const found = JSON.stringify(answer).matchAll(/"address":"([^"]+)"/g);
  return [...new Set([...found].map(([, address]) => String(address)))].sort();
}

test('after a kill between the commit and the answer, a repeated request gets the same address: embedded store', async (t) => {
  const folder = await temporaryFolder(t);
  const replica = await startReplica(t, folder, ['--dns-threads', '1']);
  await assertSameAnswers(t, {
    killed: replica,
    asked: replica,
    onCommit: async (changed) => {
      // SQLite writes a commit to this file, and the replica answers after that.
      const watcher = watch(join(folder, 'store', 'store.sqlite-wal'), changed);
      return () => watcher.close();
    },
    open: async (scope) => {
      const store = await openEmbeddedStore({ folder: join(folder, 'store') });
      scope.after(() => store.close());
      return store;
    },
  });
});

test('after a kill between the commit and the answer, another replica gives the repeated request the same address: etcd', {
  skip: skipWithoutEtcd(),
}, async (t) => {
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const folder = await temporaryFolder(t);
  const [killed, asked] = await Promise.all(
    ['killed', 'asked'].map(async (name) => {
      await mkdir(join(folder, name));
      return startReplica(t, join(folder, name), ['--replica', name, '--dns-threads', '1', ...etcdFlags(etcd)]);
    }),
  );
  const open = async (scope: Cleanup) => {
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
    scope.after(() => store.close());
    return store;
  };
  const store = await open(t);
  await assertSameAnswers(t, {
    killed: killed as Replica,
    asked: asked as Replica,
    onCommit: async (changed) => {
      const ended = new AbortController();
      const { revision } = await store.list('', { limit: 1 });
      const follow = async () => {
        for await (const _ of store.watch(hostKind.prefix, (revision + 1) as typeof revision, ended.signal)) changed();
      };
      void follow();
      return () => ended.abort();
    },
    open,
  });
});
