// /v1/forwarders: adding, changing, listing and deleting forwarders, and refusals. test/forwarding tests the answers of
// forwarders.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { OutcomeUnknown } from '../../src/store/store.ts';
import type { Api } from '../support/api-client.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { startReplica } from '../support/replica.ts';
import { servedApi } from '../support/served-api.ts';
import { type StartedApp, startedApp } from '../support/started-app.ts';
import { suiteCleanup } from '../support/suite-cleanup.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { tokenFor } from '../support/tokens.ts';

type Rights = Parameters<typeof tokenFor>[2];

const suite = suiteCleanup();
let app: StartedApp;
let api: Api;

before(async () => {
  app = await startedApp(suite);
  api = app.api;
});

const defaults = {
  strategy: 'first-healthy',
  timeoutMilliseconds: 2000,
  allowFrom: ['127.0.0.0/8', '::1/128'],
};

test('a forwarder is added, changed, listed and deleted', async () => {
  const body = { targets: ['127.0.0.53', '[2001:DB8::1]:5353', '192.0.2.1#DNS.Corp.test'] };
  const added = await api.send('PUT', '/v1/forwarders/Corp.test', body);
  assert.equal(added.status, 201);
  assert.equal(added.headers.location, '/v1/forwarders/corp.test');
  const corp = {
    zone: 'corp.test',
    targets: ['127.0.0.53:53', '[2001:db8::1]:5353', '192.0.2.1:853#dns.corp.test'],
    ...defaults,
  };
  assert.deepEqual(added.body, corp);
  // A PUT of the body that GET returns changes nothing.
  const read = await api.send('GET', '/v1/forwarders/corp.test');
  assert.partialDeepStrictEqual(read.body, corp);
  const again = await api.send('PUT', '/v1/forwarders/corp.test', read.body);
  assert.deepEqual([again.status, again.headers.etag], [200, added.headers.etag]);
  const changed = await api.send(
    'PUT',
    '/v1/forwarders/corp.test',
    { ...corp, staleSeconds: 60, strategy: 'fastest' },
    { 'if-match': read.headers.etag ?? '' },
  );
  assert.deepEqual([changed.status, changed.body], [200, { ...corp, staleSeconds: 60, strategy: 'fastest' }]);
  const stale = { 'if-match': added.headers.etag ?? '' };
  assert.equal((await api.send('DELETE', '/v1/forwarders/corp.test', undefined, stale)).status, 412);
  assert.equal((await api.send('PUT', '/v1/forwarders/corp.test', body, { 'if-none-match': '*' })).status, 412);
  await api.ok(201, 'PUT', '/v1/forwarders/büro.test', body);
  const { items } = await api.ok<{ items: { zone: string }[] }>(200, 'GET', '/v1/forwarders?search=o');
  assert.deepEqual(
    items.map(({ zone }) => zone),
    ['corp.test', 'xn--bro-hoa.test'],
  );
  const first = await api.ok<{ nextCursor: string }>(200, 'GET', '/v1/forwarders?limit=1');
  const second = await api.ok<{ items: object[] }>(200, 'GET', `/v1/forwarders?cursor=${first.nextCursor}`);
  assert.partialDeepStrictEqual(second.items, [{ zone: 'xn--bro-hoa.test', unicodeName: 'büro.test' }]);
  await api.ok(204, 'DELETE', '/v1/forwarders/corp.test/cache');
  await api.ok(204, 'DELETE', '/v1/forwarders/corp.test/cache?name=www.corp.test');
  for (const method of ['GET', 'DELETE'] as const) {
    const path = '/v1/forwarders/corp.test/cache?name=www';
    const { detail } = await api.refused('outside_zone', method, path, undefined, ['?name']);
    assert.match(detail, /write the whole name, such as www\.corp\.test/);
  }
  for (const zone of ['corp.test', 'xn--bro-hoa.test']) await api.ok(204, 'DELETE', `/v1/forwarders/${zone}`);
  await api.refused('not_found', 'GET', '/v1/forwarders/corp.test', undefined, [':zone']);
  await api.refused('not_found', 'DELETE', '/v1/forwarders/corp.test', undefined, [':zone']);
  await api.refused('not_found', 'DELETE', '/v1/forwarders/corp.test/cache', undefined, [':zone']);
});

