// Stub zones that others write into the SkyDNS layout, on a real etcd with two replicas, and with a real server of
// these zones. If an admin has allowed it, a stub zone is forwarded while its key exists, but not in place of a zone of
// ours or of a forwarder that an admin has written.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { adminToken } from '../support/api-client.ts';
import { ask } from '../support/dns-client.ts';
import { skipWithoutEtcd, startEtcd, type TestEtcd } from '../support/etcd.ts';
import { answersOf, type Replica, startReplica } from '../support/replica.ts';
import { runCommand } from '../support/run-command.ts';
import { deleteForeign, progressOf, putForeign, untilFollowing } from '../support/skydns.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

interface Forwarder {
  zone: string;
  targets: string[];
  allowFrom: string[];
  managedBy?: string;
  stubZoneOf?: string;
}

interface Problem {
  code: string;
  detail: string;
  errors?: { pointer?: string }[];
}

suite('stub zones of the SkyDNS layout', { skip: skipWithoutEtcd() }, () => {
  let etcd: TestEtcd;
  let first: Replica;
  let second: Replica;
  /** A server of other zones, which knows nothing of the two replicas. */
  let server: { host: string; port: number };
  const cleanups: (() => unknown)[] = [];
  const scope = { after: (cleanup: () => unknown) => void cleanups.push(cleanup) };

  before(async () => {
    etcd = await startEtcd();
    const folder = await temporaryFolder(scope);
    const flags = ['--store', 'etcd', '--etcd-endpoints', etcd.endpoint];
    const upstream = await startReplica(scope, join(folder, 'upstream'));
    server = { host: upstream.dns.address, port: upstream.dns.port };
    for (const name of ['corp.test', 'dept.test', 'sub.lab.test']) {
      await upstream.expect(201, 'POST', '/v1/zones', { name });
      await upstream.expect(201, 'PUT', `/v1/zones/${name}/rrsets/www/A`, { records: ['192.0.2.7'] });
    }
    first = await startReplica(scope, join(folder, 'first'), [...flags, '--replica', 'first']);
    second = await startReplica(scope, join(folder, 'second'), [...flags, '--replica', 'second']);
    await first.expect(201, 'POST', '/v1/zones', { name: 'lab.test', skydns: true, stubZones: true });
    await untilFollowing(first, 'lab.test');
  });

  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
    await etcd?.close();
  });

  const stub = (domain: string, leaf = '1', zone = 'test/lab') => `${zone}/dns/stub/${domain}/${leaf}`;

  const askRecursively = ({ dns }: Replica, name: string) =>
    ask({ server: dns, name, type: 'A', recursionDesired: true });

  /** Waits until both replicas give this answer: records as texts, or the name of an rcode. */
  async function answers(name: string, expected: string[] | string): Promise<void> {
    for (const replica of [first, second]) {
      let last: unknown;
      const isAnswered = async () => {
        const message = await askRecursively(replica, name);
        last = typeof expected === 'string' ? message.rcode : answersOf(message);
        return isDeepStrictEqual(last, expected);
      };
      await until(isAnswered, name, 15_000).catch(() => assert.deepEqual(last, expected, name));
    }
  }

  const forwarders = async () => (await second.expect<{ items: Forwarder[] }>(200, 'GET', '/v1/forwarders')).items;
  const untilForwarded = (...zones: string[]) =>
    until(
      async () =>
        isDeepStrictEqual(
          (await forwarders()).map(({ zone }) => zone),
          zones,
        ),
      `${zones} are not what is forwarded`,
      15_000,
    );
  const notServed = async (zone = 'lab.test') => (await progressOf(second, zone))?.notServed.first ?? [];

  test('a stub zone is forwarded by every replica while its key exists, and its forwarder is shown as managed', async () => {
    await answers('www.corp.test', 'REFUSED');
    await putForeign(etcd, stub('test/corp'), server);
    await answers('www.corp.test', ['A 192.0.2.7']);
    const [forwarder, ...more] = await forwarders();
    assert.deepEqual(more, []);
    assert.equal(forwarder?.managedBy, 'skydns');
    assert.equal(forwarder.stubZoneOf, 'lab.test');
    assert.deepEqual(forwarder.targets, [`${server.host}:${server.port}`]);
    assert.deepEqual(forwarder.allowFrom, ['127.0.0.0/8', '::1/128']);
    for (const [method, body] of [
      ['PUT', { targets: ['192.0.2.1'] }],
      ['DELETE', undefined],
    ] as const) {
      const { code, detail } = await first.expect<Problem>(409, method, '/v1/forwarders/corp.test', body);
      assert.equal(code, 'managed_record');
      assert.match(detail, /lab\.test.*"stubZones"/);
    }
    const path = '/v1/events?subject=corp.test&limit=10';
    await until(async () => {
      const { items } = await first.expect<{ items: { actor: { id: string }; action: string }[] }>(200, 'GET', path);
      return items.some(({ actor, action }) => actor.id === 'skydns' && action === 'created');
    }, 'there is no event');
    await putForeign(etcd, stub('test/corp', '2'), { host: '192.0.2.53' });
    await until(async () => (await forwarders())[0]?.targets[1] === '192.0.2.53:53', 'the second server is missing');
    await deleteForeign(etcd, stub('test/corp'));
    await deleteForeign(etcd, stub('test/corp', '2'));
    await answers('www.corp.test', 'REFUSED');
    await untilForwarded();
  });

  test('servers that cannot be asked are named, and the other servers are asked', async () => {
    await putForeign(etcd, stub('test/corp', '1'), server);
    const { host, port } = { host: second.dns.address, port: second.dns.port };
    const bad: [path: string, value: object | string, reason: RegExp][] = [
      [stub('test/corp', '2'), { host: 'ns.corp.test' }, /must be an address/],
      [stub('test/corp', '3'), { host: '192.0.2.1', port: 70_000 }, /'port' must be/],
      [stub('test/corp', '4'), { host, port }, /is the replica 'second' of this service|this replica itself listens/],
      [stub('test/corp', '5'), { port: 53 }, /no 'host'/],
      [stub('test/corp', '6'), '{', /not JSON/],
      [stub('test', '1'), server, /test is not forwarded: it is the zone lab\.test here, or above it/],
      [stub('test/lab', '1'), server, /lab\.test is not forwarded/],
      ['test/lab/dns/stub/1', server, /'\.' cannot be forwarded/],
    ];
    for (const [path, value] of bad) await putForeign(etcd, path, value);
    await until(
      async () => (await progressOf(second, 'lab.test'))?.notServed.count === bad.length,
      'not all are named',
    );
    const faults = await notServed();
    for (const [path, , reason] of bad)
      assert.match(faults.find(({ what }) => what === `/skydns/${path}`)?.reason ?? '', reason, path);
    await answers('www.corp.test', ['A 192.0.2.7']);
    for (const [path] of bad) await deleteForeign(etcd, path);
    await until(async () => (await notServed()).length === 0, 'the state still names faults');
    await deleteForeign(etcd, stub('test/corp'));
    await untilForwarded();
  });

  test('a stub zone does not replace a forwarder of an admin or a zone of ours, and one below a zone of ours is forwarded', async () => {
    const targets = ['192.0.2.99:53'];
    await first.expect(201, 'PUT', '/v1/forwarders/dept.test', { targets });
    await putForeign(etcd, stub('test/dept'), server);
    await until(async () => (await notServed()).length === 1, 'the stub zone is not named');
    assert.match((await notServed())[0]?.reason ?? '', /an admin has written the forwarder dept\.test/);
    assert.deepEqual((await forwarders())[0]?.targets, targets);
    await first.expect(204, 'DELETE', '/v1/forwarders/dept.test');
    await answers('www.dept.test', ['A 192.0.2.7']);
    // An operator may create a zone with the name of the stub zone, as if that did not exist.
    const { token } = await first.expect<{ token: string }>(201, 'POST', '/v1/tokens', {
      name: 'operator',
      role: 'operator',
    });
    const headers = { authorization: `Bearer ${token}` };
    const made = await first.request('POST', '/v1/zones', { name: 'dept.test' }, headers);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    await untilForwarded();
    await answers('www.dept.test', 'NXDOMAIN');
    await until(async () => (await notServed()).length === 1, 'the stub zone is not named');
    await first.expect(204, 'DELETE', '/v1/zones/dept.test');
    await answers('www.dept.test', ['A 192.0.2.7']);
    await putForeign(etcd, stub('test/lab/sub'), server);
    await answers('www.sub.lab.test', ['A 192.0.2.7']);
    for (const path of ['test/dept', 'test/lab/sub']) await deleteForeign(etcd, stub(path));
    await untilForwarded();
  });

  test('only an admin may set `stubZones`, and only with `skydns`; the forwarder goes with the setting and with the zone', async () => {
    await first.expect(201, 'POST', '/v1/zones', { name: 'more.test', skydns: true });
    await putForeign(etcd, stub('test/corp', '1', 'test/more'), server);
    const { token } = await first.expect<{ token: string }>(201, 'POST', '/v1/tokens', {
      name: 'o',
      role: 'operator',
    });
    const headers = { authorization: `Bearer ${token}` };
    const path = '/v1/zones/more.test';
    const asOperator = (body: object) => first.request<Problem>('PATCH', path, body, headers);
    for (const body of [{ stubZones: true }, { stubZonesAllowFrom: ['10.0.0.0/8'] }])
      assert.equal((await asOperator(body)).status, 403);
    const unfit = await first.expect<Problem>(400, 'POST', '/v1/zones', { name: 'plain.test', stubZones: true });
    assert.deepEqual(
      unfit.errors?.map(({ pointer }) => pointer),
      ['/stubZones'],
    );
    await first.expect(400, 'PATCH', path, { stubZonesAllowFrom: ['0.0.0.0/0'] });
    assert.deepEqual(await forwarders(), []);
    await first.expect(200, 'PATCH', path, { stubZones: true, stubZonesAllowFrom: ['10.0.0.0/8'] });
    await untilForwarded('corp.test');
    assert.deepEqual((await forwarders())[0]?.allowFrom, ['10.0.0.0/8']);
    await answers('www.corp.test', 'REFUSED');
    // An operator may still change the other settings of the zone.
    assert.equal((await asOperator({ defaultTtl: 77 })).status, 200);
    await first.expect(200, 'PATCH', path, { stubZonesAllowFrom: null });
    await answers('www.corp.test', ['A 192.0.2.7']);
    await first.expect(200, 'PATCH', path, { stubZones: false });
    await untilForwarded();
    await first.expect(200, 'PATCH', path, { stubZones: true });
    await untilForwarded('corp.test');
    await first.expect(200, 'PATCH', path, { skydns: false });
    await untilForwarded();
    await first.expect(200, 'PATCH', path, { skydns: true });
    await untilForwarded('corp.test');
    // The zone is the last one with a layout.
    await first.expect(200, 'PATCH', '/v1/zones/lab.test', { skydns: false });
    await first.expect(204, 'DELETE', path);
    await untilForwarded();
    await answers('www.corp.test', 'REFUSED');
    await first.expect(200, 'PATCH', '/v1/zones/lab.test', { skydns: true });
    await deleteForeign(etcd, stub('test/corp', '1', 'test/more'));
  });

  test('a backup has the setting, but no forwarder that follows a stub zone', async (t) => {
    await putForeign(etcd, stub('test/corp'), server);
    await untilForwarded('corp.test');
    const folder = await temporaryFolder(t);
    const file = join(folder, 'backup');
    const env = { ZONEWRIGHT_ADMIN_TOKEN: adminToken };
    const made = await runCommand(['backup', file, '--data-dir', first.folder], { env });
    assert.equal(made.status, 0, made.stderr);
    await runCommand(['restore', file, '--data-dir', join(folder, 'data')]);
    const alone = await startReplica(t, join(folder, 'data'));
    assert.deepEqual((await alone.expect<{ items: unknown[] }>(200, 'GET', '/v1/forwarders')).items, []);
    await alone.expect(200, 'PATCH', '/v1/zones/lab.test', { skydns: false });
    // Beside the same layout, it is written again.
    const flags = ['--store', 'etcd', '--etcd-endpoints', etcd.endpoint, '--etcd-prefix', '/restored/v1'];
    const into = ['--data-dir', join(folder, 'etcd'), '--replica', 'restored', ...flags];
    const restored = await runCommand(['restore', file, ...into]);
    assert.equal(restored.status, 0, restored.stderr);
    const beside = await startReplica(t, join(folder, 'etcd'), [...flags, '--replica', 'restored']);
    await until(async () => {
      const message = await askRecursively(beside, 'www.corp.test');
      return isDeepStrictEqual(answersOf(message), ['A 192.0.2.7']);
    }, 'the stub zone is not forwarded after the restore');
  });
});
