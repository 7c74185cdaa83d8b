// A spreadsheet becomes the allocations of a pool, and comes out again the same. Every fault is told with its line.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pool } from '../../src/model/pool.ts';
import type { Store } from '../../src/store/store.ts';
import { assertFaults, csv, exportedCsv, type Imported, importsAt, onBothStores } from '../support/csv-imports.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import type { Cleanup } from '../support/temporary.ts';
import { tokenFor } from '../support/tokens.ts';

const path = '/v1/pools/p/allocations';
const { importing, refusing } = importsAt(`${path}:import`);
const exported = (served: ServedApi, query = '') => exportedCsv(served, query, path);

async function prepare(t: Cleanup, store?: Store) {
  const served = await servedApi(t, { store });
  await served.api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/16'] });
  return served;
}

interface Holder {
  id?: string;
  owner: string;
  tags?: object;
}
const holdersOf = async ({ api }: ServedApi, ip: string) =>
  (await api.ok<{ holders: Holder[] }>(200, 'GET', `/v1/addresses/${ip}`)).holders;

/** Returns the columns that a request can set, of each row of an export. */
function settable(text: string): string[] {
  const [header = '', ...rows] = text.trimEnd().split('\r\n');
  const hidden = ['since', 'id'].map((column) => header.split(',').indexOf(column));
  return [header, ...rows].map((row) =>
    row
      .split(',')
      .filter((_, index) => !hidden.includes(index))
      .join(','),
  );
}

test('a file becomes allocations, an equal row changes nothing, and an export is a file that changes nothing', async (t) => {
  const served = await prepare(t);
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await served.api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['10.0.0.9'], owner: 'team-h' });
  const end = new Date(Date.now() + 3_600_000).toISOString();
  const file = [
    'Address;owner;sharingKey;ports;expiresAt;tags.use;tags',
    '10.0.0.1;team-a;;;;printer;',
    `10.0.0.2;"Müller; ""M""";;;${end};'=1+1;"{""other key"":""'x"",""none"":""""}"`,
    '10.0.0.3;a;vip;tcp/80 TCP/443;;;',
    '10.0.0.3;b;vip;udp/53;;;',
    '10.0.0.4;;;;;;',
  ].join('\r\n');
  const all = { rows: 5, created: 5, changed: 0, unchanged: 0, refused: 0 };
  assert.deepEqual(await importing(served, file, '?dryRun=true'), all);
  assert.equal((await exported(served)).trimEnd().split('\r\n').length, 2);
  assert.deepEqual(await importing(served, file), all);
  const [second] = await holdersOf(served, '10.0.0.2');
  assert.partialDeepStrictEqual(second, {
    owner: 'Müller; "M"',
    tags: { use: '=1+1', 'other key': "'x", none: '' },
    expiresAt: end,
  });
  const { revision } = served.views;
  for (const mode of ['create', 'put']) {
    assert.equal((await importing(served, file, `?mode=${mode}`)).unchanged, 5);
    assert.equal((await importing(served, await exported(served), `?mode=${mode}`)).unchanged, 6);
  }
  assert.equal(served.views.revision, revision);
  assert.deepEqual(settable(await exported(served)).slice(0, 3), [
    'address,pool,space,kind,host,owner,sharingKey,ports,expiresAt,tags.none,tags.other key,tags.use,tags',
    '10.0.0.1,p,default,allocation,,team-a,,,,,,printer,',
    `10.0.0.2,p,default,allocation,,"Müller; ""M""",,,${end},,''x,'=1+1,"{""none"":""""}"`,
  ]);
  assert.deepEqual(settable(await exported(served)).slice(3), [
    '10.0.0.3,p,default,allocation,,a,vip,tcp/80 tcp/443,,,,,',
    '10.0.0.3,p,default,allocation,,b,vip,udp/53,,,,,',
    '10.0.0.4,p,default,allocation,,,,,,,,,',
    '10.0.0.9,p,default,host,a.z,team-h,,,,,,,',
  ]);
});

