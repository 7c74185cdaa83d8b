// Automatic reverse zones are created with their first name and deleted with their last one, also when requests race.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { decideDeleteHost } from '../../src/control/hosts/delete-host.ts';
import { startHousekeeping } from '../../src/control/housekeeping.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { type ControlPlane, embeddedStore, openReplica, putZone } from '../support/control-plane.ts';
import { storeEntries } from '../support/store-dump.ts';
import type { Cleanup } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { assertWhole, contentsOf } from './whole.ts';

const reverse = parseName('0.0.10.in-addr.arpa');

async function prepare(test: Cleanup): Promise<ControlPlane> {
  const replica = await openReplica(test, await embeddedStore(test));
  await replica.commit(putZone(parseName('k8s')));
  return replica;
}

const create = ({ commit }: ControlPlane, last: number) =>
  commit((context) =>
    decideCreateHost(context, {
      name: parseName(`h${last}.k8s`),
      addresses: [parseAddress(`10.0.0.${last}`)],
      aliases: [],
      ttl: null,
      ptr: true,
      owner: '',
      tags: {},
    }),
  );
const remove = ({ commit }: ControlPlane, last: number) =>
  commit((context) => decideDeleteHost(context, { name: parseName(`h${last}.k8s`), precondition: {} }));

test('hosts that are created together share one reverse zone, which is deleted with the last of them', async (t) => {
  const replica = await prepare(t);
  for (let turn = 0; turn < 5; turn += 1) {
    await Promise.all([1, 2, 3].map((last) => create(replica, last)));
    assert.equal(replica.views.zones.get(reverse)?.value.automatic, true);
    for (const last of [1, 2, 3]) await remove(replica, last);
    assert.equal(replica.views.zones.get(reverse), undefined);
    assertWhole(contentsOf(await storeEntries(replica.store)));
  }
});

test('the reverse zone stays if its last host is deleted while another host is created', async (t) => {
  const replica = await prepare(t);
  await create(replica, 0);
  for (let turn = 0; turn < 20; turn += 1) {
    await Promise.all([remove(replica, turn), create(replica, turn + 1)]);
    assertWhole(contentsOf(await storeEntries(replica.store)));
    assert.ok(replica.views.zones.get(reverse));
  }
});

test('when the last two hosts are deleted together, housekeeping deletes the reverse zone if they leave it empty', async (t) => {
  const replica = await prepare(t);
  await Promise.all([1, 2].map((last) => create(replica, last)));
  await Promise.all([1, 2].map((last) => remove(replica, last)));
  const stop = startHousekeeping(replica.views, replica.committer, {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: () => {},
  });
  t.after(stop);
  await until(() => replica.views.zones.get(reverse) === undefined, 'the zone is still there');
  assertWhole(contentsOf(await storeEntries(replica.store)));
});
