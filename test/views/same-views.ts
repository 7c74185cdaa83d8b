// Compares the views of two replicas: all that control, HTTP and DNS can ask of them.

import assert from 'node:assert/strict';
import { nameKind } from '../../src/store/kinds/name.ts';
import type { Entry } from '../../src/store/store.ts';
import type { Views } from '../../src/views/views.ts';
import { type ControlPlane, openReplica } from '../support/control-plane.ts';
import { storeEntries } from '../support/store-dump.ts';
import type { Cleanup } from '../support/temporary.ts';

/** Asserts that a replica's views are the same as those of a replica that loads the store now. */
export async function sameViews(test: Cleanup, replica: Pick<ControlPlane, 'store' | 'views'>): Promise<void> {
  const fresh = await openReplica(test, replica.store);
  await replica.views.reached(fresh.views.revision);
  const entries = await storeEntries(replica.store);
  assert.deepEqual(told(replica.views, entries), told(fresh.views, entries));
  await fresh.close();
}

/** Returns all that views can answer, as plain data. `entries` has the owner names to ask for. */
export function told(views: Views, entries: readonly Entry[], now = Date.now()): unknown {
  const subjects = entries.map(({ key }) => nameKind.parse(key));
  return {
    pools: [...views.pools.list()].map(({ value, modified }) => ({
      value,
      modified,
      usage: views.pools.usage(value.name, now),
      nextCoolDownEnd: views.pools.nextCoolDownEnd(value.name, now),
      held: [...views.pools.heldFrom(value)],
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
