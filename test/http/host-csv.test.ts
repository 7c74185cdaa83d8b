// A spreadsheet of hosts becomes hosts, and comes out again the same. Every fault is told with its line.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../src/store/store.ts';
import { adminToken } from '../support/api-client.ts';
import { assertFaults, csv, exportedCsv, type Imported, importsAt, onBothStores } from '../support/csv-imports.ts';
import { servedApi } from '../support/served-api.ts';
import type { Cleanup } from '../support/temporary.ts';

const header = 'name,addresses,pool,aliases,ttl,ptr,owner,shared,ptrFor';

async function prepare(t: Cleanup, store?: Store) {
  const served = await servedApi(t, { store });
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await served.api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/16'] });
  return served;
}

const { importing, refusal, refusing } = importsAt('/v1/hosts:import');

test('a file becomes hosts, an equal row changes nothing, and an export is a file that changes nothing', async (t) => {
  const served = await prepare(t);
  const rows = [
    'a.z,10.0.0.1,p,www.z,60,true,team-a,,,web,',
    'b.z,10.0.0.2 2001:db8::1,,x.z y.z,,false,"Müller, ""M""",,,"\'=1+1, ",',
    'c.z,,,,,,,,,,"{""other key"":""\'x""}"',
    'd.z,,p,,,,"\'-1",,,,',
  ];
  const file = `${header},tags.app,tags\r\n${rows.join('\r\n')}\r\n`;
  assert.deepEqual(await importing(served, file, '?dryRun=true'), {
    rows: 4,
    created: 4,
    changed: 0,
    unchanged: 0,
    refused: 0,
  });
  assert.equal([...served.views.hosts.list()].length, 0);
  assert.equal((await importing(served, file)).created, 4);
  const b = await served.api.ok<{ tags: object; owner: string }>(200, 'GET', '/v1/hosts/b.z');
  assert.deepEqual([b.tags, b.owner], [{ app: '=1+1, ' }, 'Müller, "M"']);
  assert.deepEqual((await served.api.ok<{ tags: object }>(200, 'GET', '/v1/hosts/c.z')).tags, { 'other key': "'x" });
  const revision = served.views.revision;
  for (const again of [file, await exportedCsv(served)])
    for (const mode of ['create', 'put']) assert.equal((await importing(served, again, `?mode=${mode}`)).unchanged, 4);
  assert.equal(served.views.revision, revision);
  const [first, ...lines] = (await exportedCsv(served)).trimEnd().split('\r\n');
  assert.equal(first, `${header},tags.app,tags.other key,tags`);
  assert.equal(lines[0], 'a.z,10.0.0.1,p,www.z,60,true,team-a,,,web,,');
  assert.equal(lines[1], `b.z,10.0.0.2 2001:db8::1,,x.z y.z,,false,"Müller, ""M""",,,"'=1+1, ",,`);
  assert.equal(lines[2], "c.z,10.0.0.0,p,,,true,,,,,''x,");
  assert.equal(lines[3], "d.z,10.0.0.3,p,,,true,'-1,,,,,");
  assert.match(await exportedCsv(served, '?owner=team-a'), /^name[^\n]+\na\.z[^\n]+\n$/);
  const paged = await served.api.send('GET', '/v1/hosts?limit=1', undefined, { accept: 'text/csv' });
  assert.equal(paged.status, 400);
});

test('hosts that share an address go into a file and come back, also hosts that begin to share it', async (t) => {
  const served = await prepare(t);
  const rows = [
    'a.z,10.0.0.1 10.0.0.7,p,,,true,,10.0.0.1,',
    'b.z,10.0.0.1,p,,,true,,10.0.0.1,10.0.0.1',
    'c.z,10.0.0.1 2001:db8::1,,,,true,,10.0.0.1 2001:db8::1,',
    'd.z,2001:db8::1,,,,true,,2001:db8::1,2001:db8::1',
  ];
  const file = `\uFEFF${header},tags\r\n${rows.map((row) => `${row},`).join('\r\n')}\r\n`;
  assert.equal((await importing(served, file, '?dryRun=true')).created, 4);
  assert.equal((await importing(served, file)).created, 4);
  type Shown = { addresses: { ptr: string | null }[] };
  const ptrsOf = async (name: string) =>
    (await served.api.ok<Shown>(200, 'GET', `/v1/hosts/${name}`)).addresses.map(({ ptr }) => ptr !== null);
  const ptrs = await Promise.all(['a.z', 'b.z', 'c.z', 'd.z'].map(ptrsOf));
  assert.deepEqual(ptrs, [[false, true], [true], [false, false], [true]]);
  const exported = await exportedCsv(served);
  assert.equal(exported.replace('\uFEFF', ''), file.replace('\uFEFF', ''));
  for (const mode of ['create', 'put']) assert.equal((await importing(served, exported, `?mode=${mode}`)).unchanged, 4);
  for (const { value } of [...served.views.hosts.list()]) await served.api.ok(204, 'DELETE', `/v1/hosts/${value.name}`);
  assert.equal((await importing(served, exported)).created, 4);
  assert.equal(await exportedCsv(served), exported);
});

