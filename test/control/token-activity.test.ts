// Housekeeping writes the last use of a token, at most once an hour, however many replicas were asked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideCreateToken } from '../../src/control/tokens/create-token.ts';
import { decideDeleteToken } from '../../src/control/tokens/delete-token.ts';
import { decideNoteUse, TokenActivity } from '../../src/control/tokens/token-activity.ts';
import { newSecret } from '../../src/control/tokens/token-secret.ts';
import { activityKey } from '../../src/store/kinds/activity.ts';
import { type ControlPlane, embeddedStore, openReplica } from '../support/control-plane.ts';

const hour = 3_600_000;
const noon = Date.parse('2026-03-03T12:00:00Z');

/** Writes the uses that are due, as housekeeping does. Returns their number. */
async function writeDue({ views, commit }: ControlPlane, activity: TokenActivity): Promise<number> {
  const due = [...activity.due(views)];
  for (const use of due) await commit((context) => decideNoteUse(context, use));
  return due.length;
}

test('a use is written once an hour, and a later use replaces it', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  const { commit, views } = replica;
  await commit((context) =>
    decideCreateToken(context, { id: 't', name: 't', rights: { role: 'viewer' } }, newSecret('t')),
  );
  const [one, other] = [new TokenActivity(), new TokenActivity()];
  const last = () => views.activity.get('t')?.value.lastUsedAt;
  const dues: number[] = [];
  for (const minutes of [0, 1, 59]) {
    one.note('t', noon + minutes * 60_000);
    dues.push(await writeDue(replica, one));
  }
  assert.deepEqual(dues, [1, 0, 0]);
  assert.equal(last(), '2026-03-03T12:00:00.000Z');
  // Another replica knows only of a use in the hour before. This older use must not replace the newer one.
  other.note('t', noon - 1);
  assert.equal(await writeDue(replica, other), 0);
  const { revision } = views;
  await commit((context) => decideNoteUse(context, { token: 't', hour: noon - hour }));
  assert.equal(views.revision, revision, 'an earlier use was written');
  other.note('t', noon + hour);
  assert.equal(await writeDue(replica, other), 1);
  assert.equal(last(), '2026-03-03T13:00:00.000Z');
});

test('no use of a token that was revoked is written', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  const { commit, views, store } = replica;
  await commit((context) =>
    decideCreateToken(context, { id: 't', name: 't', rights: { role: 'viewer' } }, newSecret('t')),
  );
  const activity = new TokenActivity();
  activity.note('t', noon);
  const [due = assert.fail()] = [...activity.due(views)];
  await commit((context) => decideDeleteToken(context, { id: 't', precondition: {} }));
  await commit((context) => decideNoteUse(context, due));
  assert.equal(await store.get(activityKey('t')), undefined);
  assert.deepEqual([...activity.due(views)], []);
});
