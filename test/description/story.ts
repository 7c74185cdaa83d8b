// The story of the README, told with the types that openapi-typescript generates. client.test.ts generates the types,
// then compiles and runs this file. `npm run check` does not compile it, because the types are not committed.

import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './api.d.ts';

type Schemas = components['schemas'];

const [url = '', token = ''] = process.argv.slice(2);
// Lists are also sent as text/csv: the media type chooses the type of `data`.
const api = createClient<paths, 'application/json' | 'application/problem+json'>({
  baseUrl: url,
  headers: { authorization: `Bearer ${token}` },
});

const { data: pool } = await api.POST('/v1/pools', {
  body: { name: 'default', ranges: ['172.17.200.100-172.17.200.125'] },
});
const usage: Schemas['Pool']['usage'] | undefined = pool?.usage;
assert.equal(usage?.ipv4.free, '26');
const { data: zone } = await api.POST('/v1/zones', { body: { name: 'foowidgets.k8s' } });
assert.equal(zone?.defaultTtl, 300);
const { data: host, response } = await api.POST('/v1/hosts', {
  body: { name: 'nginx.foowidgets.k8s', aliases: ['www.foowidgets.k8s'] },
});
const created: Schemas['Host'] | undefined = host;
assert.equal(created?.addresses[0]?.address, '172.17.200.100');
assert.ok(response.headers.get('etag'));

const { data: hosts } = await api.GET('/v1/hosts', { params: { query: { address: '172.17.200.100' } } });
assert.deepEqual(
  hosts?.items.map(({ name }) => name),
  ['nginx.foowidgets.k8s'],
);
const { data: next } = await api.GET('/v1/pools/{pool}/next', {
  params: { path: { pool: 'default' }, query: { count: 3 } },
});
assert.equal(next?.items.length, 3);
const inZone = { path: { zone: 'foowidgets.k8s' } };
const { data: rrsets } = await api.GET('/v1/zones/{zone}/rrsets', { params: inZone });
assert.ok(rrsets?.items.some(({ type }) => type === 'CNAME'));
const gone = await api.DELETE('/v1/hosts/{name}', { params: { path: { name: 'nginx.foowidgets.k8s' } } });
assert.equal(gone.response.status, 204);

const { data: mx } = await api.PUT('/v1/zones/{zone}/rrsets/{name}/{type}', {
  params: { path: { ...inZone.path, name: '@', type: 'MX' } },
  body: { records: ['10 mail.example.com.'] },
});
const written: Schemas['WrittenRRset'] | undefined = mx;
assert.equal(written?.ttl, 300);
await api.POST('/v1/hosts', { body: { name: 'db.foowidgets.k8s', addresses: ['172.17.200.110'] } });
const { data: allocated } = await api.POST('/v1/pools/{pool}/allocations', {
  params: { path: { pool: 'default' } },
  body: { count: 2, owner: 'rack 7' },
});
const allocations: Schemas['Allocation'][] = allocated?.items ?? [];
assert.deepEqual(
  allocations.map(({ state }) => state),
  ['held', 'held'],
);

const { data: stream } = await api.GET('/v1/watch', {
  params: { query: { since: 0, kind: 'zone', forSeconds: 1 } },
  parseAs: 'text',
});
const events = String(stream).split('\n\n');
const first = events.find((one) => one.startsWith('id:'))?.replace(/^id: \d+\ndata: /, '');
const message = JSON.parse(first ?? '') as Schemas['StreamMessageData'];
const [change] = message.changes;
// The kind of the resource decides the type of `after`.
assert.equal(change?.resource === 'zone' ? change.after?.defaultTtl : undefined, 300);
const end = JSON.parse(/event: end\ndata: (.*)/.exec(String(stream))?.[1] ?? '') as Schemas['StreamEndData'];
assert.equal(end.reason, 'time_over');

const { error } = await api.POST('/v1/zones', { body: { name: 'foowidgets.k8s' } });
const code: Schemas['Problem']['code'] | undefined = error?.code;
assert.equal(code, 'already_exists');
// @ts-expect-error: the type of `code` has all codes, and not this one.
const unknown: typeof code = 'no_such_code';
assert.notEqual(code, unknown);
