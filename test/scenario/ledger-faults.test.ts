// The ledger has each change once, although replicas, etcd and PostgreSQL are killed and frozen meanwhile: three
// replicas on one etcd, 64 clients, and a ledger in SQLite or in PostgreSQL. test/support/carried-out.ts computes the
// expected events from the store.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { leaderKey, leaderValue } from '../../src/store/kinds/leader.ts';
import { ledgerHomeKey, ledgerHomeValue } from '../../src/store/kinds/ledger.ts';
import { outboxKind } from '../../src/store/kinds/outbox.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { readHistory, textOf } from '../support/carried-out.ts';
import { skipWithoutEtcd, startEtcd, type TestEtcd } from '../support/etcd.ts';
import { skipWithoutPostgresql, startPostgresql } from '../support/postgresql.ts';
import { type Replica, startReplica } from '../support/replica.ts';
import { etcdFlags } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { assertSame, assertToldOnce, readEvents, readList, type Told } from '../support/told-events.ts';
import { until } from '../support/until.ts';
import { clientsPools, clientsZone, WritingClients } from '../support/writing-clients.ts';

/** How long faults are made: at least one round, or for as many seconds as ZONEWRIGHT_TEST_FAULT_SECONDS says. */
const faultSeconds = Number(process.env.ZONEWRIGHT_TEST_FAULT_SECONDS ?? 0);
const timeout = (faultSeconds * 2 + 600) * 1000;
const waitMilliseconds = 60_000;
const clientCount = 64;
/** How long a replica is frozen so that another one leads: until its lease has ended, and the other has tried again. */
const takeOverMilliseconds = 14_000;

interface Hold {
  holder: string;
  owner: string;
  from: string | null;
  until: string | null;
  lost?: unknown;
}

/** What a round of faults may kill, and the clients. */
class Scene {
  readonly etcd: TestEtcd;
  readonly replicas: readonly Replica[];
  readonly store: Store;
  readonly clients: WritingClients;

  private constructor(etcd: TestEtcd, replicas: readonly Replica[], store: Store) {
    this.etcd = etcd;
    this.replicas = replicas;
    this.store = store;
    this.clients = new WritingClients(replicas);
  }

  static async start(t: TestContext, ...flags: string[]): Promise<Scene> {
    const etcd = await startEtcd();
    t.after(() => etcd.close());
    const folder = await temporaryFolder(t);
    const replicas: Replica[] = [];
    for (const name of ['a', 'b', 'c']) {
      const own = join(folder, name);
      mkdirSync(own);
      replicas.push(
        await startReplica(t, own, ['--replica', name, '--dns-threads', '1', ...etcdFlags(etcd), ...flags]),
      );
    }
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
    t.after(() => store.close());
    const [first] = replicas as [Replica, ...Replica[]];
    for (const pool of clientsPools) await first.expect(201, 'POST', '/v1/pools', pool);
    await first.expect(201, 'POST', '/v1/zones', { name: clientsZone });
    return new Scene(etcd, replicas, store);
  }

  /** Waits for the replica that leads the ledger, and returns it. */
  leader(): Promise<Replica> {
    return this.#named(async () => {
      const entry = await this.store.get(leaderKey('ledger'));
      return entry && leaderValue.decode(entry.value).replica;
    }, 'no replica leads');
  }

  /** Waits for the replica that has the file of the ledger, and returns it. */
  home(): Promise<Replica> {
    return this.#named(async () => {
      const entry = await this.store.get(ledgerHomeKey);
      return entry && ledgerHomeValue.decode(entry.value).replica;
    }, 'the ledger has no home');
  }

  others(than: Replica): Replica[] {
    return this.replicas.filter((replica) => replica !== than);
  }

  /** Returns how many transactions wait for the ledger; undefined while etcd cannot be reached. */
  waiting(): Promise<number | undefined> {
    return unlessAway(this.store.count(outboxKind.prefix));
  }

  /** Resolves when the backlog has begun to shrink: a replica drains it. */
  async untilDraining(): Promise<void> {
    let largest = 0;
    const isSmaller = async () => {
      const waiting = (await this.waiting()) ?? largest;
      largest = Math.max(largest, waiting);
      return waiting < largest;
    };
    await until(isSmaller, 'nobody drains', waitMilliseconds);
  }

  async freezeEtcd(milliseconds: number): Promise<void> {
    this.etcd.pause();
    await delay(milliseconds);
    this.etcd.resume();
    await this.#untilEtcdAnswers();
  }

  async killEtcd(): Promise<void> {
    await this.etcd.stop();
    await delay(500);
    await this.etcd.start();
    await this.#untilEtcdAnswers();
  }

  #untilEtcdAnswers(): Promise<void> {
    return until(async () => (await this.waiting()) !== undefined, 'etcd does not answer', waitMilliseconds);
  }

  async #named(read: () => Promise<string | undefined>, otherwise: string): Promise<Replica> {
    let found: Replica | undefined;
    await until(
      async () => {
        const name = await unlessAway(read());
        found = this.replicas.find(({ folder }) => folder.endsWith(`/${name}`));
        return found !== undefined;
      },
      otherwise,
      waitMilliseconds,
    );
    return found as Replica;
  }
}

