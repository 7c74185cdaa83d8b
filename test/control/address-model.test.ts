// Random histories of requests for addresses, compared request by request with a simple model (address-model.ts): which
// addresses are given, which requests are refused, what the store has, what the pools count and offer next. Each
// history has its own addresses, names and clock, and many run at once on the same replicas. ZONEWRIGHT_TEST_HISTORIES
// sets how many histories run on each store.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Actor } from '../../src/control/access/actor.ts';
import { decideChangeHost } from '../../src/control/hosts/change-host.ts';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { decideDeleteHost } from '../../src/control/hosts/delete-host.ts';
import type { WantedHost } from '../../src/control/hosts/host-wanted.ts';
import { decideAllocateAddresses } from '../../src/control/pools/allocate-addresses.ts';
import { decideChangeAllocation } from '../../src/control/pools/change-allocation.ts';
import { decideDeletePool } from '../../src/control/pools/delete-pool.ts';
import { decidePutPool } from '../../src/control/pools/put-pool.ts';
import { decideForgetAddress, decideReleaseAddress } from '../../src/control/pools/release-address.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { Refusal } from '../../src/errors.ts';
import { type Address, addressNumber, formatAddress } from '../../src/model/address.ts';
import type { Allocation, Holder, Port } from '../../src/model/allocation.ts';
import type { Host, HostAddress } from '../../src/model/host.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { type Pool, poolDefaults, strategies } from '../../src/model/pool.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { numberFromEnvironment } from '../differential/seed.ts';
import { type ControlPlane, embeddedStore, openReplica, putZone, testActor } from '../support/control-plane.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { sameViews } from '../views/same-views.ts';
import {
  AddressModel,
  type Family,
  isInside,
  type ModelPool,
  type ModelRange,
  type Place,
  type Predicted,
  placesIn,
  placesOfFamily,
} from './address-model.ts';

const histories = numberFromEnvironment('ZONEWRIGHT_TEST_HISTORIES');
const historiesAtOnce = 16;

const pick = <T>(values: readonly T[]) => fc.constantFrom(...values);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** The places of the ranges below, and a few others. The first ones are wanted more often. */
const place = fc.oneof(fc.nat(7), fc.nat(placesOfFamily + 5));
const places = fc.uniqueArray(place, { minLength: 1, maxLength: 2 });
const poolName = pick(['p', 'p', 'q']);
const range = (first: Place, last: Place, prefix = true): ModelRange => ({ first, last, prefix });

const pool: fc.Arbitrary<ModelPool> = fc.record({
  name: poolName,
  ranges: pick([
    [range(0, 7)],
    [range(4, 7), range(0, 3)],
    [range(8, 15)],
    [range(2, 5, false)],
    [range(6, 6), range(16, 19)],
    [range(0, 1), range(16, 17)],
    [range(16, 31)],
  ]),
  exclude: pick([[], [], [1], [0, 5]]),
  autoAssign: fc.nat(3).map((one) => one > 0),
  priority: pick([0, 1]),
  avoidBuggyIps: fc.boolean(),
  allowFirstLast: fc.boolean(),
  strategy: pick(strategies),
  coolDownSeconds: pick([0, 0, 60]),
  drain: fc.nat(7).map((one) => one === 0),
});

const sharing = pick<{ sharingKey?: string; ports?: Port[] }>([
  {},
  {},
  ...[1, 2, 3].map((port) => ({ sharingKey: 'k', ports: [{ protocol: 'tcp' as const, port }] })),
  { sharingKey: 'other', ports: [{ protocol: 'udp', port: 1 }] },
]);
const expires = pick([undefined, undefined, 30, 90]);
const hostName = pick(['a', 'b', 'c', 'd']);
const families = pick<Family[]>([['ipv4'], ['ipv6'], ['ipv4', 'ipv6']]);
const host = fc.record({
  name: hostName,
  pool: maybe(poolName),
  families: maybe(families),
  named: fc.option(places, { nil: undefined, freq: 3 }),
  owner: pick(['', 'me']),
});

