// Names below a delegation or a DNAME are not served (RFC 1034 §4.2, RFC 6672 §2.4). So no host may get a name there,
// and no delegation or DNAME may be put above names of hosts.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { problemIn } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

const rrsets = '/v1/zones/foo.k8s/rrsets';
const textDns = { 'content-type': 'text/dns' };
type Written = { warnings?: { name: string; type: string; message: string }[] };

async function prepare(t: TestContext): Promise<ServedApi> {
  const served = await servedApi(t);
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s', defaultTtl: 120 });
  await served.api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/24', '2001:db8::/64'] });
  return served;
}

const host = (name: string, aliases: string[] = [], more: object = {}) => ({ name, aliases, ...more });

test('a host is refused if any of its names is at or below a delegation', async (t) => {
  const { api, dump } = await prepare(t);
  await api.ok(201, 'PUT', `${rrsets}/s/NS`, { records: ['ns.example.'] });
  const before = await dump();
  for (const [wanted, pointer] of [
    [host('s.foo.k8s'), '/name'],
    [host('a.s.foo.k8s'), '/name'],
    [host('b.a.s.foo.k8s'), '/name'],
    [host('*.s.foo.k8s'), '/name'],
    [host('a.foo.k8s', ['b.foo.k8s', 'a.s.foo.k8s']), '/aliases/1'],
  ] as const) {
    const problem = await api.refused('name_hidden', 'POST', '/v1/hosts', wanted, [pointer]);
    assert.match(problem.detail, /delegat/);
    assert.deepEqual(problem.cut, { name: 's.foo.k8s', type: 'NS' });
  }
  assert.deepEqual(await dump(), before);
  await api.ok(201, 'POST', '/v1/hosts', host('t.foo.k8s'));
  await api.refused('name_hidden', 'PATCH', '/v1/hosts/t.foo.k8s', { name: 't.s.foo.k8s' });
  await api.ok(201, 'POST', '/v1/zones', { name: 's.foo.k8s' });
  await api.ok(201, 'POST', '/v1/hosts', host('a.s.foo.k8s', ['s2.s.foo.k8s']));
});

test('RFC 6672 §2.4: a host below a DNAME is refused, and a host at the name of the DNAME is allowed', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'PUT', `${rrsets}/d/DNAME`, { records: ['elsewhere.'] });
  const problem = await api.refused('name_hidden', 'POST', '/v1/hosts', host('a.d.foo.k8s'), ['/name']);
  assert.deepEqual(problem.cut, { name: 'd.foo.k8s', type: 'DNAME' });
  await api.ok(201, 'POST', '/v1/hosts', host('d.foo.k8s'));
  await api.ok(204, 'DELETE', '/v1/hosts/d.foo.k8s');
  await api.ok(204, 'DELETE', `${rrsets}/d/DNAME`);
  await api.ok(201, 'POST', '/v1/hosts', host('a.d.foo.k8s'));
});

test('a host with a PTR below a delegation in a reverse zone is refused, and without the PTR it is accepted', async (t) => {
  const { api } = await prepare(t);
  for (const [zone, cut, address] of [
    ['0.192.in-addr.arpa', '2', '192.0.2.9'],
    ['8.b.d.0.1.0.0.2.ip6.arpa', '0.0', '2001:db8::9'],
  ] as const) {
    await api.ok(201, 'POST', '/v1/zones', { name: zone });
    await api.ok(201, 'PUT', `/v1/zones/${zone}/rrsets/${cut}/NS`, { records: ['ns.example.'] });
    const wanted = host('a.foo.k8s', [], { addresses: [address] });
    const problem = await api.refused('name_hidden', 'POST', '/v1/hosts', wanted);
    assert.match(problem.detail, /"ptr": false/);
    await api.ok(201, 'POST', '/v1/hosts', { ...wanted, ptr: false });
    await api.ok(204, 'DELETE', '/v1/hosts/a.foo.k8s');
  }
});