test('a forwarder for everybody or for the root, and targets that cannot be asked, are refused', async () => {
  const targets = ['192.0.2.53'];
  const path = '/v1/forwarders/wide.test';
  for (const allowFrom of [
    ['0.0.0.0/0'],
    ['::/0'],
    ['10.0.0.0/8', '::/0'],
    ['0.0.0.0-255.255.255.255'],
    ['0.0.0.0/1', '128.0.0.0/1'],
    ['0.0.0.1-255.255.255.255'],
    ['2000::/3'],
    ['::/1', '8000::/1'],
  ])
    assert.equal((await api.send('PUT', path, { targets, allowFrom })).status, 400, allowFrom.join());
  await api.ok(201, 'PUT', path, { targets, allowFrom: ['10.0.0.0/8', '192.168.0.0/16', 'fd00::/8'] });
  await api.refused('invalid_request', 'PUT', '/v1/forwarders/.', { targets });
  for (const [zone, wayOut] of [
    ['*.corp.test', /write 'corp\.test'/],
    ['10.0.0.0%2F8', /such as 10\.in-addr\.arpa/],
    ['10.1.2.3', /such as 10\.in-addr\.arpa/],
  ] as const) {
    const { errors } = await api.refused('invalid_request', 'PUT', `/v1/forwarders/${zone}`, { targets }, [':zone']);
    assert.match(errors?.[0]?.message ?? '', wayOut);
  }
  for (const target of ['0.0.0.0', '[::]:53', '224.0.0.251', 'ff02::fb', '192.0.2.1:0', 'dns.test', '192.0.2.1#.'])
    await api.refused('invalid_request', 'PUT', path, { targets: [target] }, ['/targets/0']);
  await api.refused('invalid_request', 'PUT', path, { targets: ['192.0.2.1', '192.0.2.1:53'] }, ['/targets/1']);
  for (const target of ['dns.test', 'dns.test:53', 'dns.test#dns.test', 'tls://192.0.2.1', '192.0.2.1:70000']) {
    const { errors } = await api.refused('invalid_request', 'PUT', path, { targets: [target] }, ['/targets/0']);
    assert.match(errors?.[0]?.message ?? '', /is not the address of a server: .*10\.0\.0\.1#dns\.example/);
  }
  await api.ok(204, 'DELETE', path);
});

test('a zone and a forwarder cannot have the same name, but one may be inside the other', async () => {
  const body = { targets: ['192.0.2.53'] };
  await api.ok(201, 'PUT', '/v1/forwarders/both.test', body);
  await api.refused('forwarder_conflict', 'POST', '/v1/zones', { name: 'both.test' }, ['/name']);
  await api.refused('forwarder_conflict', 'PUT', '/v1/zones/both.test', {}, [':zone']);
  await api.ok(201, 'POST', '/v1/zones', { name: 'ours.both.test' });
  await api.refused('forwarder_conflict', 'PUT', '/v1/forwarders/ours.both.test', body, [':zone']);
  await api.ok(201, 'PUT', '/v1/forwarders/theirs.ours.both.test', body);
  await api.ok(204, 'DELETE', '/v1/forwarders/both.test');
  await api.ok(201, 'POST', '/v1/zones', { name: 'both.test' });
  await api.ok(204, 'DELETE', '/v1/forwarders/theirs.ours.both.test');
});

test('the addresses of a host need no zone that is forwarded', async () => {
  await api.ok(201, 'POST', '/v1/zones', { name: 'hosts.test' });
  await api.ok(201, 'PUT', '/v1/forwarders/2.0.192.in-addr.arpa', { targets: ['192.0.2.53'] });
  const host = { name: 'a.hosts.test', addresses: ['192.0.2.7'] };
  const refused = ['/addresses/0'];
  const { detail } = await api.refused('forwarder_conflict', 'POST', '/v1/hosts', host, refused);
  assert.match(detail, /delete that forwarder first .*, or write no PTR: use "ptr": false here$/);
  await api.ok(201, 'POST', '/v1/hosts', { ...host, ptr: false });
  await api.ok(204, 'DELETE', '/v1/forwarders/2.0.192.in-addr.arpa');
});

test('a PTR that takes a reverse zone from a wider forwarder is written with a warning that names the way out', async () => {
  await api.ok(201, 'POST', '/v1/zones', { name: 'warned.test' });
  await api.ok(201, 'PUT', '/v1/forwarders/10.in-addr.arpa', { targets: ['192.0.2.53'] });
  const create = async (address: string, rest: object = {}) => {
    const host = { name: `h-${address.replaceAll('.', '-')}.warned.test`, addresses: [address], ...rest };
    const { warnings = [] } = await api.ok<{ warnings?: { address: string; message: string }[] }>(
      201,
      'POST',
      '/v1/hosts',
      host,
    );
    return warnings;
  };
  assert.deepEqual(await create('10.9.9.8', { ptr: false }), []);
  const [warning] = await create('10.9.9.9');
  assert.equal(warning?.address, '10.9.9.9');
  assert.match(
    warning.message,
    /makes the zone 9\.9\.10\.in-addr\.arpa here.* forwarder 10\.in-addr\.arpa: .*"ptr": false/,
  );
  // The zone exists now. A zone that an admin has made is no surprise either.
  assert.deepEqual(await create('10.9.9.10'), []);
  await api.ok(201, 'POST', '/v1/zones', { name: '8.9.10.in-addr.arpa' });
  assert.deepEqual(await create('10.9.8.1'), []);
  await api.ok(204, 'DELETE', '/v1/forwarders/10.in-addr.arpa');
  assert.deepEqual(await create('10.9.7.1'), []);
});

test('a replica of this service is refused as a target', async () => {
  const { items } = await api.ok<{ items: { dns: string[] }[] }>(200, 'GET', '/v1/members');
  const [own = ''] = items[0]?.dns ?? [];
  const problem = await api.refused('forwarder_loop', 'PUT', '/v1/forwarders/loop.test', { targets: [own] }, [
    '/targets/0',
  ]);
  assert.equal(problem.status, 409);
});

test('a listener of the replica is refused as a target, also if it advertises other addresses', async (t) => {
  const flags = ['--dns', '0.0.0.0:0,[::1]:0', '--advertise', '192.0.2.1:53', '--dns-threads', '1'];
  const replica = await startReplica(t, join(await temporaryFolder(t), 'replica'), flags);
  const { dns } = JSON.parse(await readFile(join(replica.folder, 'endpoints.json'), 'utf8')) as { dns: string[] };
  const [any = 0, own = 0] = dns.map((endpoint) => Number(endpoint.split(':').at(-1)));
  const put = (target: string) => replica.request('PUT', '/v1/forwarders/loop.test', { targets: [target] });
  for (const target of [`127.0.0.1:${any}`, `127.9.9.9:${any}`, `[::ffff:127.0.0.1]:${any}`, `[::1]:${own}`]) {
    const { status, body } = await put(target);
    assert.deepEqual([status, body.code], [409, 'forwarder_loop'], target);
  }
  for (const target of [`192.0.2.77:${any}`, `127.0.0.1:${own}`]) assert.ok((await put(target)).status < 300, target);
});

test('everybody sees forwarders, only an admin without a scope changes them', async () => {
  await api.ok(201, 'PUT', '/v1/forwarders/seen.test', { targets: ['192.0.2.53'] });
  const { api: viewer } = await tokenFor(app, 'f-viewer', { role: 'viewer' });
  await viewer.ok(200, 'GET', '/v1/forwarders/seen.test');
  for (const [name, rights] of [
    ['f-operator', { role: 'operator' }],
    ['f-scoped', { role: 'admin', zones: ['seen.test'] }],
  ] satisfies [string, Rights][]) {
    const { api: other } = await tokenFor(app, name, rights);
    await other.refused('forbidden', 'PUT', '/v1/forwarders/seen.test', { targets: ['192.0.2.54'] });
    await other.refused('forbidden', 'DELETE', '/v1/forwarders/seen.test');
    await other.refused('forbidden', 'DELETE', '/v1/forwarders/seen.test/cache');
  }
});

test('while the store takes no writes, emptying a cache empties that of this replica, and the refusal says so', async (t) => {
  let isAway = false;
  const own = await embeddedStore(t);
  const store = changedStore(own, {
    commit: async (transaction) => {
      if (isAway) throw new OutcomeUnknown('no answer');
      return own.commit(transaction);
    },
  });
  const emptied: unknown[] = [];
  const forwarders = {
    state: async () => undefined,
    answers: async () => [],
    emptyCache: async (zone: string, name?: string) => void emptied.push([zone, name]),
  };
  const { api: served } = await servedApi(t, { store, services: { forwarders } });
  await served.ok(201, 'PUT', '/v1/forwarders/corp.test', { targets: ['192.0.2.53'] });
  isAway = true;
  const path = '/v1/forwarders/corp.test/cache?name=www.corp.test';
  const { detail } = await served.refused('store_unavailable', 'DELETE', path);
  assert.match(detail, /^this replica has emptied its cache of corp\.test, but the others may still have theirs/);
  assert.deepEqual(emptied, [['corp.test', 'www.corp.test']]);
});
