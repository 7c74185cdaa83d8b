// One history of requests for addresses, carried out by replicas and predicted by the model (address-model.ts).

import assert from 'node:assert/strict';
import type { Actor } from '../../src/control/access/actor.ts';
import { decideAllocateAddresses } from '../../src/control/allocations/allocate-addresses.ts';
import { decideChangeAllocation } from '../../src/control/allocations/change-allocation.ts';
import { decideForgetAddress, decideReleaseAddress } from '../../src/control/allocations/release-address.ts';
import { decideChangeHost } from '../../src/control/hosts/change-host.ts';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { decideDeleteHost } from '../../src/control/hosts/delete-host.ts';
import type { WantedHost } from '../../src/control/hosts/host-wanted.ts';
import { decideSwapHosts } from '../../src/control/hosts/swap-hosts.ts';
import type { SeenHost } from '../../src/control/reading/with-pools.ts';
import { decideMoveAllocations, decideMoveHost, type Job } from '../../src/control/renumbering/move-holder.ts';
import {
  decideNoteProgress,
  decideRenumberPool,
  decideStopRenumbering,
} from '../../src/control/renumbering/renumber-pool.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { Refusal } from '../../src/errors.ts';
import { parseRange } from '../../src/model/address-range.ts';
import type { Allocation, Holder, HostSharing } from '../../src/model/allocation.ts';
import { sharingOf } from '../../src/model/host.ts';
import type { Renumbering } from '../../src/model/renumbering.ts';
import { type ControlPlane, testActor } from '../support/control-plane.ts';
import { aimed } from './address-aim.ts';
import type { Command, RandomHistory, RandomHost } from './address-commands.ts';
import {
  AddressModel,
  type Family,
  familyOfPlace,
  type ModelMove,
  type ModelPool,
  type ModelRange,
  type Place,
  type Predicted,
  placesOfFamily,
} from './address-model.ts';
import { HistoryNames } from './address-names.ts';
import { carvePool, deletePool, mergePools, putPool, type Run, splitPool } from './address-pools.ts';

const poolNames = ['p', 'q', 'c', 's'];
let numbers = 0;

/** One history: its addresses and names, its model and the replicas that carry it out in turn. */
export class History {
  readonly #number = ++numbers;
  readonly #names = new HistoryNames(this.#number);
  readonly #replicas: readonly ControlPlane[];
  readonly #model = new AddressModel(Date.UTC(2026, 0), (one) => this.#names.isBuggy(one));
  /** For address-pools.ts. */
  readonly #pools: Run;
  readonly #done: string[] = [];
  /** How often requests ended in each way: the code of the refusal, or which kind of request was done. */
  readonly #codes: Map<string, number>;
  #kind: Command['kind'] = 'wait';
  #turn = 0;
  #ids = 0;