test('a delegation or a DNAME above names of hosts is refused, and the refusal names some of them', async (t) => {
  const { api, dump } = await prepare(t);
  await api.ok(201, 'POST', '/v1/hosts', host('a.s.foo.k8s', ['b.t.foo.k8s']));
  const before = await dump();
  for (const [path, type, hidden] of [
    ['s', 'NS', 'a.s.foo.k8s'],
    ['s', 'DNAME', 'a.s.foo.k8s'],
    ['a.s', 'NS', 'a.s.foo.k8s'],
    ['t', 'NS', 'b.t.foo.k8s'],
    ['@', 'DNAME', 'a.s.foo.k8s'],
  ] as const) {
    const body = { records: ['elsewhere.'] };
    const problem = await api.refused('name_hidden', 'PUT', `${rrsets}/${path}/${type}`, body);
    assert.ok(problem.detail.includes(hidden), problem.detail);
    await api.refused('name_hidden', 'PATCH', rrsets, [{ name: path, type, ...body }], ['/0/name']);
    const file = await api.send('PUT', '/v1/zones/foo.k8s/zonefile', `${path} 60 ${type} elsewhere.\n`, textDns);
    assert.equal(problemIn(file).code, 'name_hidden');
  }
  await api.refused('name_hidden', 'PATCH', rrsets, [
    { name: 's', type: 'NS', records: ['elsewhere.'] },
    { name: 'a.s', type: 'TXT', records: ['x'] },
  ]);
  assert.deepEqual(await dump(), before);
  await api.ok(201, 'PUT', `${rrsets}/a.s/DNAME`, { records: ['elsewhere.'] });
  await api.ok(201, 'POST', '/v1/zones', { name: 'k8s' });
  await api.ok(201, 'PUT', '/v1/zones/k8s/rrsets/foo/NS', { records: ['ns.example.'] });
});

test('names below a DNAME, and a DNAME above names, are refused, except for names that the same request deletes', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'PUT', `${rrsets}/x.d/TXT`, { records: ['x'] });
  const dname = { name: 'd', type: 'DNAME', records: ['elsewhere.'] };
  const problem = await api.refused('name_hidden', 'PATCH', rrsets, [dname]);
  assert.match(problem.detail, /x\.d\.foo\.k8s.*RFC 6672/);
  await api.ok(200, 'PATCH', rrsets, [dname, { name: 'x.d', type: 'TXT', records: [] }]);
  await api.refused('name_hidden', 'PUT', `${rrsets}/x.d/TXT`, { records: ['x'] });
  await api.refused(
    'name_hidden',
    'PATCH',
    rrsets,
    [{ name: 'y.x.d', type: 'A', records: ['192.0.2.1'] }],
    ['/0/name'],
  );
  await api.refused('name_hidden', 'PATCH', rrsets, [
    { name: 'e', type: 'DNAME', records: ['elsewhere.'] },
    { name: 'f.e', type: 'TXT', records: ['x'] },
  ]);
  await api.ok(200, 'PATCH', rrsets, [
    { name: 'd', type: 'DNAME', records: [] },
    { name: 'x.d', type: 'TXT', records: ['x'] },
  ]);
});

test('a warning names the records that a delegation hides below it, except glue, in either order', async (t) => {
  const { api } = await prepare(t);
  const put = (path: string, ...records: string[]) => api.ok<Written>(201, 'PUT', `${rrsets}/${path}`, { records });
  assert.equal((await put('ns.s/A', '192.0.2.1')).warnings, undefined);
  assert.equal((await put('s/TXT', 'x')).warnings, undefined);
  await put('x.s/TXT', 'x');
  const { warnings } = await put('s/NS', 'ns.s.foo.k8s.');
  assert.deepEqual(
    warnings?.map(({ name, type }) => `${name} ${type}`),
    ['s TXT', 'x.s TXT'],
  );
  assert.deepEqual((await put('y.s/MX', '1 x.')).warnings?.length, 1);
  assert.equal((await put('z.s/AAAA', '2001:db8::1')).warnings, undefined);
  assert.equal((await put('s/DS', `1 8 2 ${'00'.repeat(32)}`)).warnings, undefined);
  const patched = await api.ok<Written>(200, 'PATCH', rrsets, [{ name: 'w.s', type: 'TXT', records: ['x'] }]);
  assert.deepEqual([patched.warnings?.[0]?.name, patched.warnings?.[0]?.type], ['w.s', 'TXT']);
  await put('v.r/TXT', 'x');
  const both = await api.ok<Written>(200, 'PATCH', rrsets, [
    { name: 'r', type: 'NS', records: ['ns.example.'] },
    { name: 'v.r', type: 'TXT', records: ['y'] },
  ]);
  assert.equal(both.warnings?.length, 1, 'there is not exactly one warning');
});

