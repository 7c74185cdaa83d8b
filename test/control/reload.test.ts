// A replica is cut off from etcd until etcd has compacted the revisions that it missed. It loads everything again, and
// then has the same contents as the other replicas.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { decideDeleteHost } from '../../src/control/hosts/delete-host.ts';
import { decideChangeRrsets } from '../../src/control/zones/change-rrsets.ts';
import { decideDeleteZone } from '../../src/control/zones/delete-zone.ts';
import { parseAddress } from '../../src/model/address.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { type ControlPlane, openReplica, putZone } from '../support/control-plane.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import type { Cleanup } from '../support/temporary.ts';
import { sameViews } from '../views/same-views.ts';

/** Starts a proxy between one replica and etcd. A test can cut the connection and restore it. */
async function cable(test: Cleanup, endpoint: string) {
  const { port } = new URL(endpoint);
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer((socket) => {
    if (!whole) {
      socket.destroy();
      return;
    }
    const other = connect(Number(port), '127.0.0.1');
    for (const [one, two] of [
      [socket, other],
      [other, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => two.destroy()).on('close', () => sockets.delete(one));
      one.pipe(two);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const cut = () => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  test.after(() => {
    cut();
    server.close();
  });
  return {
    endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    cut,
    mend: () => {
      whole = true;
    },
  };
}

async function replicaAt(test: Cleanup, endpoint: string, log: string[] = []): Promise<ControlPlane> {
  const store = await openEtcdStore({ endpoints: [endpoint], prefix: '/zonewright/v1' });
  test.after(() => store.close());
  const logger = {
    debug: () => {},
    info: () => {},
    warn: (...words: unknown[]) => log.push(JSON.stringify(words)),
    error: (...words: unknown[]) => log.push(JSON.stringify(words)),
  };
  return openReplica(test, store, logger);
}

const putHost = ({ commit }: ControlPlane, name: string, address: string) =>
  commit((context) =>
    decideCreateHost(context, {
      name: parseName(name),
      addresses: [parseAddress(address)],
      aliases: [parseName(`alias-${name}`)],
      ttl: null,
      ptr: true,
      owner: '',
      tags: {},
    }),
  );

test('after a compaction that it missed, a replica serves all changes, and nothing that was deleted', {
  timeout: 60_000,
}, async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  const wire = await cable(t, etcd.endpoint);
  const near = await replicaAt(t, etcd.endpoint);
  const log: string[] = [];
  const far = await replicaAt(t, wire.endpoint, log);
  const [k8s, gone, again] = ['k8s', 'gone', 'again'].map(parseName) as [Fqdn, Fqdn, Fqdn];
  for (const name of [k8s, gone, again]) await near.commit(putZone(name));
  for (const [name, address] of [
    ['stays.k8s', '10.0.0.1'],
    ['goes.k8s', '10.0.0.2'],
    ['moves.k8s', '10.0.1.1'],
  ] as const) {
    await putHost(near, name, address);
  }
  const text = (owner: string, records: string[]) =>
    near.commit((context) =>
      decideChangeRrsets(context, {
        zone: again,
        changes: [
          {
            owner: parseName(owner),
            type: parseRecordType('TXT'),
            path: '',
            rrset: { type: parseRecordType('TXT'), records },
          },
        ],
      }),
    );
  await text('old.again', ['"old"']);
  await text('same.again', ['"same"']);
  await far.views.reached(near.views.revision);

  wire.cut();
  await near.commit((context) => decideDeleteHost(context, { name: parseName('goes.k8s'), precondition: {} }));
  await near.commit((context) => decideDeleteHost(context, { name: parseName('moves.k8s'), precondition: {} }));
  await near.commit((context) => decideDeleteZone(context, { name: gone, precondition: {} }));
  await near.commit((context) => decideDeleteZone(context, { name: again, precondition: {} }));
  await near.commit(putZone(again));
  await text('same.again', ['"same"']);
  await text('new.again', ['"new"']);
  await putHost(near, 'moves.k8s', '10.0.2.1');
  await putHost(near, 'new.k8s', '10.0.0.2');
  await etcd.compact(near.views.revision);
  assert.ok(
    far.views.hosts.get(parseName('goes.k8s')),
    'the replica that is cut off no longer has a host that it knew',
  );
  wire.mend();

  await far.views.reached(near.views.revision);
  // The watch finds the compaction, or the check whether this is still the same etcd.
  assert.match(log.join(), /fell behind a compaction|compacted revision/);
  assert.equal(far.views.hosts.get(parseName('goes.k8s')), undefined);
  assert.deepEqual(far.views.zones.name(again, parseName('old.again')).rrsets, []);
  await sameViews(t, { store: near.store, views: far.views });
  await putHost(far, 'after.k8s', '10.0.0.3');
  await near.views.reached(far.views.revision);
  await sameViews(t, near);
});
