// A CNAME is left pointing at a name without addresses: the change that took the addresses away has a warning.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { servedApi } from '../support/served-api.ts';

type Warned = { warnings?: { name: string; type: string; message: string }[] };

async function prepare(t: TestContext) {
  const { api } = await servedApi(t);
  for (const name of ['foo.k8s', 'other.example']) await api.ok(201, 'POST', '/v1/zones', { name });
  const host = (name: string, ...aliases: string[]) =>
    api.ok(201, 'POST', '/v1/hosts', { name, aliases, addresses: [`192.0.2.${name.charCodeAt(0)}`] });
  const put = (zone: string, path: string, ...records: string[]) =>
    api.ok<Warned>(201, 'PUT', `/v1/zones/${zone}/rrsets/${path}`, { records });
  return { api, host, put };
}

test('a deleted host is answered with the CNAME records that are left pointing at it, in every zone', async (t) => {
  const { api, host, put } = await prepare(t);
  await host('a.foo.k8s', 'own.foo.k8s');
  await host('b.foo.k8s');
  await put('foo.k8s', 'www/CNAME', 'a.foo.k8s.');
  await put('other.example', 'far/CNAME', 'a.foo.k8s.');
  await put('foo.k8s', 'elsewhere/CNAME', 'a.example.');
  const { warnings = [] } = await api.ok<Warned>(200, 'DELETE', '/v1/hosts/a.foo.k8s');
  assert.deepEqual(warnings.map(({ name, type }) => `${name} ${type}`).sort(), [
    'far.other.example CNAME',
    'www.foo.k8s CNAME',
  ]);
  for (const { message } of warnings) assert.match(message, /points to a\.foo\.k8s, which has no addresses any more/);
  await api.ok(204, 'DELETE', '/v1/hosts/b.foo.k8s');
});

test('a host that is renamed, or loses an alias, is answered with what still points to the old name', async (t) => {
  const { api, host, put } = await prepare(t);
  await host('a.foo.k8s', 'own.foo.k8s');
  await put('foo.k8s', 'one/CNAME', 'a.foo.k8s.');
  await put('foo.k8s', 'two/CNAME', 'own.foo.k8s.');
  const patch = async (name: string, body: object) =>
    (await api.ok<Warned>(200, 'PATCH', `/v1/hosts/${name}`, body)).warnings?.map(
      ({ name, type }) => `${name} ${type}`,
    );
  assert.equal(await patch('a.foo.k8s', { owner: 'team' }), undefined);
  assert.deepEqual(await patch('a.foo.k8s', { name: 'b.foo.k8s' }), ['one.foo.k8s CNAME']);
  assert.deepEqual(await patch('b.foo.k8s', { aliases: [] }), ['two.foo.k8s CNAME']);
});

test('a deleted RRset warns too, unless the CNAME goes with it or another name answers', async (t) => {
  const { api, put } = await prepare(t);
  await put('foo.k8s', 'www/CNAME', 'a.foo.k8s.');
  const gone = async (...more: object[]) => {
    await put('foo.k8s', 'a/A', '192.0.2.1');
    const changes = [{ name: 'a', type: 'A', records: [] }, ...more];
    const { warnings } = await api.ok<Warned>(200, 'PATCH', '/v1/zones/foo.k8s/rrsets', changes);
    return warnings?.map(({ name, type }) => `${name} ${type}`);
  };
  assert.deepEqual(await gone(), ['www CNAME']);
  assert.equal(await gone({ name: 'a', type: 'AAAA', records: ['2001:db8::1'] }), undefined);
  await api.ok<Warned>(200, 'DELETE', '/v1/zones/foo.k8s/rrsets/a/AAAA');
  await put('foo.k8s', '*/A', '192.0.2.2');
  assert.equal(await gone(), undefined, 'a wildcard answers');
  await put('foo.k8s', 'a/TXT', 'x');
  assert.deepEqual(await gone(), ['www CNAME'], 'no wildcard answers at a name that exists');
  await api.ok(204, 'DELETE', '/v1/zones/foo.k8s/rrsets/a/TXT');
  await api.ok(204, 'DELETE', '/v1/zones/foo.k8s/rrsets/*/A');
  assert.equal(await gone({ name: 'www', type: 'CNAME', records: [] }), undefined);
  await put('foo.k8s', 'a/A', '192.0.2.1');
  await api.ok(204, 'DELETE', '/v1/zones/foo.k8s/rrsets/a/A');
});

test('CNAME records that an import brought, or took away, count', async (t) => {
  const { api } = await prepare(t);
  const importing = async (text: string) => {
    const answer = await api.send('PUT', '/v1/zones/foo.k8s/zonefile', text, { 'content-type': 'text/dns' });
    assert.equal(answer.status, 200, answer.text);
  };
  await importing('www 60 CNAME a\na 60 A 192.0.2.1\n');
  await api.ok(200, 'DELETE', '/v1/zones/foo.k8s/rrsets/a/A');
  await importing('a 60 A 192.0.2.1\n');
  await api.ok(204, 'DELETE', '/v1/zones/foo.k8s/rrsets/a/A');
});
