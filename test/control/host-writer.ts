// The process that host-is-atomic.test.ts kills. Until then, it creates, changes and deletes hosts in the store in a
// folder.

import { decideChangeHost } from '../../src/control/hosts/change-host.ts';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { decideDeleteHost } from '../../src/control/hosts/delete-host.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openReplica } from '../support/control-plane.ts';

const store = await openEmbeddedStore({ folder: process.argv[2] as string });
const { commit } = await openReplica({ after: () => {} }, store);
process.stdout.write('writing\n');
const start = Date.now();
for (let turn = 0; ; turn += 1) await Promise.all([0, 1, 2].map((lane) => live(`${start}-${turn}-${lane}`, lane)));

/** Creates a host with an alias, gives it another name and address, and deletes it. */
async function live(label: string, lane: number): Promise<void> {
  const name = parseName(`h${label}.k8s`);
  const wanted = { name, aliases: [parseName(`a${label}.k8s`)], ttl: null, ptr: true, owner: '', tags: {} };
  await commit((context) => decideCreateHost(context, { ...wanted, families: ['ipv4', 'ipv6'] }));
  const renamed = { ...wanted, name: parseName(`r${label}.k8s`), addresses: [parseAddress(`192.0.2.${lane}`)] };
  await commit((context) => decideChangeHost(context, { name, precondition: {}, change: () => renamed }));
  await commit((context) => decideDeleteHost(context, { name: renamed.name, precondition: {} }));
}
