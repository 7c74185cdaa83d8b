// Housekeeping whose rounds fail. Cited by src/control/housekeeping.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHousekeeping } from '../../src/control/housekeeping.ts';
import type { Committer } from '../../src/control/transaction/commit.ts';
import { Refusal } from '../../src/errors.ts';
import { parseName } from '../../src/model/name.ts';
import { embeddedStore, openReplica, putZone } from '../support/control-plane.ts';
import { until } from '../support/until.ts';

test('failing rounds of housekeeping make one warning in the log, and one line when a round succeeds again', async (t) => {
  const { commit, views, committer } = await openReplica(t, await embeddedStore(t));
  const zone = parseName('2.0.192.in-addr.arpa');
  await commit(putZone(zone, { automatic: true }));
  let rounds = 0;
  const failing = {
    commit: async (...wanted: Parameters<Committer['commit']>) => {
      rounds += 1;
      if (rounds === 1) throw new Refusal('not_found', 'another replica was first');
      if (rounds < 4) throw new Refusal('store_unavailable', 'no answer');
      return committer.commit(...wanted);
    },
  };
  const lines: string[] = [];
  const log = (_: unknown, message = '') => lines.push(message);
  t.after(startHousekeeping(views, failing as Committer, { debug: () => {}, info: log, warn: log, error: log }));
  await until(() => views.zones.get(zone) === undefined && lines.length > 1, 'the zone is still there');
  assert.deepEqual(lines, [
    'housekeeping failed, will retry: expired addresses are released late',
    'housekeeping works again',
  ]);
  assert.equal(rounds, 4);
});
