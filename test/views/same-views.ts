// Compares the views of two replicas: all data that control, HTTP and DNS can read from them.

import assert from 'node:assert/strict';
import { nameKind } from '../../src/store/kinds/name.ts';
import type { Entry } from '../../src/store/store.ts';
import type { Views } from '../../src/views/views.ts';
import { type ControlPlane, openReplica } from '../support/control-plane.ts';
import { storeEntries } from '../support/store-dump.ts';
import type { Cleanup } from '../support/temporary.ts';

/** Asserts that the replica's views have the same contents as the views of a replica that loads the store now. */
export async function sameViews(test: Cleanup, replica: Pick<ControlPlane, 'store' | 'views'>): Promise<void> {
  const fresh = await openReplica(test, replica.store);
  await replica.views.reached(fresh.views.revision);
  const entries = await storeEntries(replica.store);
  assert.deepEqual(readViews(replica.views, entries), readViews(fresh.views, entries));
  await fresh.close();
}

/** Returns the contents of views as plain data. `entries` has the keys of the names to look up. */
export function readViews(views: Views, entries: readonly Entry[], now = Date.now()): unknown {
  const subjects = entries.map(({ key }) => nameKind.parse(key));
  return {
    pools: [...views.pools.list()].map(({ value, modified }) => ({
      value,
      modified,
      usage: views.pools.usage(value.name, now),
      nextCoolDownEnd: views.pools.nextCoolDownEnd(value.name, now),
      held: [...views.pools.heldIn(value)],
      free: (['ipv4', 'ipv6'] as const).map((family) => [
        ...views.pools.candidates(value.name, family, now, () => 0.5).take(300),
      ]),
    })),
    expired: [...views.pools.expired(Number.MAX_SAFE_INTEGER)],
    hosts: [...views.hosts.list()],
    zones: [...views.zones.list()].map(({ value, modified }) => ({
      value,
      modified,
      serial: views.zones.serial(value.name),
      counts: views.zones.counts(value.name),
      implied: views.zones.implied(value.name),
    })),
    names: subjects.map((subject) => subject && [subject.owner, views.zones.name(subject.zone, subject.owner)]),
    tokens: [...views.tokens].sort(),
    faults: [...views.faults].sort(),
  };
}
