// A renumbering that another replica began, or that was stopped and begun again: what is left of the first attempt
// changes nothing of the second.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { decideMoveAllocations, decideMoveHost, type Job } from '../../src/control/renumbering/move-holder.ts';
import {
  decideEndWithoutTarget,
  decideNoteProgress,
  decideRenumberPool,
  decideStopRenumbering,
} from '../../src/control/renumbering/renumber-pool.ts';
import { startRenumberings } from '../../src/control/renumbering/run-renumberings.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { Refusal } from '../../src/errors.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { type ControlPlane, embeddedStore, openReplica } from '../support/control-plane.ts';
import type { Cleanup } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { createHost, pool, putPool, zone } from './steps.ts';

const begin: Decide<unknown> = (context) =>
  decideRenumberPool(context, { pool: 'p', to: { pool: 'q' }, allocations: true });
const stop: Decide<unknown> = (context) => decideStopRenumbering(context, { pool: 'p', precondition: {} });

interface Renumbered extends ControlPlane {
  job(): Job;
  addressOf(host: string): string | undefined;
  /** Carries the renumbering out. Returns how many addresses were moved or skipped, and how many there were. */
  carryOut(): Promise<[done: number, total: number]>;
}

/** Opens a replica with the hosts a.z and b.z in the pool p. Begins to renumber it to q, and moves nobody. */
async function begun(t: Cleanup): Promise<Renumbered> {
  const replica = await openReplica(t, await embeddedStore(t));
  const { views, commit } = replica;
  const hosts = [createHost('a.z', '10.0.0.1'), createHost('b.z', '10.0.0.2')];
  for (const step of [zone, pool, putPool('q', ['10.0.1.0/29']), ...hosts, begin]) await commit(step);
  const current = () => views.renumberings.get('p') ?? assert.fail('there is no renumbering');
  const carryOut = async (): Promise<[number, number]> => {
    t.after(startRenumberings({ ...replica, logger: pino({ level: 'silent' }) }, () => true));
    await until(() => current().value.state === 'ended', 'the renumbering does not end');
    return [current().value.done, current().value.total];
  };
  const addressOf = (host: string) => views.hosts.get(parseName(host))?.value.addresses[0]?.address;
  const job = () => ({ renumbering: current().value, created: current().modified });
  return { ...replica, carryOut, addressOf, job };
}

/** Stops the renumbering, and begins it again at a later time. */
async function beginAgain({ commit }: ControlPlane): Promise<void> {
  await commit(stop);
  await delay(2);
  await commit(begin);
}

test('a host behind the position at which a replica goes on moves too', async (t) => {
  const { commit, job, carryOut, addressOf } = await begun(t);
  const { renumbering } = job();
  await commit((context) => decideNoteProgress(context, { ...renumbering, position: parseAddress('10.0.0.2') }));
  assert.deepEqual(await carryOut(), [2, 2]);
  assert.deepEqual([addressOf('a.z'), addressOf('b.z')], ['10.0.1.0', '10.0.1.1']);
});

test('a host counts as moved, although the replica that moved it has not noted that', async (t) => {
  const { commit, job, carryOut } = await begun(t);
  await commit((context) => decideMoveHost(context, job(), parseName('a.z')));
  assert.deepEqual(await carryOut(), [2, 2]);
});

test('what is left of a stopped renumbering notes, ends and moves nothing of the next one', async (t) => {
  const replica = await begun(t);
  const { commit, attempt, job, addressOf } = replica;
  const old = job();
  await beginAgain(replica);
  const { renumbering } = job();
  assert.notEqual(renumbering.startedAt, old.renumbering.startedAt);
  const progress = { ...old.renumbering, position: parseAddress('10.0.0.2'), done: 1 };
  await commit((context) => decideNoteProgress(context, progress));
  await commit((context) => decideEndWithoutTarget(context, old.renumbering, 1));
  assert.deepEqual(job().renumbering, renumbering);
  const refused = await attempt((context) => decideMoveHost(context, old, parseName('a.z')));
  assert.ok(refused instanceof Refusal && refused.code === 'not_found', String(refused));
  assert.equal(addressOf('a.z'), '10.0.0.1');
});

test('an address that a host has begun to hold does not move without the host', async (t) => {
  const { commit, job, addressOf } = await begun(t);
  const address = parseAddress('10.0.0.1');
  assert.deepEqual(await commit((context) => decideMoveAllocations(context, job(), address)), { moved: 0 });
  assert.equal(addressOf('a.z'), address);
});