const beside: [what: string, code: 'record_invalid' | 'cname_conflict', changes: [string, string, string[]][]][] = [
  ['a CNAME at the apex', 'cname_conflict', [['@', 'CNAME', ['x.']]]],
  [
    'a CNAME beside other data',
    'cname_conflict',
    [
      ['a', 'CNAME', ['x.']],
      ['a', 'TXT', ['x']],
    ],
  ],
  [
    'a CNAME beside a DNAME',
    'cname_conflict',
    [
      ['a', 'CNAME', ['x.']],
      ['a', 'DNAME', ['x.']],
    ],
  ],
  [
    'a DNAME beside NS, not at the apex',
    'record_invalid',
    [
      ['a', 'NS', ['x.']],
      ['a', 'DNAME', ['x.']],
    ],
  ],
  ['two DNAMEs', 'record_invalid', [['a', 'DNAME', ['x.', 'y.']]]],
  ['a DS at the apex', 'record_invalid', [['@', 'DS', [`1 8 2 ${'00'.repeat(32)}`]]]],
];

for (const [what, code, changes] of beside) {
  test(`${what} is refused, written together or one after the other`, async (t) => {
    const { api, dump } = await prepare(t);
    const before = await dump();
    const together = changes.map(([name, type, records]) => ({ name, type, records }));
    await api.refused(code, 'PATCH', rrsets, together);
    assert.deepEqual(await dump(), before);
    const last = changes.at(-1);
    for (const [name, type, records] of changes) {
      const path = `${rrsets}/${name}/${type}`;
      if (name === last?.[0] && type === last[1]) await api.refused(code, 'PUT', path, { records });
      else await api.ok(201, 'PUT', path, { records });
    }
    const file = together.map(({ name, type, records }) =>
      records.map((one) => `${name} 60 ${type} ${one}\n`).join(''),
    );
    const imported = await api.send('PUT', '/v1/zones/foo.k8s/zonefile', file.join(''), textDns);
    assert.equal(problemIn(imported).code, code);
  });
}

test('each warning about a new delegation says that this one hides the records, not an older delegation below it', async (t) => {
  const { api } = await prepare(t);
  const put = async (path: string, ...records: string[]) =>
    (await api.ok<Written>(201, 'PUT', `${rrsets}/${path}`, { records })).warnings ?? [];
  await put('d.s/TXT', 'x');
  assert.equal((await put('d.s/NS', 'ns.example.')).length, 1);
  const warnings = await put('s/NS', 'ns.example.');
  assert.deepEqual(warnings.map(({ name, type }) => `${name} ${type}`).sort(), ['d.s NS', 'd.s TXT']);
  for (const { message } of warnings) assert.match(message, /the delegation of s\.foo\.k8s/);
});

test('DNSSEC records may stand beside a CNAME (RFC 4035 §2.5, RFC 2181 §10.1)', async (t) => {
  const { api } = await prepare(t);
  await api.ok(200, 'PATCH', rrsets, [
    { name: 'a', type: 'CNAME', records: ['x.'] },
    { name: 'a', type: 'NSEC', records: ['b.foo.k8s. CNAME RRSIG NSEC'] },
    { name: 'a', type: 'KEY', records: ['256 3 8 AQAB'] },
  ]);
});

test('a DS without NS, and AliasMode beside ServiceMode (RFC 9460 §2.4.1), are accepted with a warning', async (t) => {
  const { api } = await prepare(t);
  for (const [path, records] of [
    ['a/DS', [`1 8 2 ${'00'.repeat(32)}`]],
    ['b/HTTPS', ['0 x.', '1 .']],
    ['c/SVCB', ['0 x.', '0 y.']],
  ] as const) {
    const { warnings } = await api.ok<Written>(201, 'PUT', `${rrsets}/${path}`, { records });
    assert.deepEqual(
      warnings?.map(({ name, type }) => `${name}/${type}`),
      [path],
    );
  }
  assert.equal(
    (await api.ok<Written>(201, 'PUT', `${rrsets}/d/HTTPS`, { records: ['1 .', '2 x.'] })).warnings,
    undefined,
  );
});

test('a record that another served zone inside its zone hides gets a warning; NS, DS and glue of that zone get none', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 's.foo.k8s' });
  const put = async (path: string, ...records: string[]) =>
    (await api.ok<Written>(201, 'PUT', `${rrsets}/${path}`, { records })).warnings;
  assert.equal(await put('s/NS', 'ns.s.foo.k8s.'), undefined);
  assert.equal(await put('s/DS', `1 8 2 ${'00'.repeat(32)}`), undefined);
  assert.equal(await put('ns.s/A', '192.0.2.1'), undefined, 'glue has a warning');
  assert.equal(await put('other/A', '192.0.2.1'), undefined);
  for (const [path, record] of [
    ['s/TXT', 'x'],
    ['s/A', '192.0.2.2'],
    ['x.s/A', '192.0.2.2'],
    ['y.x.s/MX', '1 x.'],
    ['x.s/NS', 'ns.example.'],
  ] as const) {
    const [warning, ...more] = (await put(path, record)) ?? [];
    assert.deepEqual([`${warning?.name}/${warning?.type}`, more], [path, []]);
    assert.match(warning?.message ?? '', /zone s\.foo\.k8s/);
  }
  const patched = await api.ok<Written>(200, 'PATCH', rrsets, [
    { name: 'w.s', type: 'TXT', records: ['x'] },
    { name: 'w.other', type: 'TXT', records: ['x'] },
  ]);
  assert.deepEqual(
    patched.warnings?.map(({ name }) => name),
    ['w.s'],
  );
});

