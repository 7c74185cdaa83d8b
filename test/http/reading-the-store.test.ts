// Answers that are read from the store in pages show one revision. They are complete or refused, also while others
// write to etcd and compact it.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { nameKind } from '../../src/store/kinds/name.ts';
import { Compacted, type Store, StoreUnavailable } from '../../src/store/store.ts';
import { adminToken, problemIn } from '../support/api-client.ts';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

const zone = '/v1/zones/foo.k8s';
const textDns = { 'content-type': 'text/dns' };
const file = '$GENERATE 1-2500 number$ A 192.0.2.1\n';

async function prepare(t: TestContext, store?: Store): Promise<ServedApi> {
  const served = await servedApi(t, { store });
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  assert.equal((await put(served, file)).status, 200);
  return served;
}

const put = ({ api }: ServedApi, text: string, query = '') =>
  api.send('PUT', `${zone}/zonefile${query}`, text, textDns);

const exported = ({ url }: ServedApi) =>
  fetch(`${url}${zone}/zonefile`, { headers: { authorization: `Bearer ${adminToken}` } });

test('answers can be read from an etcd that others write to and compact', { skip: skipWithoutEtcd() }, async (t) => {
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const [ours, others] = await Promise.all(
    ['/zonewright/v1', '/other'].map((prefix) => openEtcdStore({ endpoints: [etcd.endpoint], prefix })),
  );
  assert.ok(ours && others);
  t.after(() => Promise.all([ours.close(), others.close()]));
  const served = await prepare(t, ours);
  const { revision } = await others.commit({ compares: [], operations: [{ kind: 'put', key: 'x', value: '1' }] });
  await etcd.compact(revision);

  const answer = await exported(served);
  assert.equal(answer.status, 200);
  assert.equal((await answer.text()).trim().split('\n').length, 2502);
  const same = await put(served, file, '?dryRun=true');
  assert.deepEqual([same.status, same.body.counts.unchanged], [200, 2501], same.text);
  await served.api.ok(200, 'GET', `${zone}/rrsets?limit=1000`);
  const other = await put(served, file.replace('192.0.2.1', '192.0.2.2'));
  assert.deepEqual([other.status, other.body.counts.changed], [200, 2500], other.text);

  await etcd.stop();
  assert.deepEqual([(await exported(served)).status, (await put(served, file)).status], [503, 503]);
});

/** Makes the store fail from page `page` of names on. */
function failFrom(t: TestContext, store: Store, page: number, error: Error): void {
  const list = store.list.bind(store);
  let pages = 0;
  t.mock.method(store, 'list', (...[prefix, options]: Parameters<typeof list>) =>
    prefix.startsWith(nameKind.prefix) && ++pages >= page ? Promise.reject(error) : list(prefix, options),
  );
}

for (const error of [new Compacted(), new StoreUnavailable('gone')]) {
  test(`${error.name} before the first page gets 503`, async (t) => {
    const served = await prepare(t);
    failFrom(t, served.store, 1, error);
    for (const answer of [
      await served.api.send('GET', `${zone}/zonefile`),
      await served.api.send('GET', `${zone}/rrsets`),
      await put(served, file, '?dryRun=true'),
      await put(served, file),
    ]) {
      assert.equal(problemIn(answer).code, 'store_unavailable');
    }
  });

  test(`${error.name} after the first page breaks off an export, and an import is refused`, async (t) => {
    const served = await prepare(t);
    failFrom(t, served.store, 2, error);
    const answer = await exported(served);
    assert.equal(answer.status, 200);
    await assert.rejects(answer.text(), 'the answer ends as if the zone file were whole');
    assert.equal(problemIn(await put(served, file)).code, 'store_unavailable');
  });
}

test('a zone that is changed during its export is exported with the serial of the exported revision', async (t) => {
  const served = await prepare(t);
  const stop = new AbortController();
  const writing = (async () => {
    for (let i = 0; !stop.signal.aborted; i += 1)
      await served.api.send('PUT', `${zone}/rrsets/count/TXT`, { ttl: 60, records: [`"${i}"`] });
  })();
  for (let reads = 0; reads < 20; reads += 1) {
    const answer = await exported(served);
    const text = await answer.text();
    const serial = Number(/SOA\t\S+ \S+ (\d+)/.exec(text)?.[1]);
    const revision = Number(answer.headers.get('zonewright-revision'));
    assert.ok(serial <= revision);
    const entries = (await served.store.list('serials/foo.k8s', { at: revision as never })).entries;
    assert.equal(entries[0]?.modified, serial);
  }
  stop.abort();
  await writing;
});
