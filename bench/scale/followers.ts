// Followers of one etcd in a process of their own (watches.ts): each has its own connection, watch and views, as a
// replica has. Tells its parent when all of them have a revision, and the CPU time that they took.

import { openEtcdStore } from '../../src/store/etcd.ts';
import { follow } from '../../src/views/follow.ts';
import type { Views } from '../../src/views/views.ts';
import { emptyViews } from '../../test/support/control-plane.ts';

/** What the parent sends: tell me when all followers have this revision. */
export interface Asked {
  revision: number;
}

/**
 * What the parent gets: all followers have the revision. `cpu`: the CPU time of this process so far, in microseconds.
 */
export interface Told {
  revision: number;
  cpu: number;
}

const [endpoint = '', count = '1'] = process.argv.slice(2);
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const stopping = new AbortController();
const all: Views[] = [];
for (let index = 0; index < Number(count); index += 1) {
  const store = await openEtcdStore({ endpoints: [endpoint], prefix: '/zonewright/v1' });
  const views = emptyViews();
  void follow(store, views, silent, stopping.signal);
  await views.whenLoaded();
  all.push(views);
}

process.on('message', async ({ revision }: Asked) => {
  await Promise.all(all.map((views) => views.reached(revision as typeof views.revision)));
  const { user, system } = process.cpuUsage();
  process.send?.({ revision, cpu: user + system } satisfies Told);
});
process.on('disconnect', () => process.exit(0));
process.send?.({ revision: 0, cpu: 0 } satisfies Told);
