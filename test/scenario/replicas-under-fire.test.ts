// Three replicas on one etcd, 64 clients and one pool, which is split and merged all the time, while a replica and etcd
// are killed and etcd is frozen. Every revision of the store is checked: no address has two holders, each comes from
// the pool that has it, nothing acknowledged is missing, the counters are right, every host resolves at every replica,
// and the ledger has each change once. `npm run test:fire` sends 6,000 requests for 4,000 addresses; `npm test` a
// quarter of that.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, reverseName } from '../../src/model/address.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { outboxKind } from '../../src/store/kinds/outbox.ts';
import type { Store } from '../../src/store/store.ts';
import { assertWhole, contentsOf } from '../control/whole.ts';
import { numberFromEnvironment } from '../differential/seed.ts';
import { AllocatingClients, type Taking } from '../support/allocating-clients.ts';
import { type CarriedOut, readHistory, textOf } from '../support/carried-out.ts';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { PatientSender } from '../support/patient-sender.ts';
import { Random } from '../support/random.ts';
import { ReplayedHistory } from '../support/replayed-history.ts';
import { answersOf, type Replica, startReplica } from '../support/replica.ts';
import { SplittingClient } from '../support/splitting-client.ts';
import { storeEntries } from '../support/store-dump.ts';
import { etcdFlags } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { assertToldOnce, readEvents } from '../support/told-events.ts';
import { until } from '../support/until.ts';

const requests = numberFromEnvironment('ZONEWRIGHT_TEST_FIRE_REQUESTS') ?? 1500;
const seed = numberFromEnvironment('ZONEWRIGHT_TEST_SEED') ?? Date.now() % 2 ** 31;
const clients = 64;
const zone = 'fire.test';
const pool = 'fire';
const part = 'part';
/** Two addresses for three requests: the pool is exhausted again and again in the second half. */
const capacity = Math.floor((requests * 2) / 3);
const frozenMilliseconds = 3000;
const questionsAtOnce = 64;

test('no address is given twice and nothing acknowledged is lost while replicas and etcd are killed and frozen', {
  skip: skipWithoutEtcd(),
  timeout: 600_000,
}, async (t) => {
  t.diagnostic(`ZONEWRIGHT_TEST_SEED=${seed} ZONEWRIGHT_TEST_FIRE_REQUESTS=${requests}`);
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const replicas = await startReplicas(t, etcdFlags(etcd));
  const [first] = replicas;
  await first.expect(201, 'POST', '/v1/zones', { name: zone });
  await first.expect(201, 'POST', '/v1/pools', { name: pool, ranges: [`10.20.0.0-${addressAt(capacity - 1)}`] });

  const sender = new PatientSender(replicas);
  const attackers = new AllocatingClients(sender, { seed, clients, requests, pool, part, zone });
  const splitter = new SplittingClient(sender, { pool, part, capacity, addressAt });
  const begun = performance.now();
  const running = attackers.run();
  const splitting = splitter.run(new Random(seed, clients), () => attackers.done === requests);
  const reached = (share: number) =>
    until(() => attackers.done >= requests * share, `only ${attackers.done} requests are done`, 200_000);
  const faults = (async () => {
    await reached(0.2);
    await first.kill();
    await first.start();
    await reached(0.45);
    await etcd.stop();
    await delay(500);
    await etcd.start();
    await reached(0.7);
    etcd.pause();
    await delay(frozenMilliseconds);
    etcd.resume();
  })();
  await Promise.all([running, splitting, faults]);
  const seconds = (performance.now() - begun) / 1000;

  const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
  t.after(() => store.close());
  await until(async () => (await store.count(outboxKind.prefix)) === 0, 'the outbox is not empty', 60_000);
  const history = await ReplayedHistory.of(store);
  assertAcknowledged(attackers.takings, history);
  assert.deepEqual(history.ofPools.slice(1), splitter.revisions, 'the splits and merges, as the client was told');
  assertWhole(contentsOf(await storeEntries(store)), { emptyZones: true });
  await assertCounted(replicas, history);
  for (const replica of replicas) await assertResolves(replica, history);
  await assertLedger(replicas, store);

  const refused = attackers.takings.filter(({ taken }) => taken === undefined).length;
  const exhausted = refused - attackers.withoutPart;
  const shared = [...history.addresses.values()].filter(({ holders }) => holders.length > 1).length;
  assert.ok(sender.repeated > 0, 'no request was repeated: the faults came too late');
  t.diagnostic(
    `${requests} requests in ${seconds.toFixed(1)} s: ${attackers.takings.length - refused} took addresses, ` +
      `${exhausted} found their pool exhausted, ${attackers.withoutPart} found none, ${sender.repeated} were repeated, ` +
      `${sender.late} came to a replica that lagged; ${splitter.revisions.length / 2} splits, ` +
      `${history.revisions} revisions, ${history.hosts.size} hosts and ${shared} shared addresses at the end`,
  );
});

