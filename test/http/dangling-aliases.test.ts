// A change that removes the addresses of a CNAME's target has a warning.

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

test('the deletion of a host has a warning for each CNAME record, in any zone, that still points to it', async (t) => {
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

test('a host that is renamed or loses an alias has a warning for each CNAME record that still points to the old name', async (t) => {
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

test('a deleted RRset has warnings too, unless the CNAME is deleted with it or its target still has addresses', async (t) => {
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
  assert.equal(await gone(), undefined, 'a warning comes although a wildcard answers');
  await put('foo.k8s', 'a/TXT', 'x');
  assert.deepEqual(await gone(), ['www CNAME'], 'no warning, as if a wildcard answered for a name that exists');
  await api.ok(204, 'DELETE', '/v1/zones/foo.k8s/rrsets/a/TXT');
  await api.ok(200, 'DELETE', '/v1/zones/foo.k8s/rrsets/*/A');
  assert.equal(await gone({ name: 'www', type: 'CNAME', records: [] }), undefined);
  await put('foo.k8s', 'a/A', '192.0.2.1');
  await api.ok(204, 'DELETE', '/v1/zones/foo.k8s/rrsets/a/A');
});

const namesOf = ({ warnings = [] }: Warned) => warnings.map(({ name, type }) => `${name} ${type}`).sort();

test('a deleted wildcard has warnings for the CNAME records that point to names that it answered for', async (t) => {
  const { api, host, put } = await prepare(t);
  await host('a.foo.k8s');
  await put('foo.k8s', '*/A', '192.0.2.1');
  await put('foo.k8s', '*.w/A', '192.0.2.1');
  await put('foo.k8s', 'text/TXT', 'x');
  await put('foo.k8s', 'd.empty/TXT', 'x');
  for (const [name, target] of [
    ['www', 'x'],
    ['deep', 'x.y.z'],
    ['to-host', 'a'],
    ['to-text', 'text'],
    ['to-empty', 'empty'],
    ['below-empty', 'x.empty'],
    ['to-other', 'x.w'],
    ['to-wildcard', '*'],
  ])
    await put('foo.k8s', `${name}/CNAME`, `${target}.foo.k8s.`);
  await put('other.example', 'far/CNAME', 'x.foo.k8s.');
  await put('other.example', 'elsewhere/CNAME', 'x.foo.k8s.example.');
  const gone = await api.ok<Required<Warned>>(200, 'DELETE', '/v1/zones/foo.k8s/rrsets/*/A');
  assert.deepEqual(namesOf(gone), ['deep CNAME', 'far.other.example. CNAME', 'to-wildcard CNAME', 'www CNAME']);
  const { message } = gone.warnings.find(({ name }) => name === 'www') ?? { message: '' };
  assert.equal(message, 'the CNAME of www.foo.k8s points to x.foo.k8s, which has no addresses any more');
});

test('a deleted wildcard has no warnings if a wildcard above it then answers', async (t) => {
  const { api, put } = await prepare(t);
  await put('foo.k8s', '*/A', '192.0.2.1');
  await put('foo.k8s', '*.n/A', '192.0.2.1');
  await put('foo.k8s', 'www/CNAME', 'x.n.foo.k8s.');
  await api.ok(204, 'DELETE', '/v1/zones/foo.k8s/rrsets/*.n/A');
  await put('foo.k8s', '*.n/A', '192.0.2.1');
  await put('foo.k8s', 'n/TXT', 'x');
  assert.deepEqual(namesOf(await api.ok(200, 'DELETE', '/v1/zones/foo.k8s/rrsets/*.n/A')), ['www CNAME']);
});

test('every change after which a wildcard no longer answers has warnings', async (t) => {
  const { api, put } = await prepare(t);
  await put('foo.k8s', 'www/CNAME', 'x.n.foo.k8s.');
  const answering = () => put('foo.k8s', '*.n/A', '192.0.2.1');
  const patch = async (...changes: object[]) =>
    namesOf(await api.ok(200, 'PATCH', '/v1/zones/foo.k8s/rrsets', changes));
  const gone = { name: '*.n', type: 'A', records: [] };
  await answering();
  assert.deepEqual(await patch(gone, { name: '*.n', type: 'TXT', records: ['x'] }), ['www CNAME']);
  await api.ok(204, 'DELETE', '/v1/zones/foo.k8s/rrsets/*.n/TXT');
  await answering();
  assert.deepEqual(await patch(gone, { name: 'x.n', type: 'A', records: ['192.0.2.1'] }), []);
  await api.ok(200, 'DELETE', '/v1/zones/foo.k8s/rrsets/x.n/A');
  await answering();
  assert.deepEqual(await patch(gone, { name: 'www', type: 'CNAME', records: [] }), []);
  await put('foo.k8s', 'www/CNAME', 'x.n.foo.k8s.');
  await put('foo.k8s', '*.n/CNAME', 'a.example.');
  assert.deepEqual(await patch({ ...gone, type: 'CNAME' }), ['www CNAME']);
  await answering();
  assert.deepEqual(
    namesOf(await put('foo.k8s', 'x.n/TXT', 'x')),
    ['www CNAME'],
    'the wildcard does not answer any more',
  );
  assert.deepEqual(await patch(gone, { name: 'x.n', type: 'TXT', records: [] }), []);
  await api.ok(201, 'POST', '/v1/hosts', { name: '*.n.foo.k8s', addresses: ['192.0.2.1'], ptr: false });
  assert.deepEqual(namesOf(await api.ok(200, 'DELETE', '/v1/hosts/*.n.foo.k8s')), ['www.foo.k8s CNAME']);
});

test('an import has warnings for CNAME records that point to names without addresses after it', async (t) => {
  const { api, host, put } = await prepare(t);
  const importing = async (query: string, text: string) => {
    const answer = await api.send('PUT', `/v1/zones/foo.k8s/zonefile${query}`, text, { 'content-type': 'text/dns' });
    assert.equal(answer.status, 200, answer.text);
    return answer.body.warnings as { line: number; message: string }[];
  };
  await host('h.foo.k8s');
  const aliases = 'www 60 CNAME a\nwild 60 CNAME x.w\nhost 60 CNAME h\nnew 60 CNAME nothing\n';
  assert.deepEqual(await importing('', `${aliases}a 60 A 192.0.2.1\n*.w 60 A 192.0.2.1\nleaves 60 CNAME a\n`), []);
  await put('other.example', 'far/CNAME', 'a.foo.k8s.');
  const left = 'which has no addresses any more';
  const expected = [
    { line: 0, message: `the CNAME of far.other.example points to a.foo.k8s, ${left}` },
    { line: 1, message: `the CNAME of www.foo.k8s points to a.foo.k8s, ${left}` },
    { line: 2, message: `the CNAME of wild.foo.k8s points to x.w.foo.k8s, ${left}` },
  ];
  assert.deepEqual(await importing('?dryRun=true', aliases), expected);
  assert.deepEqual(await importing('', aliases), expected);
  assert.deepEqual(await importing('', `${aliases}other 60 A 192.0.2.1\n`), []);
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