test('a host that stands begins to share its address with a new row, and stops when the cell is empty', async (t) => {
  const served = await prepare(t);
  await served.api.ok(201, 'POST', '/v1/hosts', { name: 'b.z', addresses: ['10.0.0.1'] });
  const both = 'name,addresses,shared\r\na.z,10.0.0.1,true\r\nb.z,10.0.0.1,true\r\n';
  assert.match((await refusing(served, both)).join(), /b\.z already, with other settings/);
  const { created, changed } = await importing(served, both, '?mode=put');
  assert.deepEqual([created, changed], [1, 1]);
  const read = await served.api.ok<{ addresses: { ptr: string | null }[] }>(200, 'GET', '/v1/hosts/b.z');
  assert.ok(read.addresses[0]?.ptr, 'the first host keeps the PTR');
  await served.api.ok(204, 'DELETE', '/v1/hosts/a.z');
  assert.equal((await importing(served, 'name,addresses,shared\r\nb.z,10.0.0.1,\r\n', '?mode=put')).changed, 1);
  const faulty = 'name,addresses,shared\r\nb.z,10.0.0.1,10.0.0.2\r\n';
  assert.match((await refusing(served, faulty)).join(), /line:2 shared: 10\.0\.0\.2 is not in the column addresses/);
});

test('a row whose address another row gives up is told how both can be changed', async (t) => {
  const served = await prepare(t);
  for (const [name, address] of [
    ['a.z', '10.0.0.1'],
    ['b.z', '10.0.0.2'],
  ])
    await served.api.ok(201, 'POST', '/v1/hosts', { name, addresses: [address] });
  const told = await refusing(served, 'name,addresses\r\na.z,10.0.0.2\r\nb.z,10.0.0.1\r\n', '?mode=put');
  assertFaults(told, [
    /^line:2 .*host:b\.z, which gives it up in line 3: .*POST \/v1\/hosts\/a\.z\/swap \{"with": "b\.z"\}/,
    /^line:3 .*host:a\.z, which gives it up in line 2/,
  ]);
  const moved = await refusing(served, 'name,addresses\r\na.z,10.0.0.2\r\nb.z,10.0.0.3\r\n', '?mode=put');
  assertFaults(moved, [/^line:2 .*gives it up in line 3: import that row first/]);
});

test('a workbook, a line with the separator and a file without line ends are one clear fault each', async (t) => {
  const served = await prepare(t);
  const workbook = await refusal(served, Buffer.from('PK\u0003\u0004\u0014\u0000\xff', 'latin1'));
  assert.match(workbook.detail, /workbook/);
  assert.deepEqual(await refusing(served, 'sep=;\r\nname;owner\r\na.z;x\r\n'), [
    "line:1 delete the line 'sep=;': the first line names the columns, and shows the separator",
  ]);
  assertFaults(await refusing(served, 'name,ownera.z,xb.z,y'), [/^line:1 .*curl --data-binary/]);
  const { detail } = await refusal(served, 'name\na..z\nb..z\nc..z\n');
  assert.match(detail, /^line 2: .*; and \d+ more faults; nothing was changed/);
});

test('a spreadsheet may have semicolons, tabs, a byte order mark, UTF-16, CR, and lines inside cells', async (t) => {
  const served = await prepare(t);
  const files: (string | Buffer)[] = [
    '\uFEFFname;owner\r\n\r\na1.z;"x, y"\r\n',
    'Name\tOwner\na2.z\tx, y\n',
    Buffer.from('\uFEFFname\towner\r\na3.z\tx, y\r\n', 'utf16le'),
    'name,owner\ra4.z,"x, y"\r',
    'owner,name\n"x, y",a5.z',
  ];
  for (const file of files) assert.equal((await importing(served, file)).created, 1);
  for (let index = 1; index <= files.length; index += 1)
    assert.equal((await served.api.ok<{ owner: string }>(200, 'GET', `/v1/hosts/a${index}.z`)).owner, 'x, y');
  assert.equal((await importing(served, 'name,tags.note\r\na6.z,"two\r\nlines"\r\n')).created, 1);
  assert.deepEqual((await served.api.ok<{ tags: object }>(200, 'GET', '/v1/hosts/a6.z')).tags, { note: 'two\nlines' });
  assert.equal((await importing(served, await exportedCsv(served))).unchanged, 6);
});

