// The SkyDNS layout in both directions, on a real etcd with two replicas. A write of ours updates its keys in the same
// transaction. Both replicas serve the values that others write: each change of them is one change of the serial and
// one event.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { adminToken } from '../support/api-client.ts';
import { skipWithoutEtcd, startEtcd, type TestEtcd } from '../support/etcd.ts';
import { answersOf, type Replica, startReplica } from '../support/replica.ts';
import { runCommand } from '../support/run-command.ts';
import { deleteBelow, deleteForeign, layoutOf, progressOf, putForeign, untilFollowing } from '../support/skydns.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

interface Shown {
  items: { name: string; type: string; ttl: number; records: string[]; managedBy?: string }[];
}

suite('the SkyDNS layout', { skip: skipWithoutEtcd() }, () => {
  let etcd: TestEtcd;
  let first: Replica;
  let second: Replica;
  const cleanups: (() => unknown)[] = [];

  before(async () => {
    etcd = await startEtcd();
    const scope = { after: (cleanup: () => unknown) => void cleanups.push(cleanup) };
    const folder = await temporaryFolder(scope);
    const start = (name: string) =>
      startReplica(scope, join(folder, name), [
        '--store',
        'etcd',
        '--etcd-endpoints',
        etcd.endpoint,
        '--replica',
        name,
      ]);
    first = await start('first');
    second = await start('second');
    await first.expect(201, 'POST', '/v1/zones', { name: 'lab.test', skydns: true });
    await first.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/24'] });
    await untilFollowing(first, 'lab.test');
  });

  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
    await etcd?.close();
  });

  /** Returns our values below a name, without the fields that all of them have. */
  async function valuesBelow(path: string) {
    const all = await layoutOf(etcd, `/skydns/${path}`);
    return Object.values(all).map(({ owner: _, ttl: __, ...value }) => value);
  }

  async function answers(name: string, type: string, expected: string[], replicas = [first, second]) {
    for (const replica of replicas) {
      let last: string[] = [];
      await until(async () => {
        last = answersOf(await replica.ask(name, type));
        return isDeepStrictEqual(last, expected);
      }, `${name} ${type}`).catch(() => assert.deepEqual(last, expected, `${name} ${type}`));
    }
  }

  async function rrsets(zone: string, name: string): Promise<Shown['items']> {
    return (await second.expect<Shown>(200, 'GET', `/v1/zones/${zone}/rrsets?name=${name}`)).items;
  }

  test('the layout has the keys of a host as soon as it is written, and none as soon as it is deleted', async () => {
    const host = { name: 'web.lab.test', addresses: ['10.8.0.1'], aliases: ['www.lab.test'], ttl: 60 };
    await first.expect(201, 'POST', '/v1/hosts', host);
    assert.deepEqual(await valuesBelow('test/lab/web/'), [{ host: '10.8.0.1', targetstrip: 1 }]);
    assert.deepEqual(await valuesBelow('test/lab/www'), [{ host: 'web.lab.test' }]);
    // The automatic reverse zone has `skydns` too, like the zone of the host.
    assert.deepEqual(await valuesBelow('arpa/in-addr/10/8/0/1'), [{ host: 'web.lab.test' }]);
    const [before] = Object.keys(await layoutOf(etcd, '/skydns/test/lab/web/'));
    await first.expect(200, 'PATCH', '/v1/hosts/web.lab.test', { addresses: ['10.8.0.1', '10.8.0.2'], ttl: 30 });
    const written = await layoutOf(etcd, '/skydns/test/lab/web/');
    assert.deepEqual(
      Object.values(written)
        .map(({ host, ttl }) => `${host} ${ttl}`)
        .sort(),
      ['10.8.0.1 30', '10.8.0.2 30'],
    );
    assert.ok(before !== undefined && before in written, 'the key of a record that stays has changed');
    await first.expect(204, 'DELETE', '/v1/hosts/web.lab.test');
    for (const path of ['test/lab/web', 'test/lab/www', 'arpa/in-addr/10/8/0/1'])
      assert.deepEqual(await valuesBelow(path), []);
  });

  test('records that the layout cannot have are refused, and the refusal names them', async () => {
    const put = (name: string, type: string, records: string[]) =>
      first.expect<{ code: string; detail: string; errors?: { pointer: string }[] }>(
        422,
        'PATCH',
        '/v1/zones/lab.test/rrsets',
        [{ name, type, records }],
      );
    const two = await put('t', 'TXT', ['"a" "b"']);
    assert.equal(two.code, 'skydns_unfit');
    assert.match(two.detail, /TXT of t\.lab\.test/);
    assert.deepEqual(
      two.errors?.map(({ pointer }) => pointer),
      ['/0/name'],
    );
    const many = await put(
      'many',
      'A',
      Array.from({ length: 130 }, (_, index) => `10.9.0.${index}`),
    );
    assert.match(many.detail, /does not fit into one transaction .* for many\.lab\.test/);
    assert.deepEqual(await rrsets('lab.test', 'many'), []);
  });

  test('records of others are served by every replica, shown as managed, and cannot be changed over the API', async () => {
    await putForeign(etcd, 'test/lab/ext/0a1b2c3d', { host: '10.8.0.77', ttl: 60, targetstrip: 1, group: 'g' });
    await answers('ext.lab.test', 'A', ['A 10.8.0.77']);
    assert.deepEqual(await rrsets('lab.test', 'ext'), [
      { name: 'ext', type: 'A', ttl: 60, records: ['10.8.0.77'], managedBy: 'skydns' },
    ]);
    for (const [method, body] of [
      ['PUT', { records: ['10.8.0.78'] }],
      ['DELETE', undefined],
    ] as const) {
      const { code, detail } = await first.expect<{ code: string; detail: string }>(
        409,
        method,
        '/v1/zones/lab.test/rrsets/ext/A',
        body,
      );
      assert.equal(code, 'managed_record');
      assert.match(detail, /POST \/v1\/zones\/lab\.test\/adopt/);
    }
    const host = await first.expect<{ code: string }>(409, 'POST', '/v1/hosts', { name: 'ext.lab.test' });
    assert.equal(host.code, 'managed_record');
    // Addresses in records of others count as recorded addresses.
    const pool = await first.expect<{ usage: { ipv4: { recorded: string } } }>(200, 'GET', '/v1/pools/default');
    assert.equal(pool.usage.ipv4.recorded, '1');
    await deleteForeign(etcd, 'test/lab/ext/0a1b2c3d');
    await answers('ext.lab.test', 'A', []);
  });

  test('a change of others is one change of the serial and one event', async () => {
    const serial = async () => (await first.expect<{ serial: number }>(200, 'GET', '/v1/zones/lab.test')).serial;
    const start = await serial();
    await putForeign(etcd, 'test/lab/one/x', { host: '10.8.0.90', targetstrip: 1 });
    await answers('one.lab.test', 'A', ['A 10.8.0.90']);
    const then = await serial();
    assert.ok(then > start);
    const events = async () => {
      const path = '/v1/events?subject=one.lab.test%20A&limit=10';
      const { items } = await first.expect<{ items: { actor: { id: string }; action: string }[] }>(200, 'GET', path);
      return items.map(({ actor, action }) => `${actor.id} ${action}`);
    };
    await until(async () => (await events()).length > 0, 'there is no event');
    await putForeign(etcd, 'test/lab/one/x', { host: '10.8.0.90', targetstrip: 1, group: 'says nothing' });
    await putForeign(etcd, 'test/lab/two/x', { host: '10.8.0.91', targetstrip: 1 });
    await answers('two.lab.test', 'A', ['A 10.8.0.91']);
    assert.deepEqual(await events(), ['skydns created']);
  });

  test('bad values are reported, the others are served, and our RRsets come before those of others', async () => {
    await first.expect(201, 'PUT', '/v1/zones/lab.test/rrsets/own/A', { records: ['10.8.0.5'] });
    await putForeign(etcd, 'test/lab/bad/1', '{');
    await putForeign(etcd, 'test/lab/bad/2', { host: '10.8.0.80', targetstrip: 1 });
    await putForeign(etcd, 'test/lab/own/1', { host: '10.8.0.81', targetstrip: 1 });
    await answers('bad.lab.test', 'A', ['A 10.8.0.80']);
    await answers('own.lab.test', 'A', ['A 10.8.0.5']);
    const named = async () => (await progressOf(second, 'lab.test'))?.notServed;
    await until(async () => (await named())?.count === 2, 'the bad values are not named');
    assert.deepEqual((await named())?.first, [
      { what: '/skydns/test/lab/bad/1', reason: 'the value is not JSON' },
      { what: '/skydns/test/lab/own/1', reason: 'own.lab.test has A records of its own, which are served instead' },
    ]);
    const metrics = await (await fetch(`${first.url}/metrics`)).text();
    assert.match(metrics, /zonewright_skydns_not_served\{zone="lab.test"\} 2/);
    const logged = [first, second].flatMap((replica) => replica.log().split('\n'));
    assert.equal(
      logged.filter((line) => line.includes('/skydns/test/lab/bad/1')).length,
      1,
      'the bad value is not logged exactly once',
    );
    // When our record is deleted, the record of others at this name is served.
    await first.expect(204, 'DELETE', '/v1/zones/lab.test/rrsets/own/A');
    await answers('own.lab.test', 'A', ['A 10.8.0.81']);
    await deleteForeign(etcd, 'test/lab/bad/1');
    await until(async () => (await named())?.count === 0, 'the state still names faults');
  });

  test('very long keys of others are shown shortened, and everything else still works', async () => {
    for (const path of ['1', '2', '3']) await putForeign(etcd, `test/lab/${path}${'k'.repeat(700_000)}`, '{}');
    const named = async () => (await progressOf(second, 'lab.test'))?.notServed;
    await until(async () => (await named())?.count === 3, 'the long keys are not named');
    for (const { what } of (await named())?.first ?? []) assert.match(what, /^\/skydns\/test\/lab\/[123]k{1,2000}…$/);
    await deleteBelow(etcd, 'test/lab/');
    await until(async () => (await named())?.count === 0, 'the state still names faults');
    await first.expect(200, 'PATCH', '/v1/zones/lab.test', { skydns: false });
    await until(async () => (await progressOf(second, 'lab.test')) === undefined, 'the zone is not cleared');
    await first.expect(200, 'PATCH', '/v1/zones/lab.test', { skydns: true });
    await untilFollowing(first, 'lab.test');
  });

  test('a key of others at the exact name is never written over', async () => {
    await putForeign(etcd, 'test/lab/exact', '[]');
    await until(async () => (await progressOf(first, 'lab.test'))?.notServed.count === 1, 'the value is not named');
    const body = { records: ['web.lab.test.'] };
    const { code } = await first.expect<{ code: string }>(422, 'PUT', '/v1/zones/lab.test/rrsets/exact/CNAME', body);
    assert.equal(code, 'skydns_unfit');
    assert.deepEqual(await layoutOf(etcd, '/skydns/test/lab/exact'), { '': [] });
    // Others write over the key of an alias of ours. A deletion of the alias must leave their value.
    await first.expect(201, 'PUT', '/v1/zones/lab.test/rrsets/before/CNAME', body);
    await putForeign(etcd, 'test/lab/before', { host: 'theirs' });
    await until(async () => (await progressOf(first, 'lab.test'))?.notServed.count === 2, 'the value is not named');
    await first.expect(204, 'DELETE', '/v1/zones/lab.test/rrsets/before/CNAME');
    assert.deepEqual(await layoutOf(etcd, '/skydns/test/lab/before'), { '': { host: 'theirs' } });
    await answers('before.lab.test', 'CNAME', ['CNAME theirs']);
    await deleteForeign(etcd, 'test/lab/before');
    await deleteForeign(etcd, 'test/lab/exact');
  });

  test('a key of others is never written over, also if more values are bad than the state names', async () => {
    await first.expect(201, 'POST', '/v1/zones', { name: 'many.test', skydns: true });
    await untilFollowing(first, 'many.test');
    for (let index = 0; index < 21; index += 1) await putForeign(etcd, `test/many/a${index}`, '[]');
    await putForeign(etcd, 'test/many/exact', '[]');
    await until(async () => (await progressOf(first, 'many.test'))?.notServed.count === 22, 'the values are not named');
    const body = { records: ['web.lab.test.'] };
    const path = '/v1/zones/many.test/rrsets/exact/CNAME';
    const { code, detail } = await first.expect<{ code: string; detail: string }>(422, 'PUT', path, body);
    assert.equal(code, 'skydns_unfit');
    assert.match(detail, /others have a value at the key \/skydns\/test\/many\/exact of the store: delete it there/);
    // The work that writes keys after an import does not write over this key either, and says so.
    await importFile(first, 'many.test', '$ORIGIN many.test.\n$TTL 60\nexact CNAME x\nx A 10.8.1.3\n');
    await untilFollowing(first, 'many.test');
    assert.deepEqual((await progressOf(first, 'many.test'))?.leftOut.first, [
      { what: 'exact.many.test CNAME', reason: 'others have a value at the key /skydns/test/many/exact' },
    ]);
    assert.equal(Object.keys(await layoutOf(etcd, '/skydns/test/many/x/')).length, 1);
    await first.expect(204, 'DELETE', path);
    assert.deepEqual(await layoutOf(etcd, '/skydns/test/many/exact'), { '': [] });
    await deleteForeign(etcd, 'test/many/exact');
    await first.expect(201, 'PUT', path, body);
    assert.equal((await layoutOf(etcd, '/skydns/test/many/exact'))['']?.host, 'web.lab.test');
  });

  test('the keys of a filled zone are written when `skydns` is set, follow imports and the default TTL, and go when it is unset', async () => {
    await first.expect(201, 'POST', '/v1/zones', { name: 'late.test' });
    const changes = (from: number) =>
      Array.from({ length: 100 }, (_, index) => ({ name: `n${from + index}`, type: 'A', records: ['10.8.1.1'] }));
    for (let from = 0; from < 1500; from += 100)
      await first.expect(200, 'PATCH', '/v1/zones/late.test/rrsets', changes(from));
    await first.expect(201, 'PUT', '/v1/zones/late.test/rrsets/t/TXT', { records: ['"a" "b"'] });
    await putForeign(etcd, 'test/late/theirs/1', { host: '10.8.1.2', targetstrip: 1 });
    const count = async () => Object.keys(await layoutOf(etcd, '/skydns/test/late/')).length;
    await first.expect(200, 'PATCH', '/v1/zones/late.test', { skydns: true });
    await untilFollowing(second, 'late.test');
    // 1,500 keys are those of records, one belongs to others, two to the replicas as nameservers.
    await until(async () => (await count()) === 1503, `${await count()} keys`);
    await answers('theirs.late.test', 'A', ['A 10.8.1.2']);
    const progress = await progressOf(second, 'late.test');
    assert.deepEqual(
      progress?.leftOut.first.map(({ what }) => what),
      ['t.late.test TXT'],
    );

    await importFile(first, 'late.test', '$ORIGIN late.test.\n$TTL 60\nnew A 10.8.1.3\n');
    await until(async () => (await count()) === 4, `${await count()} keys after the import`);
    await answers('theirs.late.test', 'A', ['A 10.8.1.2']);

    await first.expect(201, 'POST', '/v1/hosts', { name: 'host.late.test', addresses: ['10.8.1.9'], ptr: false });
    await first.expect(200, 'PATCH', '/v1/zones/late.test', { defaultTtl: 77 });
    const ttls = async () => Object.values(await layoutOf(etcd, '/skydns/test/late/host/')).map(({ ttl }) => ttl);
    await until(async () => isDeepStrictEqual(await ttls(), [77]), 'the keys do not follow the default TTL');

    await first.expect(200, 'PATCH', '/v1/zones/late.test', { skydns: false });
    await until(async () => (await progressOf(second, 'late.test')) === undefined, 'the zone is not cleared');
    assert.equal(await count(), 1);
    await answers('theirs.late.test', 'A', []);
  });

  test('one request makes records of others ours; then they can be changed over the API', async () => {
    await first.expect(201, 'POST', '/v1/zones', { name: 'old.test', skydns: true });
    await untilFollowing(first, 'old.test');
    const heritage = (type: string, name: string) => ({
      text: '"heritage=external-dns,external-dns/owner=lab"',
      targetstrip: 1,
      key: `test/old/${type}-${name}/1`,
    });
    await putForeign(etcd, 'test/old/a/1', { host: '10.8.3.1', ttl: 60, targetstrip: 1 });
    await putForeign(etcd, 'test/old/a/2', { host: '10.8.3.2', targetstrip: 1 });
    await putForeign(etcd, 'test/old/alias', { host: 'a.old.test' });
    await putForeign(etcd, 'test/old/bad', 'x');
    await putForeign(etcd, heritage('a', 'a').key, heritage('a', 'a'));
    await putForeign(etcd, heritage('a', 'gone').key, heritage('a', 'gone'));
    await putForeign(etcd, heritage('a', '').key, heritage('a', ''));
    await putForeign(etcd, 'test/old/dns/stub/corp/1', { host: '192.0.2.53' });
    await answers('a-gone.old.test', 'TXT', ['TXT "heritage=external-dns,external-dns/owner=lab"']);

    const shown = await second.expect<{ orphans: { name: string }[]; stubZones: unknown[] }>(
      200,
      'GET',
      '/v1/zones/old.test/skydns',
    );
    assert.deepEqual(
      shown.orphans.map(({ name }) => name),
      ['a-gone.old.test'],
    );
    assert.deepEqual(shown.stubZones, [
      { domain: 'corp', host: '192.0.2.53', port: 53, key: '/skydns/test/old/dns/stub/corp/1' },
    ]);
    const swept = await second.expect(200, 'DELETE', '/v1/zones/old.test/skydns/orphans');
    assert.deepEqual(swept, { deleted: 1, left: [] });
    assert.deepEqual(await layoutOf(etcd, '/skydns/test/old/a-gone'), {});
    assert.deepEqual(answersOf(await second.ask('a-gone.old.test', 'TXT')), []);

    const adopted = await second.expect(200, 'POST', '/v1/zones/old.test/adopt');
    assert.deepEqual(adopted, { adopted: 2, dropped: 2, left: [] });
    assert.deepEqual(await rrsets('old.test', 'a'), [
      { name: 'a', type: 'A', ttl: 60, records: ['10.8.3.1', '10.8.3.2'] },
    ]);
    const written = await layoutOf(etcd, '/skydns/test/old/a');
    assert.deepEqual(
      Object.entries(written)
        .map(([key, { host, owner }]) => `${key.length} ${host} ${owner}`)
        .sort(),
      ['11 10.8.3.1 zonewright', '11 10.8.3.2 zonewright', '4 a.old.test zonewright'],
    );
    assert.deepEqual(await second.expect(200, 'POST', '/v1/zones/old.test/adopt'), {
      adopted: 0,
      dropped: 0,
      left: [],
    });
    await first.expect(200, 'PUT', '/v1/zones/old.test/rrsets/alias/CNAME', { records: ['b.old.test.'] });
    await answers('alias.old.test', 'CNAME', ['CNAME b.old.test']);
  });

  test('a name that a zone inside hides has no keys, and has them again when that zone is gone', async () => {
    await first.expect(201, 'POST', '/v1/zones', { name: 'around.test', skydns: true });
    await first.expect(201, 'PUT', '/v1/zones/around.test/rrsets/own.in/A', { records: ['10.8.5.1'] });
    const keys = async (path: string) => Object.keys(await layoutOf(etcd, `/skydns/test/around/${path}`)).length;
    for (const skydns of [false, true]) {
      assert.equal(await keys('in/own/'), 1);
      await first.expect(201, 'POST', '/v1/zones', { name: 'in.around.test', skydns });
      await until(async () => (await keys('in/own/')) === 0, 'the hidden name keeps its key');
      await first.expect(204, 'DELETE', '/v1/zones/in.around.test');
      await until(async () => (await keys('in/own/')) === 1, 'the name has no key again');
      await answers('own.in.around.test', 'A', ['A 10.8.5.1']);
    }
  });

  test('a deleted zone leaves no key of ours', async () => {
    await first.expect(201, 'POST', '/v1/zones', { name: 'gone.test', skydns: true });
    await first.expect(201, 'PUT', '/v1/zones/gone.test/rrsets/a/A', { records: ['10.8.2.1'] });
    await untilFollowing(first, 'gone.test');
    await first.expect(204, 'DELETE', '/v1/zones/gone.test');
    await until(async () => Object.keys(await layoutOf(etcd, '/skydns/test/gone/')).length === 0, 'keys are left');
  });

  test('a zone that is restored into the embedded store says that there is no layout, and can be switched off', async (t) => {
    await first.expect(201, 'POST', '/v1/zones', { name: 'moved.test', skydns: true });
    await putForeign(etcd, 'test/moved/ext/1', { host: '10.8.4.1', targetstrip: 1 });
    await answers('ext.moved.test', 'A', ['A 10.8.4.1']);
    const folder = await temporaryFolder(t);
    const file = join(folder, 'backup');
    const env = { ZONEWRIGHT_ADMIN_TOKEN: adminToken };
    const made = await runCommand(['backup', file, '--data-dir', first.folder], { env });
    assert.equal(made.status, 0, made.stderr);
    const { stdout } = await runCommand(['restore', file, '--data-dir', join(folder, 'data')]);
    assert.match(stdout, /This store has no SkyDNS layout.*moved\.test.*Set "skydns" to false/);
    const alone = await startReplica(t, join(folder, 'data'));
    assert.equal((await progressOf(alone, 'moved.test'))?.phase, 'unavailable');
    assert.deepEqual(answersOf(await alone.ask('ext.moved.test', 'A')), ['A 10.8.4.1']);
    await alone.expect(200, 'PUT', '/v1/zones/moved.test/rrsets/ext/A', { records: ['10.8.4.2'] });
    await alone.expect(200, 'PATCH', '/v1/zones/moved.test', { skydns: false });
    assert.equal(await progressOf(alone, 'moved.test'), undefined);
    assert.deepEqual(answersOf(await alone.ask('ext.moved.test', 'A')), ['A 10.8.4.2']);
  });

  test('when the leader dies, the other replica goes on with its work, and the serial does not go back', async () => {
    const leader = await leaderOf([first, second]);
    const other = leader === first ? second : first;
    const names = 10_000;
    await other.expect(201, 'POST', '/v1/zones', { name: 'big.test' });
    const lines = Array.from({ length: names }, (_, index) => `n${index} A 10.9.${index >> 8}.${index & 255}\n`);
    await importFile(other, 'big.test', `$ORIGIN big.test.\n$TTL 60\n${lines.join('')}`);
    await other.expect(200, 'PATCH', '/v1/zones/big.test', { skydns: true });
    const isWriting = async () => {
      const { phase, done = 0 } = (await progressOf(other, 'big.test')) ?? {};
      return phase === 'writing' && done > 0;
    };
    await until(isWriting, 'the keys are not written');
    const serial = async () => (await other.expect<{ serial: number }>(200, 'GET', '/v1/zones/lab.test')).serial;
    const start = await serial();
    await leader.kill();
    await putForeign(etcd, 'test/lab/later/1', { host: '10.8.0.99', targetstrip: 1 });
    await until(async () => answersOf(await other.ask('later.lab.test', 'A')).length > 0, 'no new leader', 30_000);
    assert.ok((await serial()) > start);
    await untilFollowing(other, 'big.test');
    const keys = Object.keys(await layoutOf(etcd, '/skydns/test/big/')).filter((key) => !key.startsWith('dns/ns/'));
    assert.equal(keys.length, names);
    const resumed = other
      .log()
      .split('\n')
      .filter((line) => line.includes('big.test') && line.includes('SkyDNS layout'));
    assert.match(resumed[0] ?? '', /"phase":"writing"/);
    await leader.start();
    await answers('later.lab.test', 'A', ['A 10.8.0.99']);
  });

  async function importFile(replica: Replica, zone: string, body: string): Promise<void> {
    const headers = { 'content-type': 'text/dns', authorization: `Bearer ${adminToken}` };
    const answer = await fetch(`${replica.url}/v1/zones/${zone}/zonefile`, { method: 'PUT', headers, body });
    assert.equal(answer.status, 200, await answer.text());
  }

  async function leaderOf(replicas: Replica[]): Promise<Replica> {
    const { '': value } = await layoutOf(etcd, '/zonewright/v1/leaders/skydns');
    const index = ['first', 'second'].indexOf(String(value?.replica));
    assert.ok(index >= 0, JSON.stringify(value));
    return replicas[index] as Replica;
  }
});