test('the import of a zone file warns of records that another served zone hides', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 's.foo.k8s' });
  await api.ok(201, 'POST', '/v1/zones', { name: 't.s.foo.k8s' });
  const file = 's 60 NS ns.s\nns.s 60 A 192.0.2.1\nx.s 60 A 192.0.2.2\nx.t.s 60 TXT x\ny 60 A 192.0.2.3\n';
  const imported = await api.send('PUT', '/v1/zones/foo.k8s/zonefile', file, textDns);
  assert.equal(imported.status, 200, imported.text);
  const { warnings } = imported.body as { warnings: { line: number; message: string }[] };
  assert.deepEqual(
    warnings.map(({ line }) => line),
    [3, 4],
  );
  for (const { message } of warnings) assert.match(message, /zone s\.foo\.k8s/);
});

test('a new zone is accepted with a warning that names the records that it hides in the zone around it', async (t) => {
  const { api } = await prepare(t);
  await api.ok(200, 'PATCH', rrsets, [
    { name: 's', type: 'NS', records: ['ns.s.foo.k8s.'] },
    { name: 's', type: 'TXT', records: ['x'] },
    { name: 'ns.s', type: 'A', records: ['192.0.2.1'] },
    { name: 'x.s', type: 'A', records: ['192.0.2.2'] },
    { name: 'x.t', type: 'TXT', records: ['x'] },
  ]);
  type Warned = { name: string; warnings?: { zone: string; name: string; type: string; message: string }[] };
  const hidden = ({ warnings = [] }: Warned) =>
    warnings.map(({ zone, name, type }) => `${zone}: ${name} ${type}`).sort();
  const posted = await api.ok<Warned>(201, 'POST', '/v1/zones', { name: 's.foo.k8s' });
  assert.deepEqual(hidden(posted), ['foo.k8s: s TXT', 'foo.k8s: x.s A']);
  assert.match(posted.warnings?.[0]?.message ?? '', /zone s\.foo\.k8s/);
  const put = await api.ok<Warned>(201, 'PUT', '/v1/zones/t.foo.k8s', {});
  assert.deepEqual(hidden(put), ['foo.k8s: x.t TXT']);
  assert.deepEqual((await api.ok<Warned>(200, 'PUT', '/v1/zones/t.foo.k8s', {})).warnings, undefined);
  assert.deepEqual((await api.ok<Warned>(201, 'POST', '/v1/zones', { name: 'u.foo.k8s' })).warnings, undefined);
});

test('a DNAME at the apex is refused while it would hide the replicas that are the nameservers of the zone', async (t) => {
  const { api, dump } = await prepare(t);
  const dname = { records: ['elsewhere.'] };
  const before = await dump();
  const problem = await api.refused('name_hidden', 'PUT', `${rrsets}/@/DNAME`, dname, [':name']);
  assert.match(problem.detail, /nameservers outside it/);
  const file = await api.send('PUT', '/v1/zones/foo.k8s/zonefile', '@ TXT x\n@ DNAME elsewhere.\n', textDns);
  assert.deepEqual([problemIn(file).code, problemIn(file).errors?.[0]?.pointer], ['name_hidden', 'line:2']);
  assert.deepEqual(await dump(), before);

  await api.ok(200, 'PUT', `${rrsets}/@/NS`, { records: ['ns.example.'] });
  await api.ok(201, 'PUT', `${rrsets}/@/DNAME`, dname);
  await api.refused('name_hidden', 'DELETE', `${rrsets}/@/NS`, undefined);
  await api.ok(200, 'PATCH', '/v1/zones/foo.k8s', { nameservers: ['ns.example'] });
  await api.ok(204, 'DELETE', `${rrsets}/@/NS`);
  await api.refused('name_hidden', 'PATCH', '/v1/zones/foo.k8s', { nameservers: [] });
  await api.ok(200, 'PUT', `${rrsets}/@/DNAME`, { records: ['another.'] });
  await api.ok(204, 'DELETE', `${rrsets}/@/DNAME`);
  await api.ok(200, 'PATCH', '/v1/zones/foo.k8s', { nameservers: [] });
});