const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put pool' as const), pool }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete pool' as const), name: poolName }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('create host' as const), host }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('change host' as const), host }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete host' as const), name: hostName }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('allocate' as const),
      pool: poolName,
      family: pick<Family>(['ipv4', 'ipv4', 'ipv6']),
      count: fc.integer({ min: 1, max: 3 }),
      named: fc.option(places, { nil: undefined, freq: 3 }),
      sharing,
      expires,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), place, one: maybe(fc.nat(1)) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('renew' as const), place, sharing, expires }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: pick([10, 40, 100]) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('keep house' as const) }) },
);
/** A history begins with a pool, which it may change and delete. */
const history = fc
  .tuple(pool, fc.array(command, { minLength: 10, maxLength: 30, size: 'max' }))
  .map(([first, rest]) => [{ kind: 'put pool' as const, pool: { ...first, name: 'p' } }, ...rest]);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

let numbers = 0;

/** One history: its addresses and names, its model and the replicas that carry it out in turn. */
class History {
  readonly #number = ++numbers;
  readonly #replicas: readonly ControlPlane[];
  readonly #model: AddressModel;
  readonly #zone: Fqdn;
  readonly #done: string[] = [];
  readonly #codes: Map<string, number>;
  #turn = 0;
  #ids = 0;

  constructor(replicas: readonly ControlPlane[], codes: Map<string, number>) {
    this.#replicas = replicas;
    this.#codes = codes;
    this.#zone = parseName(`h${this.#number}.z`);
    const isBuggy = (one: Place) => one < placesOfFamily && [0, 255].includes((this.#number * 16 + one) & 255);
    this.#model = new AddressModel(Date.UTC(2026, 0), isBuggy);
  }

  async run(commands: readonly Command[]): Promise<void> {
    for (const one of commands) {
      this.#done.push(JSON.stringify(one));
      try {
        await this.#carryOut(one);
        this.#compare();
      } catch (error) {
        throw new Error(`history ${this.#number}: ${error}\n${this.#done.join('\n')}`, { cause: error });
      }
    }
  }

  async #carryOut(one: Command): Promise<void> {
    const model = this.#model;
    if (one.kind === 'wait') {
      model.now += one.seconds * 1000;
      return;
    }
    // Two releases at one time would make the order of least-recently-used depend on their addresses alone.
    model.now += 1000;
    if (one.kind === 'put pool') await this.#putPool(one.pool);
    if (one.kind === 'delete pool') await this.#deletePool(one.name);
    if (one.kind === 'create host' || one.kind === 'change host') await this.#putHost(one.kind, one.host);
    if (one.kind === 'delete host') await this.#deleteHost(one.name);
    if (one.kind === 'allocate') await this.#allocate(one);
    if (one.kind === 'release') await this.#release(one);
    if (one.kind === 'renew') await this.#renew(one);
    if (one.kind === 'keep house') await this.#keepHouse();
  }

  /**
   * Commits at the next replica, by the clock of the history. Asserts that the outcome is as predicted. Returns the
   * result, or undefined if the request was refused.
   */
  async #commit<T>(
    decide: Decide<T>,
    predicted: Predicted,
    actor: Actor = testActor,
  ): Promise<{ result: T } | undefined> {
    const [now, replica] = [this.#model.now, this.#replicas[this.#turn++ % this.#replicas.length] as ControlPlane];
    const outcome = await replica.committer
      .commit(actor, (context) => decide({ ...context, now }))
      .catch((error: unknown) => (error instanceof Refusal ? error : Promise.reject(error)));
    const refused = 'refused' in predicted ? predicted.refused : [];
    const code = outcome instanceof Refusal ? outcome.code : 'done';
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1);
    if (outcome instanceof Refusal) {
      assert.ok(refused.includes(code), `refused with ${code} (${outcome.message}), but predicted: ${refused}`);
      return undefined;
    }
    assert.deepEqual(refused, [], 'done, but predicted to be refused');
    for (const { views } of this.#replicas) await views.reached(outcome.revision);
    return { result: outcome.result };
  }

  async #putPool(next: ModelPool): Promise<void> {
    const { pools } = this.#model;
    const before = pools.get(next.name);
    const codes: string[] = [];
    const others = [...pools.values()].filter(({ name }) => name !== next.name);
    if (others.some((other) => next.ranges.flatMap(placesIn).some((one) => isInside(other, one))))
      codes.push('pool_overlap');
    const leaving = (before?.ranges ?? []).flatMap(placesIn).filter((one) => !isInside(next, one));
    if (leaving.some((one) => this.#model.isHeld(one))) codes.push('pool_in_use');
    const wanted = this.#poolOf(next);
    const decide: Decide<unknown> = (context) =>
      decidePutPool(context, { name: wanted.name, precondition: {}, change: () => wanted });
    const done = await this.#commit(decide, codes.length > 0 ? { refused: codes } : { places: [] });
    if (done !== undefined) pools.set(next.name, next);
  }

  async #deletePool(name: string): Promise<void> {
    const current = this.#model.pools.get(name);
    const isUsed = current?.ranges.flatMap(placesIn).some((one) => this.#model.isHeld(one));
    const refused = current === undefined ? ['not_found'] : isUsed ? ['pool_in_use'] : [];
    const decide: Decide<unknown> = (context) =>
      decideDeletePool(context, { name: this.#named(name), precondition: {} });
    if (await this.#commit(decide, refused.length > 0 ? { refused } : { places: [] })) this.#model.pools.delete(name);
  }

  async #putHost(kind: 'create host' | 'change host', wanted: typeof host extends fc.Arbitrary<infer H> ? H : never) {
    const model = this.#model;
    const { name, owner, named } = wanted;
    const before = model.hosts.get(name);
    const isScoped = (before?.places ?? []).every((one) => model.poolAt(one) !== undefined);
    // Without a pool, the pools of all histories are automatic ones, unless the actor is limited to those of this one.
    const pool = wanted.pool ?? (named === undefined && !isScoped ? 'p' : undefined);
    const actor = pool === undefined && named === undefined ? this.#scoped() : testActor;
    const chosen = { ...(pool && { pool }), ...(named ? { named } : wanted.families && { families: wanted.families }) };
    const predicted = model.putHost(chosen, kind === 'change host' ? (before?.places ?? []) : [], this.#automatic(), {
      host: this.#hostName(name),
      owner,
    });
    if (kind === 'create host' && before !== undefined) {
      if (!('refused' in predicted)) return this.#createTwice(chosen, name, owner, actor);
      predicted.refused.push('name_taken');
    }
    const done = await this.#commit(this.#hostDecision(kind, this.#hostOf(chosen, name, owner)), predicted, actor);
    if (done === undefined || 'refused' in predicted) return;
    const { addresses, host: changed } = done.result;
    const got = (addresses ?? changed?.addresses ?? []).map(({ address }) => this.#placeOf(address));
    assertChosen(got, predicted.places);
    const holder: Holder = { kind: 'host', host: this.#hostName(name), owner };
    const isOwn = (one: Holder) => one.kind === 'host' && one.host === holder.host;
    for (const one of before?.places ?? []) {
      if (!got.includes(one)) model.leave(one, isOwn);
      else (model.records.get(one) as { holders: Holder[] }).holders = [holder];
    }
    for (const one of got) if (!before?.places.includes(one)) model.take(one, holder);
    model.hosts.set(name, { places: got, owner });
  }

  async #createTwice(chosen: object, name: string, owner: string, actor: Actor): Promise<void> {
    const decide = this.#hostDecision('create host', this.#hostOf(chosen, name, owner));
    await this.#commit(decide, { refused: ['name_taken'] }, actor);
  }

  #hostDecision(
    kind: 'create host' | 'change host',
    wanted: WantedHost,
  ): Decide<{ host?: Host; addresses?: HostAddress[] }> {
    if (kind === 'create host') return (context) => decideCreateHost(context, wanted);
    const change = { name: wanted.name, precondition: {}, change: () => wanted };
    return (context) => decideChangeHost(context, change);
  }

  async #deleteHost(name: string): Promise<void> {
    const before = this.#model.hosts.get(name);
    const host = this.#hostName(name);
    const decide: Decide<unknown> = (context) => decideDeleteHost(context, { name: host, precondition: {} });
    const done = await this.#commit(decide, before === undefined ? { refused: ['not_found'] } : { places: [] });
    if (done === undefined || before === undefined) return;
    this.#model.hosts.delete(name);
    for (const one of before.places) this.#model.leave(one, (holder) => holder.kind === 'host' && holder.host === host);
  }

  async #allocate(one: Extract<Command, { kind: 'allocate' }>): Promise<void> {
    const { pool, family, count, named, sharing: more, expires: seconds } = one;
    const ids = Array.from({ length: 3 }, () => `h${this.#number}-${++this.#ids}`);
    const expiresAt = seconds && new Date(this.#model.now + seconds * 1000).toISOString();
    const holderOf = (id: string): Allocation => {
      return { kind: 'allocation', id, owner: 'me', ...more, ...(expiresAt && { expiresAt }) };
    };
    const predicted = this.#model.allocate({ pool, family, count, ...(named && { named }), holder: holderOf('') });
    const wanted = { pool: this.#named(pool), family, count, owner: 'me', ids, ...more };
    const addresses = named?.map((each) => this.#addressOf(each));
    const asked = { ...wanted, ...(seconds && { expiresInSeconds: seconds }), ...(addresses && { addresses }) };
    const done = await this.#commit((context) => decideAllocateAddresses(context, asked), predicted);
    if (done === undefined || 'refused' in predicted) return;
    const got = done.result.map(({ address }) => this.#placeOf(address));
    assertChosen(got, predicted.places);
    for (const [index, each] of got.entries()) this.#model.take(each, holderOf(ids[index] as string));
  }

  async #release({ place: at, one }: Extract<Command, { kind: 'release' }>): Promise<void> {
    const holders = this.#model.records.get(at)?.holders ?? [];
    const chosen = one === undefined ? undefined : holders[one];
    const id = chosen?.kind === 'allocation' ? chosen.id : 'nobody';
    const leaves = (holder: Holder) => holder.kind === 'allocation' && holder.id === id;
    const isCooling = !this.#model.isHeld(at) && !this.#model.isFree(at);
    const leaving = one === undefined ? holders : holders.filter(leaves);
    const isManaged = leaving.some(({ kind }) => kind === 'host');
    const codes = isManaged ? ['managed_record'] : leaving.length === 0 ? ['not_found'] : [];
    const refused = isCooling && one === undefined ? [] : codes;
    const release = {
      space: 'default',
      address: this.#addressOf(at),
      precondition: {},
      ...(one !== undefined && { leaves }),
    };
    const decide: Decide<unknown> = (context) => decideReleaseAddress(context, release);
    const done = await this.#commit(decide, refused.length > 0 ? { refused } : { places: [] });
    if (done === undefined) return;
    if (isCooling) this.#model.endCoolDown(at);
    else this.#model.leave(at, one === undefined ? () => true : leaves);
  }

  async #renew({ place: at, sharing: more, expires: seconds }: Extract<Command, { kind: 'renew' }>): Promise<void> {
    const record = this.#model.records.get(at);
    const [holder, ...others] = record?.holders ?? [];
    const expiresAt = seconds && new Date(this.#model.now + seconds * 1000).toISOString();
    const changed = ({ id, owner }: Allocation): Allocation => {
      return { kind: 'allocation', id, owner, ...more, ...(expiresAt && { expiresAt }) };
    };
    const id = holder?.kind === 'allocation' ? holder.id : '@';
    const at_ = { space: 'default', address: this.#addressOf(at), id, precondition: {} };
    let refused: string[] = [];
    if (holder === undefined) refused = ['not_found'];
    else if (holder.kind === 'host') refused = ['managed_record'];
    else {
      const isSame =
        holder.sharingKey === more.sharingKey && JSON.stringify(holder.ports) === JSON.stringify(more.ports);
      const rest = new AddressModel(0, () => false);
      rest.records.set(at, { holders: others, pool: null, since: 0 });
      if (others.length > 0 && !isSame && !rest.mayShare(at, changed(holder))) refused = ['address_taken'];
    }
    const decide: Decide<unknown> = (context) => decideChangeAllocation(context, { ...at_, change: changed });
    const done = await this.#commit(decide, refused.length > 0 ? { refused } : { places: [] });
    if (done === undefined || record === undefined || holder?.kind !== 'allocation') return;
    record.holders = [changed(holder), ...others];
  }

  /** Does what housekeeping.ts does, for the addresses of this history and by its clock. */
  async #keepHouse(): Promise<void> {
    const { now } = this.#model;
    const [{ views }] = this.#replicas as [ControlPlane];
    // An address with two expired holders is listed twice, and released at once.
    const due = new Map([...views.pools.expired(now)].map((record) => [record.address, record]));
    for (const { space, address, state } of due.values()) {
      if (this.#placeOf(address) === undefined) continue;
      const isOver = (holder: Holder) =>
        holder.kind === 'allocation' && holder.expiresAt !== undefined && Date.parse(holder.expiresAt) <= now;
      const release = { space, address, precondition: {}, leaves: isOver };
      const decide: Decide<unknown> =
        state === 'released'
          ? (context) => decideForgetAddress(context, { space, address })
          : (context) => decideReleaseAddress(context, release);
      await this.#commit(decide, { places: [] });
    }
    this.#model.keepHouse();
  }

  /** Asserts that the views of each replica have what the model has. */
  #compare(): void {
    const model = this.#model;
    for (const { views } of this.#replicas) {
      for (let at: Place = 0; at < 2 * placesOfFamily; at += 1) {
        const found = views.pools.address('default', this.#addressOf(at))?.value;
        const shown = found && { holders: found.holders, pool: found.pool, since: found.since };
        const expected = model.stored(at);
        const pool = expected?.pool === null || expected === undefined ? expected?.pool : this.#named(expected.pool);
        assert.deepEqual(
          shown && { ...shown, ...(found.freeAt !== undefined && { freeAt: found.freeAt }) },
          expected && { ...expected, pool },
          `the record of place ${at}`,
        );
      }
      for (const pool of model.pools.values()) {
        const name = this.#named(pool.name);
        const usage = views.pools.usage(name, model.now);
        for (const family of ['ipv4', 'ipv6'] as const) {
          assert.deepEqual(
            usage?.[family],
            { ...model.usage(pool, family), recorded: 0n, carved: 0n },
            `${pool.name} ${family}`,
          );
          const offered = [...views.pools.candidates(name, family, model.now)].map((address) => this.#placeOf(address));
          const expected = model.candidates({ ...pool, drain: false }, family);
          const isRandom = pool.strategy === 'random';
          const ordered = (all: Place[]) => (isRandom ? all.toSorted((a, b) => a - b) : all);
          assert.deepEqual(ordered(offered as Place[]), ordered(expected), `${pool.name} offers others, ${family}`);
        }
      }
    }
  }

  #automatic(): ModelPool[] {
    return [...this.#model.pools.values()]
      .filter(({ autoAssign, drain }) => autoAssign && !drain)
      .sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1));
  }

  #scoped(): Actor {
    const pools = ['p', 'q'].map((name) => this.#named(name));
    return { ...testActor, id: `of-${this.#number}`, rights: { role: 'admin', pools } };
  }

  #named(pool: string): string {
    return `${pool}${this.#number}`;
  }

  #hostName(name: string): Fqdn {
    return parseName(`${name}.${this.#zone}`);
  }

  #addressOf(at: Place): Address {
    const isFour = at < placesOfFamily;
    const first = addressNumber((isFour ? '10.0.0.0' : 'fd00::') as Address);
    return formatAddress(first + BigInt(isFour ? this.#number * 16 + at : this.#number * 65_536 + at - placesOfFamily));
  }

  readonly #places = new Map<string, Place>();

  #placeOf(address: Address): Place {
    if (this.#places.size === 0)
      for (let at: Place = 0; at < 2 * placesOfFamily; at += 1) this.#places.set(this.#addressOf(at), at);
    return this.#places.get(address) as Place;
  }

  #poolOf({ ranges, exclude, name, ...more }: ModelPool): Pool {
    const text = ({ first, last, prefix }: ModelRange) => {
      const [from, to] = [this.#addressOf(first), this.#addressOf(last)];
      const bits = (first < placesOfFamily ? 32 : 128) - Math.log2(last - first + 1);
      return prefix ? `${from}/${bits}` : `${from}-${to}`;
    };
    const excluded = exclude.map((at) => this.#addressOf(at));
    const [id, texts] = [this.#named(name), ranges.map(text)];
    return { ...poolDefaults, ...more, id, name: id, ranges: texts, exclude: excluded };
  }

  #hostOf(chosen: { pool?: string; families?: Family[]; named?: Place[] }, name: string, owner: string): WantedHost {
    const { pool, families: wanted, named } = chosen;
    return {
      name: this.#hostName(name),
      ...(pool && { pool: this.#named(pool) }),
      ...(wanted && { families: wanted }),
      ...(named && { addresses: named.map((at) => this.#addressOf(at)) }),
      aliases: [],
      ttl: null,
      ptr: false,
      owner,
      tags: {},
    };
  }
}

/** Asserts that each place is one of its choices, and that no place was given twice. */
function assertChosen(got: readonly Place[], choices: readonly Place[][]): void {
  assert.equal(new Set(got).size, got.length, `given twice: ${got}`);
  assert.equal(got.length, choices.length, `${got} were given, and not ${JSON.stringify(choices)}`);
  for (const [index, one] of got.entries())
    assert.ok(choices[index]?.includes(one), `${got} were given, and not ${JSON.stringify(choices)}`);
}

async function runHistories(replicas: readonly ControlPlane[], count: number): Promise<Map<string, number>> {
  await replicas[0]?.commit(putZone(parseName('z')));
  const codes = new Map<string, number>();
  const many = fc.array(history, { minLength: 1, maxLength: historiesAtOnce, size: 'max' });
  const property = fc.asyncProperty(many, async (all) => {
    await Promise.all(all.map((commands) => new History(replicas, codes).run(commands)));
  });
  await fc.assert(property, { numRuns: Math.ceil(count / (historiesAtOnce / 2)), endOnFailure: true });
  return codes;
}

function assertVaried(codes: ReadonlyMap<string, number>): void {
  const expected = [
    'done',
    'address_taken',
    'address_excluded',
    'address_outside_pool',
    'pool_exhausted',
    'name_taken',
  ];
  for (const code of [...expected, 'pool_in_use', 'pool_overlap', 'managed_record', 'not_found'])
    assert.ok(codes.has(code), `no request ended with ${code}`);
}

test('each request of a random history has the outcome that a simple model predicts: embedded store', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  const codes = await runHistories([replica], histories ?? 120);
  assertVaried(codes);
  await sameViews(t, replica);
  t.diagnostic(JSON.stringify(Object.fromEntries(codes)));
});

test('each request of a random history has the outcome that a simple model predicts: two replicas on etcd', async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  const open = async () => {
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
    t.after(() => store.close());
    return openReplica(t, store);
  };
  const replicas = [await open(), await open()] as const;
  const codes = await runHistories(replicas, histories ?? 60);
  assertVaried(codes);
  await sameViews(t, replicas[0]);
  t.diagnostic(JSON.stringify(Object.fromEntries(codes)));
});