  constructor(replicas: readonly ControlPlane[], codes: Map<string, number>) {
    this.#replicas = replicas;
    this.#codes = codes;
    const [{ views }] = replicas as [ControlPlane];
    this.#pools = {
      model: this.#model,
      names: this.#names,
      views,
      commit: (decide, predicted) => this.#commit(decide, predicted),
    };
  }

  async run(commands: RandomHistory): Promise<void> {
    for (const { command, isAimed } of commands) {
      const one = isAimed ? aimed(this.#model, command) : command;
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
    this.#kind = one.kind;
    if (one.kind === 'wait') {
      model.now += one.seconds * 1000;
      return;
    }
    // Two releases at one time would make the order of least-recently-used depend on their addresses alone.
    model.now += 1000;
    if (one.kind === 'put pool') await putPool(this.#pools, one);
    if (one.kind === 'delete pool') await deletePool(this.#pools, one);
    if (one.kind === 'carve pool') await carvePool(this.#pools, one);
    if (one.kind === 'split pool') await splitPool(this.#pools, one);
    if (one.kind === 'merge pools') await mergePools(this.#pools, one);
    if (one.kind === 'renumber pool') await this.#renumberPool(one);
    if (one.kind === 'move host') await this.#moveHost(one);
    if (one.kind === 'move allocations') await this.#moveAllocations(one);
    if (one.kind === 'stop renumbering') await this.#stopRenumbering(one.pool);
    if (one.kind === 'end renumbering') await this.#endRenumbering(one.pool);
    if (one.kind === 'swap hosts') await this.#swapHosts(one);
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
    const code = outcome instanceof Refusal ? outcome.code : `done: ${this.#kind}`;
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1);
    if (outcome instanceof Refusal) {
      assert.ok(refused.includes(code), `refused with ${code} (${outcome.message}), but predicted: ${refused}`);
      return undefined;
    }
    assert.deepEqual(refused, [], 'done, but predicted to be refused');
    for (const { views } of this.#replicas) await views.reached(outcome.revision);
    return { result: outcome.result };
  }

  async #renumberPool({ pool, to }: Extract<Command, { kind: 'renumber pool' }>): Promise<void> {
    const model = this.#model;
    const [source, target] = [
      model.pools.get(pool),
      typeof to === 'string' ? model.pools.get(to) : model.poolAt(to.first),
    ];
    const isWhole = ({ ranges }: ModelPool, { first, last }: ModelRange) =>
      ranges.some((one) => one.first <= first && last <= one.last);
    const refused: string[] = [];
    if (source === undefined) refused.push('not_found');
    if (target === undefined) refused.push(typeof to === 'string' ? 'pool_not_found' : 'address_outside_pool');
    else if (typeof to !== 'string' && !isWhole(target, to)) refused.push('address_outside_pool');
    else if (target === source && typeof to === 'string') refused.push('invalid_request');
    else if (target !== source && target.drain) refused.push('pool_exhausted');
    if (model.renumberings.get(pool)?.ended === undefined && model.renumberings.has(pool))
      refused.push('already_exists');
    const wanted = {
      pool: this.#names.pool(pool),
      to:
        typeof to === 'string'
          ? { pool: this.#names.pool(to) }
          : { range: parseRange(this.#names.rangeText({ ...to, prefix: false })) },
      allocations: true,
    };
    const decide: Decide<unknown> = (context) => decideRenumberPool(context, wanted);
    const done = await this.#commit(decide, refused.length > 0 ? { refused } : { places: [] });
    if (done === undefined || source === undefined || target === undefined) return;
    model.pools.set(pool, { ...source, drain: true });
    const within = typeof to === 'string' ? {} : { within: to };
    model.renumberings.set(pool, { from: pool, to: target.name, ...within });
  }

  /** Returns a renumbering as the views and the model have it; undefined if none is running. */
  #renumbering(pool: string): { job: Job; move: ModelMove } | undefined {
    const [{ views }] = this.#replicas as [ControlPlane];
    const found = views.renumberings.get(this.#names.pool(pool));
    const move = this.#model.renumberings.get(pool);
    // Its progress is not noted here, so its key was last written when it was created.
    if (found === undefined || move === undefined || move.ended) return undefined;
    return { job: { renumbering: found.value, created: found.modified }, move };
  }

  async #endRenumbering(pool: string): Promise<void> {
    const { job, move } = this.#renumbering(pool) ?? {};
    if (job === undefined || move === undefined) return;
    const endedAt = new Date(this.#model.now).toISOString();
    const ended: Renumbering = { ...job.renumbering, state: 'ended', endedAt };
    await this.#commit((context) => decideNoteProgress(context, ended), { places: [] });
    move.ended = true;
  }

  async #moveHost({ pool, name }: Extract<Command, { kind: 'move host' }>): Promise<void> {
    const model = this.#model;
    const { job, move } = this.#renumbering(pool) ?? {};
    if (job === undefined || move === undefined) return;
    const hasPools = model.pools.has(move.from) && model.pools.has(move.to);
    const { old, hosts } = model.movesWith(move, name, (host) => host.split('.')[0] as string);
    const next = hasPools ? model.movesOf(move, old) : undefined;
    const refused = hasPools ? ['pool_exhausted'] : ['not_found'];
    const decide: Decide<unknown> = (context) => decideMoveHost(context, job, this.#names.host(name));
    const done = await this.#commit(decide, next === undefined ? { refused } : { places: [] });
    if (done === undefined || next === undefined) return;
    model.move(old, next);
    for (const one of old.length > 0 ? hosts : []) {
      const host = model.hosts.get(one);
      if (host !== undefined)
        host.places = host.places.map((at) => (old.includes(at) ? (next[old.indexOf(at)] as Place) : at));
    }
  }

  async #moveAllocations({ pool, place: at }: Extract<Command, { kind: 'move allocations' }>): Promise<void> {
    const model = this.#model;
    const { job, move } = this.#renumbering(pool) ?? {};
    if (job === undefined || move === undefined) return;
    const hasPools = model.pools.has(move.from) && model.pools.has(move.to);
    const holders = model.records.get(at)?.holders ?? [];
    const isMoved =
      holders.length > 0 && model.isLeaving(move, at) && holders.every(({ kind }) => kind === 'allocation');
    const old = isMoved ? [at] : [];
    const next = hasPools ? model.movesOf(move, old) : undefined;
    const refused = hasPools ? ['pool_exhausted'] : ['not_found'];
    const decide: Decide<unknown> = (context) => decideMoveAllocations(context, job, this.#names.addressOf(at));
    const done = await this.#commit(decide, next === undefined ? { refused } : { places: [] });
    if (done !== undefined && next !== undefined) model.move(old, next);
  }

  async #stopRenumbering(pool: string): Promise<void> {
    const decide: Decide<unknown> = (context) =>
      decideStopRenumbering(context, { pool: this.#names.pool(pool), precondition: {} });
    const isRunning = this.#model.renumberings.has(pool);
    if (await this.#commit(decide, isRunning ? { places: [] } : { refused: ['not_found'] }))
      this.#model.renumberings.delete(pool);
  }

  async #swapHosts({ name, other, families: only }: Extract<Command, { kind: 'swap hosts' }>): Promise<void> {
    const { hosts, records } = this.#model;
    const [one, two] = [hosts.get(name), hosts.get(other)];
    const isMoved = (at: Place) => only?.includes(familyOfPlace(at)) ?? true;
    const moved = (from: Place[] = [], to: Place[] = []) => from.filter((at) => isMoved(at) && !to.includes(at));
    const [given, taken] = [moved(one?.places, two?.places), moved(two?.places, one?.places)];
    const after = (places: Place[] = [], gone: Place[], got: Place[]) => [
      ...got,
      ...places.filter((at) => !gone.includes(at)),
    ];
    const [first, second] = [after(one?.places, given, taken), after(two?.places, taken, given)];
    const refused: string[] = [];
    if (one === undefined || two === undefined) refused.push('not_found');
    if (name === other || given.length + taken.length === 0 || first.length === 0 || second.length === 0)
      refused.push('invalid_request');
    const swap = { name: this.#names.host(name), with: this.#names.host(other), families: only };
    const decide: Decide<unknown> = (context) => decideSwapHosts(context, swap);
    const done = await this.#commit(decide, refused.length > 0 ? { refused } : { places: [] });
    if (done === undefined || one === undefined || two === undefined) return;
    for (const [at, from, to, owner] of [
      ...given.map((at) => [at, name, other, two.owner] as const),
      ...taken.map((at) => [at, other, name, one.owner] as const),
    ]) {
      const record = records.get(at) as { holders: Holder[] };
      record.holders = record.holders.map((holder) =>
        holder.kind === 'host' && holder.host === this.#names.host(from)
          ? { ...holder, host: this.#names.host(to), owner }
          : holder,
      );
    }
    [one.places, two.places] = [first, second];
  }

  async #putHost(kind: 'create host' | 'change host', wanted: RandomHost) {
    const model = this.#model;
    const { name, owner, named, prefer } = wanted;
    const before = model.hosts.get(name);
    const isScoped = (before?.places ?? []).every((one) => model.poolAt(one) !== undefined);
    // Without a pool, the pools of all histories are automatic ones, unless the actor is limited to those of this one.
    const pool = wanted.pool ?? (named === undefined && !isScoped ? 'p' : undefined);
    const actor = pool === undefined && named === undefined ? this.#scoped() : testActor;
    const sharing = named && wanted.sharing;
    const chosen = {
      ...(pool && { pool }),
      ...(named ? { named, ...(sharing && { sharing }) } : wanted.families && { families: wanted.families, prefer }),
    };
    const predicted = model.putHost(chosen, kind === 'change host' ? (before?.places ?? []) : [], this.#automatic(), {
      host: this.#names.host(name),
      owner,
    });
    if (kind === 'create host' && before !== undefined) {
      if (!('refused' in predicted)) return this.#createTwice(chosen, name, owner, actor);
      predicted.refused.push('name_taken');
    }
    const done = await this.#commit(this.#hostDecision(kind, this.#hostOf(chosen, name, owner)), predicted, actor);
    if (done === undefined || 'refused' in predicted) return;
    const { addresses, host: changed } = done.result;
    const got = (addresses ?? changed?.addresses ?? []).map(({ address }) => this.#names.placeOf(address) as Place);
    assertChosen(got, predicted.places);
    const isOwn = (one: Holder) => one.kind === 'host' && one.host === this.#names.host(name);
    const holder = (stands: HostSharing = {}): Holder => {
      return { kind: 'host', host: this.#names.host(name), owner, ...sharingOf(sharing ?? stands) };
    };
    for (const one of before?.places ?? []) {
      const record = model.records.get(one) as { holders: Holder[] };
      if (!got.includes(one)) model.leave(one, isOwn);
      else record.holders = record.holders.map((each) => (each.kind === 'host' && isOwn(each) ? holder(each) : each));
    }
    for (const one of got) if (!before?.places.includes(one)) model.take(one, holder());
    model.hosts.set(name, { places: got, owner });
  }

  async #createTwice(chosen: object, name: string, owner: string, actor: Actor): Promise<void> {
    const decide = this.#hostDecision('create host', this.#hostOf(chosen, name, owner));
    await this.#commit(decide, { refused: ['name_taken'] }, actor);
  }

  #hostDecision(
    kind: 'create host' | 'change host',
    wanted: WantedHost,
  ): Decide<{ host?: SeenHost; addresses?: SeenHost['addresses'] }> {
    if (kind === 'create host') return (context) => decideCreateHost(context, wanted);
    const change = { name: wanted.name, precondition: {}, change: () => wanted };
    return (context) => decideChangeHost(context, change);
  }

  async #deleteHost(name: string): Promise<void> {
    const before = this.#model.hosts.get(name);
    const host = this.#names.host(name);
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
    const wanted = { pool: this.#names.pool(pool), family, count, owner: 'me', ids, ...more };
    const addresses = named?.map((each) => this.#names.addressOf(each));
    const asked = { ...wanted, ...(seconds && { expiresInSeconds: seconds }), ...(addresses && { addresses }) };
    const done = await this.#commit((context) => decideAllocateAddresses(context, asked), predicted);
    if (done === undefined || 'refused' in predicted) return;
    const got = done.result.map(({ address }) => this.#names.placeOf(address) as Place);
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
      address: this.#names.addressOf(at),
      precondition: {},
      endsCoolDown: isCooling && one === undefined,
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
    const at_ = { space: 'default', address: this.#names.addressOf(at), id, precondition: {} };
    let refused: string[] = [];
    if (holder === undefined) refused = ['not_found'];
    else if (holder.kind === 'host') refused = [others.length > 0 ? 'not_found' : 'managed_record'];
    else {
      const isSame =
        holder.sharingKey === more.sharingKey && JSON.stringify(holder.ports) === JSON.stringify(more.ports);
      const rest = new AddressModel(0, () => false);
      rest.records.set(at, { holders: others, givenBy: null, since: 0 });
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
      if (this.#names.placeOf(address) === undefined) continue;
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
        const found = views.pools.address('default', this.#names.addressOf(at))?.value;
        const shown = found && { holders: found.holders, givenBy: found.givenBy, since: found.since };
        const expected = model.stored(at);
        const giver = expected?.givenBy;
        const givenBy = typeof giver === 'string' ? this.#names.pool(giver) : giver;
        assert.deepEqual(
          shown && { ...shown, ...(found.freeAt !== undefined && { freeAt: found.freeAt }) },
          expected && { ...expected, givenBy },
          `the record of place ${at}`,
        );
        const owner = model.poolAt(at)?.name;
        const id = views.pools.poolIdAt('default', this.#names.addressOf(at));
        assert.equal(id, owner === undefined ? null : this.#names.pool(owner), `the pool of place ${at}`);
      }
      for (const name of poolNames) {
        const [found, move] = [views.renumberings.get(this.#names.pool(name))?.value, model.renumberings.get(name)];
        const isRunning = move && !move.ended;
        assert.equal(found?.to, move && this.#names.pool(move.to), `the renumbering of ${name}`);
        assert.equal(found && found.state === 'running', isRunning, `the state of the renumbering of ${name}`);
      }
      for (const [name, { places: expected }] of model.hosts) {
        const found = views.hosts
          .get(this.#names.host(name))
          ?.value.addresses.map(({ address }) => this.#names.placeOf(address) as Place);
        assert.deepEqual(found, expected, `the addresses of host ${name}`);
      }
      for (const pool of model.pools.values()) {
        const name = this.#names.pool(pool.name);
        const usage = views.pools.usage(name, model.now);
        assert.deepEqual(this.#names.shapeOf(views.pools.byId(name)?.value), this.#names.modelShapeOf(pool));
        for (const family of ['ipv4', 'ipv6'] as const) {
          assert.deepEqual(usage?.[family], { ...model.usage(pool, family), recorded: 0n }, `${pool.name} ${family}`);
          const offered = [...views.pools.candidates(name, family, model.now)].map((address) =>
            this.#names.placeOf(address),
          );
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
    const pools = poolNames.map((name) => this.#names.pool(name));
    return { ...testActor, id: `of-${this.#number}`, rights: { role: 'admin', pools } };
  }

  #hostOf(
    chosen: { pool?: string; families?: Family[]; prefer?: boolean; named?: Place[]; sharing?: HostSharing },
    name: string,
    owner: string,
  ): WantedHost {
    const { pool, families: wanted, prefer, named, sharing } = chosen;
    return {
      name: this.#names.host(name),
      ...(pool && { pool: this.#names.pool(pool) }),
      ...(wanted && { families: wanted }),
      ...(prefer && { prefer }),
      ...(named && { addresses: named.map((at) => this.#names.addressOf(at)) }),
      ...(named && sharing && { sharing: new Map(named.map((at) => [this.#names.addressOf(at), sharing])) }),
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