test('with mode=put, columns of the file replace fields of the allocation, and other fields stay', async (t) => {
  const served = await prepare(t);
  const tags = { use: 'x', rack: '1' };
  await served.api.ok(201, 'POST', path, { addresses: ['10.0.0.1'], owner: 'me', expiresInSeconds: 60, tags });
  await served.api.ok(201, 'POST', path, {
    addresses: ['10.0.0.2'],
    owner: 'a',
    sharingKey: 'k',
    ports: [{ protocol: 'tcp', port: 1 }],
  });
  const [{ id } = { id: '' }] = await holdersOf(served, '10.0.0.2');
  const file = [
    'address,id,owner,tags.use,ports,sharingKey',
    '10.0.0.1,,you,,,',
    `10.0.0.2,${id},b,,tcp/2,k`,
    '10.0.0.2,,c,,tcp/1,k',
    '10.0.0.3,,d,,,',
  ].join('\n');
  assertFaults(await refusing(served, file), [
    /^line:2 address: 10\.0\.0\.1 is allocated already, with other settings: \?mode=put/,
    /^line:3 address: 10\.0\.0\.2 is allocated already/,
  ]);
  assert.deepEqual(await importing(served, file, '?mode=put'), {
    rows: 4,
    created: 2,
    changed: 2,
    unchanged: 0,
    refused: 0,
  });
  const [first] = await holdersOf(served, '10.0.0.1');
  assert.partialDeepStrictEqual(first, { owner: 'you', tags: { rack: '1' } });
  assert.equal(Object.hasOwn(first?.tags ?? {}, 'use'), false);
  assert.ok('expiresAt' in (first as object), 'the file has no column for the end');
  const sharers = await holdersOf(served, '10.0.0.2');
  assert.deepEqual(
    sharers.map(({ owner }) => owner),
    ['b', 'c'],
  );
  assert.equal(sharers[0]?.id, id);
});

test('every fault is told with its line and column, and nothing is changed', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: ['10.1.0.0/24'] });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['10.0.0.9'] });
  const file = [
    'address,pool,space,kind,host,id,owner,sharingKey,ports,expiresAt,tags',
    '10.0.0.1,,,,,,,,,,',
    '10.0.0.300,,,,,,,,,,',
    ',,,,,,,,,,',
    ',,,,,,x,,,,',
    '10.0.0.2,q,,,,,,,,,',
    '10.0.0.2,,lab,,,,,,,,',
    '10.1.0.1,,,,,,,,,,',
    '10.0.0.9,,,,,,x,,,,',
    '10.0.0.9,,,host,a.z,,x,,,,',
    '10.0.0.9,,,host,b.z,,,,,,',
    '10.0.0.9,,,host,,,,,,,',
    '10.0.0.4,,,allocation,a.z,,,,,,',
    '10.0.0.4,,,pet,,,,,,,',
    '10.0.0.5,,,,,none,,,,,',
    '10.0.0.6,,,,,,,k,tcp,,',
    '10.0.0.6,,,,,,,k,tcp/70000,,',
    '10.0.0.7,,,,,,,,,tomorrow,',
    '10.0.0.7,,,,,,,,,2020-01-01T00:00:00Z,',
    '10.0.0.7,,,,,,,,,9020-01-01T00:00:00Z,',
    '10.0.0.1,,,,,,,,,,',
    '10.0.0.8,,,,,,,k,tcp/1,,',
    '10.0.0.8,,,,,,,other,tcp/2,,',
    '10.0.0.8,,,,,,,k,tcp/1 tcp/3,,',
    '10.0.0.10,,,,,,,,,,{]',
  ].join('\r\n');
  const { revision } = served.views;
  assertFaults(await refusing(served, file), [
    /^line:3 address: '10\.0\.0\.300' is no/,
    /^line:5 address: is needed: to get the next free one/,
    /^line:6 pool: 'q' is another pool than 'p'/,
    /^line:7 space: 'lab' is not the space of pool 'p'/,
    /^line:8 address: 10\.1\.0\.1 is not in pool 'p'/,
    /^line:9 address: 10\.0\.0\.9 is held by host:a\.z/,
    /^line:10 host: 10\.0\.0\.9 belongs to host:a\.z: change the host \(PATCH \/v1\/hosts\/a\.z\)/,
    /^line:11 host: 10\.0\.0\.9 is not held by host 'b\.z': create hosts/,
    /^line:12 host: the name of the host is needed/,
    /^line:13 host: an allocation has no host/,
    /^line:14 kind: 'pet' is neither/,
    /^line:15 id: 10\.0\.0\.5 is not held by allocation 'none': leave the cell empty/,
    /^line:16 ports: 'tcp' is no port/,
    /^line:17 ports: /,
    /^line:18 expiresAt: 'tomorrow' is no time/,
    /^line:19 expiresAt: 2020-01-01T00:00:00Z is over/,
    /^line:20 expiresAt: 9020-01-01T00:00:00Z is more than/,
    /^line:21 address: 10\.0\.0\.1 is also in line 2/,
    /^line:23 address: rows of one address must have the same sharing key/,
    /^line:24 address: rows of one address must have the same sharing key/,
    /^line:25 tags: is no JSON object/,
  ]);
  assert.equal(served.views.revision, revision);
  assert.deepEqual(await refusing(served, 'ip\n10.0.0.1\n'), [
    'line:1 ip: is no column of allocations; there are address, pool, space, since, kind, host, id, owner, sharingKey, ports, expiresAt, tags, and tags.NAME for a tag',
    'line:1 the first line has no column `address`: it must name the columns',
  ]);
  const missing = await api.send('POST', '/v1/pools/none/allocations:import', 'address\n10.0.0.1\n', csv);
  assert.equal(missing.status, 404);
});