async function startReplicas(t: TestContext, flags: string[]): Promise<[Replica, Replica, Replica]> {
  const folder = await temporaryFolder(t);
  const started = ['a', 'b', 'c'].map((name) => {
    mkdirSync(join(folder, name));
    return startReplica(t, join(folder, name), ['--replica', name, '--dns-threads', '1', ...flags]);
  });
  return (await Promise.all(started)) as [Replica, Replica, Replica];
}

/** Returns the address `offset` after 10.20.0.0. */
function addressAt(offset: number): string {
  return `10.20.${offset >> 8}.${offset & 255}`;
}

/**
 * Asserts that each taking was carried out exactly as its client was told, and at that revision: once, or not at all if
 * it was refused. Likewise its release.
 */
function assertAcknowledged(takings: readonly Taking[], history: ReplayedHistory): void {
  for (const taking of takings) {
    const turns = history.turns.get(taking.taker) ?? [];
    const shown = JSON.stringify({ taking, turns });
    const of = (what: string) => turns.filter((turn) => turn.what === what);
    const taken = of('taken').map(({ address }) => address);
    assert.deepEqual(taken.sort(), (taking.taken?.addresses ?? []).toSorted(), `taken otherwise than told: ${shown}`);
    for (const { revision } of of('taken')) assert.equal(revision, taking.taken?.revision, shown);
    const released = of('released');
    assert.equal(released.length, taking.released === undefined ? 0 : taken.length, `released otherwise: ${shown}`);
    if (taking.released) assert.equal(released.at(-1)?.revision, taking.released, shown);
    assert.equal(
      history.hosts.has(taking.taker),
      taking.kind === 'host' && taking.taken !== undefined && taking.released === undefined,
      `the host is missing, or was not deleted: ${shown}`,
    );
  }
  const known = new Set(takings.map(({ taker }) => taker));
  assert.deepEqual(
    [...history.turns.keys()].filter((taker) => !known.has(taker)),
    [],
    'nobody asked for these holders',
  );
}

/** Asserts that each replica counts the addresses of the pool as a recount of the store does, when it has caught up. */
async function assertCounted(replicas: readonly Replica[], { addresses }: ReplayedHistory): Promise<void> {
  const used = [...addresses.values()].filter(({ holders, givenBy }) => givenBy !== null && holders.length > 0).length;
  const expected = { capacity, used, recorded: 0, coolingDown: 0, carved: 0, free: capacity - used };
  const texts = Object.fromEntries(Object.entries(expected).map(([name, count]) => [name, String(count)]));
  for (const replica of replicas) {
    const read = async () => (await replica.expect<{ usage: { ipv4: object } }>(200, 'GET', `/v1/pools/${pool}`)).usage;
    await until(
      async () => textOf((await read()).ipv4) === textOf(texts),
      `${replica.folder} counts otherwise than ${textOf(texts)}`,
    );
  }
}

/**
 * Asserts that a replica answers the name of each host with its addresses, and each address with the name of its host.
 */
async function assertResolves(replica: Replica, history: ReplayedHistory): Promise<void> {
  const questions = [...history.hosts.values()].flatMap(({ name, addresses, aliases }) => [
    { name, type: 'A', wanted: addresses.map(({ address }) => `A ${address}`).sort() },
    ...aliases.map((alias) => ({ name: alias, type: 'CNAME', wanted: [`CNAME ${name}`] })),
    ...addresses.map(({ space, address }) => ({
      name: reverseName(address as Address),
      type: 'PTR',
      wanted: [`PTR ${history.ptrOf(space, address)}`],
    })),
  ]);
  const rest = questions.values();
  const ask = async () => {
    for (const { name, type, wanted } of rest) {
      // UDP may lose a question on a busy machine.
      const answers = () => replica.ask(name, type).then(answersOf, String);
      await until(
        async () => String(await answers()) === String(wanted),
        `${name} ${type} at ${replica.folder} is not ${wanted}`,
      );
    }
  };
  await Promise.all(Array.from({ length: questionsAtOnce }, ask));
}

/**
 * Returns the changes with the name of the pool in place of that of its part: which of the two an event names depends
 * on the splits before it.
 */
function withoutPart<Change extends CarriedOut>(changes: readonly Change[]): Change[] {
  return changes.map((change) => {
    if (change.resource === 'pool') return change;
    return JSON.parse(JSON.stringify(change).replaceAll(`"pool":"${part}"`, `"pool":"${pool}"`));
  });
}

/** Asserts that the replica with the ledger has each change of the store once, and that the others name it. */
async function assertLedger(replicas: readonly Replica[], store: Store): Promise<void> {
  const { changes } = await readHistory(store);
  let tellers = 0;
  for (const replica of replicas) {
    const { status, body } = await replica.request('GET', '/v1/events?limit=1');
    if (status !== 200) {
      assert.equal(body.code, 'ledger_elsewhere', JSON.stringify(body));
      continue;
    }
    assertToldOnce(withoutPart(await readEvents(replica)), withoutPart(changes));
    tellers += 1;
  }
  assert.equal(tellers, 1, 'one replica has the ledger');
}
