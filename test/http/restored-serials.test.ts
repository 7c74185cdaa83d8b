// The serials of restored zones. A restored zone has the serial from the backup until the zone changes. Every kind of
// change of such a zone works.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../src/model/name.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import { type Serial, shownSerial } from '../../src/model/revision.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { nameKey, nameValue } from '../../src/store/kinds/name.ts';
import { offsetKey, offsetValue } from '../../src/store/kinds/offset.ts';
import { serialKey, serialValue } from '../../src/store/kinds/serial.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import { showRevisions } from '../../src/store/shown-revisions.ts';
import type { Operation } from '../../src/store/store.ts';
import type { Method } from '../support/api-client.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { servedApi } from '../support/served-api.ts';
import type { Cleanup } from '../support/temporary.ts';

/** The serial from the backup. It exceeds 2^32, so that DNS shows another number than the store has. */
const serial = 2 ** 32 + 77;
const offset = 2 ** 32 + 1000;

/** Returns the operations that restore a zone with one record and the serial. */
function restoring(name: string): Operation[] {
  const [zone, owner] = [parseName(name), parseName(`a.${name}`)];
  const rrsets = [{ type: parseRecordType('A'), ttl: 60, records: ['192.0.2.1'] }];
  return [
    { kind: 'put', key: zoneKey(zone), value: zoneValue.encode({ ...zoneDefaults, name: zone }) },
    { kind: 'put', key: serialKey(zone), value: serialValue.encode({ serial: serial as Serial }) },
    { kind: 'put', key: nameKey(zone, 1, owner), value: nameValue.encode({ name: owner, rrsets }) },
  ];
}

async function restored(t: Cleanup, ...zones: string[]) {
  const store = await embeddedStore(t);
  const operations: Operation[] = [
    { kind: 'put', key: offsetKey, value: offsetValue.encode({ offset }) },
    ...zones.flatMap(restoring),
  ];
  await store.commit({ compares: [], operations });
  return servedApi(t, { store: showRevisions(store) });
}

test('a restored zone has the serial that it had, in the API, in its SOA and in its zone file', async (t) => {
  const { api, views } = await restored(t, 'z');
  const shown = 77;
  assert.equal(shownSerial(serial as Serial), shown);
  assert.equal(views.zones.serial(parseName('z')), serial);
  assert.equal((await api.ok<{ serial: number }>(200, 'GET', '/v1/zones/z')).serial, shown);
  const { records } = await api.ok<{ records: string[] }>(200, 'GET', '/v1/zones/z/rrsets/@/SOA');
  assert.equal(records[0]?.split(' ')[2], String(shown));
  const file = await api.send('GET', '/v1/zones/z/zonefile');
  assert.match(file.text, /\bSOA\s+\S+\s+\S+\s+77 /);
});

const file = 'a 60 A 192.0.2.9\n';
type Change = [what: string, method: Method, path: string, body: unknown, headers?: Record<string, string>];
const changes: Change[] = [
  ['a record', 'PUT', '/rrsets/b/A', { records: ['192.0.2.2'] }],
  ['a delegation, which requires that no name was added', 'PUT', '/rrsets/sub/NS', { records: ['ns.example.'] }],
  ['its settings', 'PATCH', '', { defaultTtl: 90 }],
  ['an import', 'PUT', '/zonefile', file, { 'content-type': 'text/dns' }],
  [
    'an import of settings only',
    'PUT',
    '/zonefile',
    `@ 60 SOA ns.z. me.z. 1 2 3 4 5\na 60 A 192.0.2.1\n`,
    { 'content-type': 'text/dns' },
  ],
];

for (const [index, [what, method, path, body, headers = {}]] of changes.entries()) {
  test(`a restored zone gets a higher serial when it changes: ${what}`, async (t) => {
    const { api, views } = await restored(t, 'z', 'other');
    const answer = await api.send(method, `/v1/zones/z${path}`, body, headers);
    assert.ok(answer.status < 300, `${index}: ${answer.status} ${answer.text}`);
    const changed = views.zones.serial(parseName('z'));
    assert.ok(changed > offset);
    assert.equal(changed, Number(answer.headers['zonewright-revision']));
    assert.equal(views.zones.serial(parseName('other')), serial);
    // A second change proves that the compares have the new revision.
    await api.ok(200, 'PATCH', '/v1/zones/z', { defaultTtl: 91 });
    assert.ok(views.zones.serial(parseName('z')) > changed);
  });
}

test('the entity tag of the records of a restored zone is valid until the zone changes', async (t) => {
  const { api } = await restored(t, 'z');
  const { etag } = (await api.send('GET', '/v1/zones/z/rrsets')).headers;
  assert.equal((await api.send('GET', '/v1/zones/z/rrsets', undefined, { 'if-none-match': String(etag) })).status, 304);
  const patch = [{ name: 'b', type: 'A', ttl: 60, records: ['192.0.2.2'] }];
  const send = () => api.send('PATCH', '/v1/zones/z/rrsets', patch, { 'if-match': String(etag) });
  assert.equal((await send()).status, 200);
  patch[0]?.records.push('192.0.2.3');
  assert.equal((await send()).status, 412);
});

test('a restored zone can be deleted, and created again with a higher serial', async (t) => {
  const { api, views } = await restored(t, 'z');
  await api.ok(204, 'DELETE', '/v1/zones/z');
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  assert.ok(views.zones.serial(parseName('z')) > offset);
});