test('every fault is told with its line and column, and nothing is changed', async (t) => {
  const served = await prepare(t);
  await served.api.ok(201, 'POST', '/v1/hosts', { name: 'old.z', addresses: ['10.0.0.9'] });
  const file = [
    `${header},tags.note`,
    'ok.z,10.0.0.1,,,,,,,,"two',
    'lines"',
    '',
    'a..z,10.0.0.300,p,,x,maybe,,,,',
    'b.z,10.0.0.9,,,,,,',
    'c.nowhere,,nopool,,99999999999,,,',
    'd.z,10.0.0.1,,OK.z,,,,',
    'old.z,10.0.0.8,,,,,,',
    'e.z,,,,,,,,,,surplus',
  ].join('\r\n');
  const revision = served.views.revision;
  const told = await refusing(served, file);
  assertFaults(told, [
    /^line:5 ttl: 'x' is no number/,
    /^line:5 ptr: 'maybe' is neither/,
    /^line:5 name: /,
    /^line:5 addresses: '10\.0\.0\.300'/,
    /^line:6 addresses: 10\.0\.0\.9 is held by host:old\.z/,
    /^line:7 name: no zone covers c\.nowhere/,
    /^line:7 pool: /,
    /^line:7 ttl: /,
    /^line:8 addresses: 10\.0\.0\.1 is also in line 2/,
    /^line:8 aliases: ok\.z is also in line 2/,
    /^line:9 name: there is a host old\.z already, with other settings: \?mode=put changes it/,
    /^line:10 the row has 11 cells, and the first line 10/,
  ]);
  assert.deepEqual(await refusing(served, 'name,adresses\na.z,\n'), [
    'line:1 adresses: is no column of hosts; there are name, addresses, pool, aliases, ttl, ptr, owner, shared, ptrFor, tags, families, and tags.NAME for a tag',
  ]);
  assert.match((await refusing(served, '')).join(), /line:1 the file is empty/);
  assert.match(
    (await refusing(served, 'name,owner\na.z,"x\nb.z,y\n')).join(),
    /line:2 a cell begins with a quote here/,
  );
  const latin = await refusal(served, Buffer.from('name,owner\na.z,\xe4\n', 'latin1'));
  assert.match(latin.detail, /not in UTF-8/);
  const many = `name\n${'a..z\n'.repeat(3000)}`;
  const { errors, faults } = await refusal(served, many);
  assert.ok(errors.length === 1000 && faults >= 3000, `${errors.length} of ${faults}`);
  assert.equal(served.views.revision, revision);
});

test('with mode=put, columns of the file replace fields, and other fields stay', async (t) => {
  const served = await prepare(t);
  const host = { name: 'a.z', addresses: ['10.0.0.1'], owner: 'me', aliases: ['b.z'], tags: { app: 'x', rack: '1' } };
  await served.api.ok(201, 'POST', '/v1/hosts', host);
  const counts = await importing(served, 'name,owner,tags.app,ttl\na.z,you,,60\nnew.z,,,\n', '?mode=put');
  assert.deepEqual(counts, { rows: 2, created: 1, changed: 1, unchanged: 0, refused: 0 });
  const changed = await served.api.ok<object>(200, 'GET', '/v1/hosts/a.z');
  assert.partialDeepStrictEqual(changed, { owner: 'you', aliases: ['b.z'], tags: { rack: '1' }, ttl: 60 });
  assert.equal((changed as { tags: { app?: string } }).tags.app, undefined);
  const lines = await fetch(`${served.url}/v1/hosts:import`, {
    method: 'POST',
    headers: { ...csv, accept: 'application/x-ndjson', authorization: `Bearer ${adminToken}` },
    body: 'name\nother.z\n',
  });
  const [last = ''] = (await lines.text()).trimEnd().split('\n').slice(-1);
  assert.equal((JSON.parse(last) as { result: Imported }).result.counts.created, 1);
});

const count = 10_000;
const spreadsheet = [
  `${header},tags.app,tags`,
  ...Array.from({ length: count }, (_, index) => {
    const name = `h${String(index).padStart(5, '0')}`;
    const address = `10.0.${1 + (index >> 8)}.${index & 255}`;
    return `${name}.z,${address},p,${index % 7 === 0 ? `www-${name}.z` : ''},${index % 3 === 0 ? '300' : ''},true,team-${index % 5},,,web,`;
  }),
].join('\r\n');

async function roundTrip(t: Cleanup, store: Store): Promise<void> {
  const served = await prepare(t, store);
  assert.equal((await importing(served, spreadsheet)).created, count);
  assert.equal(await exportedCsv(served), `${spreadsheet}\r\n`);
  const { revision } = served.views;
  assert.equal((await importing(served, spreadsheet)).unchanged, count);
  assert.equal(served.views.revision, revision);
}

onBothStores(`a spreadsheet of ${count} hosts becomes hosts and comes out the same`, roundTrip);

test('tags with names that every object has, and tags whose names a column would change, come out and go in', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  const tags = { constructor: 'x', toString: 'y', '': 'empty', 'app ': 'spaced', app: 'plain' };
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['10.0.0.1'], tags });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.z', addresses: ['10.0.0.2'] });
  const file = await exportedCsv(served);
  for (const name of ['a.z', 'b.z']) await api.ok(204, 'DELETE', `/v1/hosts/${name}`);
  assert.equal((await importing(served, file)).created, 2);
  const read = async (name: string) => (await api.ok<{ tags: object }>(200, 'GET', `/v1/hosts/${name}`)).tags;
  assert.deepEqual([await read('a.z'), await read('b.z')], [tags, {}]);
});