test('no row gets an address of a pool that was carved out, or of a draining pool', async (t) => {
  const served = await prepare(t);
  await served.api.ok(201, 'POST', '/v1/pools/p/pools', { name: 'child', prefixLength: 28 });
  assertFaults(await refusing(served, 'address\n10.0.0.1\n'), [/^line:2 address: 10\.0\.0\.1 is in pool 'child'/]);
  assert.equal((await importing(served, 'address,pool\n10.0.1.1,p\n')).created, 1);
  await served.api.ok(200, 'PATCH', '/v1/pools/p', { drain: true });
  assert.equal((await importing(served, await exported(served))).unchanged, 1);
  assertFaults(await refusing(served, 'address\n10.0.1.2\n'), [/^line:2 address: pool 'p' is draining/]);
});

test('a token with an owner imports only its own allocations, and learns of no others', async (t) => {
  const served = await prepare(t);
  await served.api.ok(201, 'POST', path, { addresses: ['10.0.0.1'], owner: 'other' });
  const [{ id } = { id: '' }] = await holdersOf(served, '10.0.0.1');
  const { api } = await tokenFor(served, 'own', { role: 'operator', owner: 'me' });
  const send = (text: string) => api.send('POST', `${path}:import?mode=put`, text, csv);
  assert.equal((await send('address,owner\n10.0.0.2,me\n')).status, 200);
  const foreign = await send('address,owner\n10.0.0.3,other\n');
  assert.equal(foreign.status, 403);
  assert.match((foreign.body as { detail: string }).detail, /^line 2: /);
  for (const row of ['10.0.0.1,,me', `10.0.0.1,${id},me`]) {
    const { body } = await send(`address,id,owner\n${row}\n`);
    assert.doesNotMatch(JSON.stringify(body), /other"/, row);
    assert.notEqual((body as { code?: string }).code, undefined, row);
  }
  assert.equal((await holdersOf(served, '10.0.0.1'))[0]?.owner, 'other');
});

test('of two imports at the same time, one allocates an address, and the other is refused with its line or agrees', async (t) => {
  const served = await prepare(t);
  const addresses = Array.from({ length: 1000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  const fileOf = (owner: string) => `address,owner\n${addresses.map((address) => `${address},${owner}\n`).join('')}`;
  const files = [fileOf('a'), fileOf('a'), fileOf('b')];
  const answers = await Promise.all(files.map((file) => served.api.send('POST', `${path}:import`, file, csv)));
  const imported = answers.map(({ status, body }) => {
    assert.equal(status, 200, JSON.stringify(body));
    return body as Imported;
  });
  assert.equal(
    imported.reduce((sum, { counts }) => sum + counts.created, 0),
    addresses.length,
  );
  for (const { counts, refused } of imported) {
    assert.equal(counts.created + counts.unchanged + counts.refused, addresses.length);
    assert.equal(refused.length, counts.refused);
    assert.ok(refused.every(({ line, code }) => line > 1 && code === 'address_taken'));
  }
  assert.ok(
    imported.some(({ refused }) => refused.length > 0),
    'the imports did not overtake each other',
  );
  for (const { value } of served.views.pools.heldIn(served.views.pools.find('p')?.value as Pool))
    assert.equal(value.holders.length, 1);
});

const count = 10_000;
const spreadsheet = [
  'address,owner,sharingKey,ports,expiresAt,tags.use,tags',
  ...Array.from({ length: count }, (_, index) => {
    // Of ten rows, the first two share an address.
    const shares = index % 10 < 2;
    const host = index - (index % 10 === 1 ? 1 : 0);
    const address = `10.0.${1 + (host >> 8)}.${host & 255}`;
    const end = index % 4 === 0 ? '2031-01-01T00:00:00.000Z' : '';
    return `${address},team-${index % 5},${shares ? 'vip' : ''},${shares ? `tcp/${1 + (index % 10)}` : ''},${end},use-${index % 3},`;
  }),
].join('\r\n');

async function roundTrip(t: Cleanup, store: Store): Promise<void> {
  const served = await prepare(t, store);
  assert.equal((await importing(served, spreadsheet)).created, count);
  const back = await exported(served);
  const [, ...rows] = settable(back).map((row) => row.replace(',p,default,allocation,,', ','));
  assert.deepEqual(rows, spreadsheet.split('\r\n').slice(1));
  const { revision } = served.views;
  assert.equal((await importing(served, spreadsheet)).unchanged, count);
  assert.equal((await importing(served, back)).unchanged, count);
  assert.equal(served.views.revision, revision);
}

onBothStores(`a spreadsheet of ${count} allocations becomes allocations and comes out the same`, roundTrip);
