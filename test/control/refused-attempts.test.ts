// Requests without a valid token (attempts) make few events, however many clients send them. The count of attempts is
// kept while the store cannot be written to. Cited by src/control/tokens/refused-attempts.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHousekeeping } from '../../src/control/housekeeping.ts';
import { RefusedAttempts } from '../../src/control/tokens/refused-attempts.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { audit, decisionsIn, outboxOf } from '../support/audit-trail.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore, openReplica } from '../support/control-plane.ts';
import { until } from '../support/until.ts';

const minute = 60_000;
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

test('the attempts of a minute make events of at most ten clients, and one of all others', () => {
  let now = 0;
  const refused = new RefusedAttempts(() => now);
  assert.deepEqual(refused.takeDue(), []);
  for (let client = 0; client < 100_000; client += 1) {
    refused.note(`client ${client}`, `token ${client}`);
    refused.note('client 3', undefined);
  }
  now = minute - 1;
  assert.deepEqual(refused.takeDue(), []);
  now = minute;
  const told = refused.takeDue();
  assert.equal(told.length, 11);
  const countOf = (name: string) => told.find(({ client }) => client === name)?.count;
  assert.deepEqual(['client 2', 'client 3', 'client 8', 'client 10'].map(countOf), [1, 100_001, 1, undefined]);
  const { client, count, tokens } = told.at(-1) ?? assert.fail();
  assert.deepEqual([client, count, tokens.size], ['others', 99_990, 10]);
  assert.deepEqual(refused.takeDue(), []);
});

test('attempts whose events could not be written are counted with those that follow', () => {
  let now = 0;
  const refused = new RefusedAttempts(() => now);
  for (let client = 0; client < 20; client += 1) refused.note(`old ${client}`, undefined);
  now = minute;
  const failed = refused.takeDue();
  for (let client = 0; client < 20; client += 1) refused.note(`new ${client}`, 'ci');
  refused.note('old 0', 'ci');
  refused.putBack(failed);
  const told = refused.takeDue();
  assert.equal(told.length, 11);
  assert.equal(
    told.reduce((sum, { count }) => sum + count, 0),
    41,
  );
  const { since, until: last, tokens } = told.find(({ client }) => client === 'others') ?? assert.fail();
  assert.deepEqual([since, last, [...tokens]], [0, minute, ['ci']]);
  // Attempts are due even if the clock was set back.
  refused.note('client', undefined);
  now = 0;
  assert.equal(refused.takeDue().length, 1);
});

test('one transaction has the events of all attempts of a minute, also after the store could not be written to', async (t) => {
  let isAway = true;
  const own = await embeddedStore(t);
  const store = changedStore(own, {
    commit: async (transaction) => {
      if (isAway) throw new StoreUnavailable('away');
      return own.commit(transaction);
    },
  });
  const { views, committer } = await openReplica(t, store, undefined, audit);
  let now = Date.parse('2026-03-03T12:00:00Z');
  const refused = new RefusedAttempts(() => now);
  const warnings: unknown[] = [];
  const logger = { ...quiet, warn: (...parts: unknown[]) => warnings.push(parts) };
  t.after(startHousekeeping(views, committer, logger, undefined, refused));
  refused.note('192.0.2.1', 'ci');
  now += 1_000;
  refused.note('192.0.2.1', 'admin');
  refused.note('2001:db8::/64', undefined);
  now += minute;
  await until(() => warnings.length > 0, 'the failure was not logged');
  isAway = false;
  await until(async () => (await outboxOf(store)).length > 0, 'the attempts have no events');
  assert.deepEqual(await decisionsIn(store), [
    {
      actor: { kind: 'system', id: 'authentication', name: 'authentication' },
      events: [
        {
          resource: 'authentication',
          action: 'refused',
          name: '192.0.2.1',
          before: null,
          after: {
            attempts: 2,
            since: '2026-03-03T12:00:00.000Z',
            until: '2026-03-03T12:00:01.000Z',
            tokens: ['admin', 'ci'],
          },
        },
        {
          resource: 'authentication',
          action: 'refused',
          name: '2001:db8::/64',
          before: null,
          after: { attempts: 1, since: '2026-03-03T12:00:01.000Z', until: '2026-03-03T12:00:01.000Z' },
        },
      ],
      uses: [],
    },
  ]);
});

test('a replica that writes no audit events forgets the attempts, and writes nothing', async (t) => {
  const { views, committer } = await openReplica(t, await embeddedStore(t));
  let now = 0;
  const refused = new RefusedAttempts(() => now);
  const warnings: unknown[] = [];
  t.after(
    startHousekeeping(views, committer, { ...quiet, warn: (...parts) => warnings.push(parts) }, undefined, refused),
  );
  const before = views.revision;
  refused.note('192.0.2.1', undefined);
  now = minute;
  const isTold = () => {
    const left = refused.takeDue();
    refused.putBack(left);
    return left.length === 0;
  };
  await until(isTold, 'the attempts are still there');
  assert.deepEqual([views.revision, warnings], [before, []]);
});
