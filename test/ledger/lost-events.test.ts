// The history of an address after events were dropped because too many waited: it agrees with the current state of the
// store, and tells for which time something is not known (src/ledger/address-history.ts).

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { AddressHold } from '../../src/ledger/ledger.ts';
import type { LedgerService } from '../../src/ledger/ledger-service.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { defaultSpace } from '../../src/model/pool.ts';
import { outboxKind } from '../../src/store/kinds/outbox.ts';
import { allocate, putPool, release } from '../control/steps.ts';
import { audit } from '../support/audit-trail.ts';
import { type ControlPlane, embeddedStore, openReplica, putZone } from '../support/control-plane.ts';
import { startTestLedger } from '../support/test-ledger.ts';
import { until } from '../support/until.ts';

const outboxMax = 3;
const address = parseAddress('10.0.0.1');

/** Starts a replica whose ledger takes events only when it is asked. */
async function start(t: TestContext): Promise<{ replica: ControlPlane; ledger: LedgerService }> {
  const replica = await openReplica(t, await embeddedStore(t), undefined, audit);
  const ledger = await startTestLedger(t, replica, { outboxMax, intervals: { drain: 3_600_000 } });
  await replica.commit(putPool('p', ['10.0.0.0/24']));
  return { replica, ledger };
}

const take =
  (id: string, owner = 'team') =>
  ({ commit }: ControlPlane) =>
    commit(allocate(address, { ids: [id], owner }));

const giveBack = ({ commit }: ControlPlane) => commit(release(address));

/** Makes the changes, and then the outbox so long that their events are dropped. */
async function lose(replica: ControlPlane, ledger: LedgerService, changes: ((on: ControlPlane) => Promise<unknown>)[]) {
  const before = ledger.status.lost?.transactions ?? 0;
  for (const change of changes) await change(replica);
  for (let n = 0; n < outboxMax; n += 1) await replica.commit(putZone(parseName(`z${before}-${n}.test`)));
  await until(() => ledger.status.lost?.transactions === before + changes.length, 'the transactions are not dropped');
  assert.equal(await replica.store.count(outboxKind.prefix), outboxMax);
}

async function history(ledger: LedgerService, at?: number): Promise<AddressHold[]> {
  const filter = { space: defaultSpace, address, since: at, until: at };
  return (await ledger.addressHistory(filter, { limit: 10 })).items;
}

const told = (holds: AddressHold[]) =>
  holds.map(({ holder, owner, until: end, lost }) => [
    `${holder.slice('allocation:'.length)} of ${owner}`,
    end === null ? 'held' : 'ended',
    lost?.what,
  ]);

test('a hold whose release was dropped has ended, and the beginning of the next hold is not known', async (t) => {
  const { replica, ledger } = await start(t);
  await take('x')(replica);
  assert.deepEqual(told(await history(ledger)), [['x of team', 'held', undefined]]);
  await lose(replica, ledger, [giveBack]);
  const [hold] = await history(ledger);
  assert.deepEqual(told([hold!]), [['x of team', 'ended', 'end']]);
  const { from, until: end } = ledger.status.lost!;
  assert.deepEqual(hold?.lost, { what: 'end', from, until: end });
  assert.equal(hold?.until, end);
  assert.deepEqual(await history(ledger, Date.parse(end) + 1000), []);

  await lose(replica, ledger, [take('y')]);
  assert.deepEqual(told(await history(ledger)), [
    ['y of team', 'held', 'beginning'],
    ['x of team', 'ended', 'end'],
  ]);
  await giveBack(replica);
  await take('z')(replica);
  assert.deepEqual(told(await history(ledger)), [
    ['z of team', 'held', undefined],
    ['y of team', 'ended', 'beginning'],
    ['x of team', 'ended', 'end'],
  ]);
  assert.deepEqual(
    (await history(ledger, Date.now() + 1000)).map(({ holder }) => holder),
    ['allocation:z'],
  );
});

test('a holder that had the address before and after the gap may have given it back meanwhile', async (t) => {
  const { replica, ledger } = await start(t);
  await take('x')(replica);
  await history(ledger);
  await lose(replica, ledger, [giveBack, take('x')]);
  assert.deepEqual(told(await history(ledger)), [['x of team', 'held', 'break']]);
  await lose(replica, ledger, [giveBack, take('x', 'other')]);
  assert.deepEqual(told(await history(ledger)), [
    ['x of other', 'held', 'beginning'],
    ['x of team', 'ended', 'end'],
  ]);
});

test('a holder from before the ledger began is in the history', async (t) => {
  const store = await embeddedStore(t);
  const silent = await openReplica(t, store);
  await silent.commit(putPool('p', ['10.0.0.0/24']));
  await take('x')(silent);
  const ledger = await startTestLedger(t, silent);
  const [hold] = await history(ledger);
  assert.deepEqual([hold?.holder, hold?.from, hold?.until, hold?.lost], ['allocation:x', null, null, undefined]);
});