function unlessAway<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (error instanceof StoreUnavailable) return undefined;
    throw error;
  });
}

async function freeze(replica: Replica, milliseconds: number): Promise<void> {
  process.kill(replica.pid, 'SIGSTOP');
  await delay(milliseconds);
  process.kill(replica.pid, 'SIGCONT');
}

async function restart(replica: Replica, awayMilliseconds: number): Promise<void> {
  await replica.kill();
  await delay(awayMilliseconds);
  await replica.start();
}

async function makeFaults(scene: Scene, round: () => Promise<void>): Promise<void> {
  const end = performance.now() + faultSeconds * 1000;
  scene.clients.start(clientCount);
  await delay(1500);
  do await round();
  while (performance.now() < end);
  await scene.clients.stop();
  await until(async () => (await scene.waiting()) === 0, 'the outbox is not empty', 120_000);
}

test('a SQLite ledger is complete after its replica, the others and etcd were killed and frozen', {
  skip: skipWithoutEtcd(),
  timeout,
}, async (t) => {
  const scene = await Scene.start(t);
  const { clients } = scene;
  await makeFaults(scene, async () => {
    const home = await scene.home();
    const [other, another] = scene.others(home) as [Replica, Replica];
    // Kills the replica with the ledger, so that the events of the others wait. Kills it again while it drains them.
    await restart(home, 3000);
    await scene.untilDraining();
    await restart(home, 0);
    await scene.freezeEtcd(2000);
    await Promise.all([restart(other, 500), scene.killEtcd()]);
    await Promise.all([freeze(home, 2500), freeze(another, 1500)]);
    await scene.untilDraining();
    await Promise.all([restart(home, 0), scene.killEtcd()]);
    await delay(1000);
  });
  const home = await scene.home();
  await assertComplete(scene, [home]);
  for (const other of scene.others(home))
    assert.equal((await other.request('GET', '/v1/events')).body.code, 'ledger_elsewhere');
  t.diagnostic(summaryOf(clients));
});

test('a PostgreSQL ledger is complete after PostgreSQL was stopped, and the leader, etcd and replicas were killed and frozen', {
  skip: skipWithoutEtcd() || skipWithoutPostgresql(),
  timeout,
}, async (t) => {
  const postgresql = await startPostgresql(t);
  const scene = await Scene.start(t, '--ledger', postgresql.newDatabase());
  const { clients } = scene;
  await makeFaults(scene, async () => {
    await postgresql.stop();
    await delay(4000);
    await until(async () => ((await scene.waiting()) ?? 0) > 0, 'nothing waits');
    await postgresql.start();
    const draining = await scene.leader();
    await scene.untilDraining();
    await restart(draining, 0);
    await scene.freezeEtcd(1500);
    const frozen = await scene.leader();
    const thawed = freeze(frozen, takeOverMilliseconds);
    // Events wait until another replica leads. Then PostgreSQL dies, while the old leader believes that it leads.
    const [other] = scene.others(frozen) as [Replica];
    await Promise.all([restart(other, 500), thawed]);
    await Promise.all([postgresql.stop(), scene.killEtcd()]);
    await postgresql.start();
    await delay(1000);
  });
  await assertComplete(scene, scene.replicas);
  t.diagnostic(summaryOf(clients));
});

/** Asserts that each of these replicas lists exactly the changes that were carried out. */
async function assertComplete({ store, clients }: Scene, tellers: readonly Replica[]): Promise<void> {
  const history = await readHistory(store);
  for (const teller of tellers) {
    const events = await readEvents(teller);
    assertToldOnce(events, history.changes);
    assertAsAnswered(clients, events);
    await assertSubjects(teller, events);
    await assertHolds(teller, history.uses, events);
  }
  assert.ok(history.changes.length > 200, `only ${history.changes.length} changes`);
  assert.ok(clients.count('refused') > 100, `only ${clients.count('refused')} refusals`);
}

/** Asserts that each request that was carried out has its events once, and that refused requests have none. */
function assertAsAnswered({ sent }: WritingClients, events: readonly Told[]): void {
  const told = new Set(events.map(({ actor }) => actor.requestId));
  for (const request of sent) {
    const toldOf = request.attempts.filter(({ id }) => told.has(id));
    const shown = JSON.stringify(request);
    assert.ok(toldOf.length <= 1, `a request was carried out twice: ${shown}`);
    assert.ok(
      !toldOf.some(({ outcome }) => outcome === 'refused'),
      `a request was refused, and has an event: ${shown}`,
    );
    const isDone = request.attempts.at(-1)?.outcome === 'done';
    assert.ok(
      !isDone || toldOf.length === 1 || request.mayBeIdle,
      `a request was carried out, and has no event: ${shown}`,
    );
  }
}

/**
 * Asserts that the events of a subject are the same, in the same order, in its own list and in the list of all events.
 */
async function assertSubjects(teller: Replica, events: readonly Told[]): Promise<void> {
  const bySubject = Map.groupBy(events, ({ name }) => name);
  const busiest = [...bySubject].toSorted((a, b) => b[1].length - a[1].length).slice(0, 20);
  for (const [name, expected] of busiest) {
    const found = await readList<Told>(teller, `/v1/events?subject=${encodeURIComponent(name)}&`, 7);
    assert.deepEqual(
      found.reverse().map(({ id }) => id),
      expected.map(({ id }) => id),
    );
  }
}

type History = Awaited<ReturnType<typeof readHistory>>;

/** Asserts that the addresses with the most changes have the same holds in the ledger as in the store's history. */
async function assertHolds(teller: Replica, uses: History['uses'], events: readonly Told[]): Promise<void> {
  const times = new Map(events.map(({ revision, at }) => [revision, at]));
  const byAddress = Map.groupBy(uses, ({ address }) => address);
  const busiest = [...byAddress].toSorted((a, b) => b[1].length - a[1].length).slice(0, 40);
  for (const [address, all] of busiest) {
    const open = new Map<string, { holder: string; from: string | null; until: string | null }>();
    const expected = [];
    for (const { action, holder, revision } of all) {
      const at = times.get(revision) ?? null;
      if (action === 'released') {
        const hold = open.get(holder);
        assert.ok(hold !== undefined, `${holder} has released ${address} without having it`);
        hold.until = at;
        open.delete(holder);
        continue;
      }
      assert.ok(!open.has(holder), `${holder} has taken ${address} twice`);
      const hold = { holder, from: at, until: null };
      open.set(holder, hold);
      expected.push(hold);
    }
    const found = await readList<Hold>(teller, `/v1/addresses/${address}/history?`);
    const shown = found.map(({ holder, owner, from, until, lost }) => {
      return { holder: `${holder.slice(holder.indexOf(':') + 1)} ${owner}`, from, until, lost };
    });
    assertSame(shown.map(textOf), expected.map(textOf));
  }
}

function summaryOf(clients: WritingClients): string {
  const counts = (['done', 'refused', 'unknown'] as const).map((outcome) => `${clients.count(outcome)} ${outcome}`);
  return `${clients.sent.length} requests: ${counts.join(', ')}`;
}
