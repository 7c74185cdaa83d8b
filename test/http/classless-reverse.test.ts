// Classless reverse zones (RFC 2317): the PTR of a host is where the CNAME at its reverse name leads. Cited by
// src/control/hosts/ptr-place.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { ptrAligner } from '../../src/control/hosts/align-ptrs.ts';
import { startRenumberings } from '../../src/control/renumbering/run-renumberings.ts';
import { decideCreateZone } from '../../src/control/zones/put-zone.ts';
import { parseNewZone } from '../../src/control/zones/zone-input.ts';
import { servedApi } from '../support/served-api.ts';
import type { Cleanup } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const parent = '2.0.192.in-addr.arpa';
const classless = `0/25.${parent}`;

interface HostAnswer {
  addresses: { ptr: string | null }[];
  warnings?: { message: string }[];
}

async function prepare(t: Cleanup) {
  const served = await servedApi(t);
  const { api, views } = served;
  for (const name of ['z', parent, classless]) await api.ok(201, 'POST', '/v1/zones', { name });
  const alias = (last: number, target?: string) => {
    const path = `/v1/zones/${parent}/rrsets/${last}/CNAME`;
    return target === undefined ? api.ok(204, 'DELETE', path) : api.ok(201, 'PUT', path, { records: [target] });
  };
  /** Returns the target of the PTR at the name, in the zone that answers for it. */
  const ptr = (name: string) => {
    const zone = views.zones.enclosing(name as never)?.value.name;
    return zone && views.zones.name(zone, name as never).rrsets.find(({ type }) => type === 'PTR')?.records[0];
  };
  const shown = async () => (await api.ok<HostAnswer>(200, 'GET', '/v1/hosts/a.z')).addresses.map((one) => one.ptr);
  return { ...served, alias, ptr, shown };
}

test('the PTR of a new host is in the classless zone, and goes with the host', async (t) => {
  const { api, alias, ptr, shown } = await prepare(t);
  await alias(5, `5.${classless}.`);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['192.0.2.5'] });
  assert.deepEqual([ptr(`5.${classless}`), await shown()], ['a.z.', [`5.${classless}`]]);
  await api.ok(200, 'GET', `/v1/zones/0%2F25.${parent}/rrsets/5/PTR`);
  const host = await api.ok<object>(200, 'GET', '/v1/hosts/a.z');
  await api.ok(200, 'PUT', '/v1/hosts/a.z', host);
  await api.ok(200, 'PATCH', '/v1/hosts/a.z', { name: 'b.z' });
  assert.equal(ptr(`5.${classless}`), 'b.z.');
  const { reverseZones } = await api.ok<{ reverseZones: string[] }>(200, 'GET', '/v1/zones/z/forwarding');
  assert.deepEqual(reverseZones, [parent, classless]);
  await api.ok(204, 'DELETE', '/v1/hosts/b.z');
  assert.equal(ptr(`5.${classless}`), undefined);
});

test('a PTR moves in the transaction that writes or deletes the CNAME', async (t) => {
  const { api, alias, ptr, shown } = await prepare(t);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['192.0.2.5'] });
  assert.equal(ptr(`5.${parent}`), 'a.z.');
  await alias(5, `5.${classless}.`);
  assert.deepEqual([ptr(`5.${parent}`), ptr(`5.${classless}`)], [undefined, 'a.z.']);
  await alias(5);
  assert.deepEqual([ptr(`5.${parent}`), ptr(`5.${classless}`)], ['a.z.', undefined]);
  assert.deepEqual(await shown(), [`5.${parent}`]);
  await alias(5, `5.${classless}.`);
  // The classless zone is deleted: its names are those of the zone around again, and the PTR is there.
  await api.ok(204, 'DELETE', `/v1/zones/0%2F25.${parent}`);
  assert.equal(ptr(`5.${classless}`), 'a.z.');
  await api.ok(201, 'POST', '/v1/zones', { name: classless });
  await api.ok(204, 'DELETE', '/v1/hosts/a.z');
  assert.equal(ptr(`5.${classless}`), undefined);
});

test('a CNAME that leads out of the reverse zones here takes the PTR away, with a warning that says where', async (t) => {
  const { api, alias, ptr, shown } = await prepare(t);
  await alias(5, '5.customer.example.');
  const host = await api.ok<HostAnswer>(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['192.0.2.5'] });
  assert.deepEqual(await shown(), [null]);
  assert.match(host.warnings?.[0]?.message ?? '', /leads to 5\.customer\.example\., out of the reverse zones here/);
  await alias(5);
  assert.deepEqual([ptr(`5.${parent}`), await shown()], ['a.z.', [`5.${parent}`]]);
  await alias(5, '5.customer.example.');
  assert.deepEqual([ptr(`5.${parent}`), await shown()], [undefined, [null]]);
  // A delegation below our own zone leads out, too.
  await alias(5);
  await api.ok(201, 'PUT', `/v1/zones/${parent}/rrsets/128%2F25/NS`, { records: ['ns.customer.example.'] });
  await alias(5, `5.128/25.${parent}.`);
  assert.deepEqual(await shown(), [null]);
});

test('an import of a zone file moves PTRs to where its CNAMEs lead, and back', async (t) => {
  const { api, ptr, shown } = await prepare(t);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['192.0.2.5'] });
  const shared = [{ address: '192.0.2.6', shared: true }];
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.z', addresses: shared });
  const put = (text: string, query = '') =>
    api.send('PUT', `/v1/zones/${parent}/zonefile${query}`, `$TTL 60\n$ORIGIN ${parent}.\n@ TXT "x"\n${text}`, {
      'content-type': 'text/dns',
    });
  const alias = `5 CNAME 5.${classless}.\n`;
  const tried = await put(alias, '?dryRun=true');
  assert.equal(tried.status, 200, JSON.stringify(tried.body));
  assert.equal(ptr(`5.${parent}`), 'a.z.');
  const imported = await put(alias);
  assert.equal(imported.status, 200, JSON.stringify(imported.body));
  assert.deepEqual([ptr(`5.${parent}`), ptr(`5.${classless}`), await shown()], [undefined, 'a.z.', [`5.${classless}`]]);
  // Another target, then none.
  assert.equal((await put(`5 CNAME 55.${classless}.\n`)).status, 200);
  assert.deepEqual([ptr(`5.${classless}`), ptr(`55.${classless}`)], [undefined, 'a.z.']);
  assert.equal((await put('')).status, 200);
  assert.deepEqual([ptr(`5.${parent}`), ptr(`55.${classless}`), await shown()], ['a.z.', undefined, [`5.${parent}`]]);
  // The PTR of a shared address does not move, so there is no room for the CNAME.
  const refused = await put(`6 CNAME 6.${classless}.\n`);
  assert.ok(refused.status >= 400, JSON.stringify(refused.body));
  assert.equal(ptr(`6.${parent}`), 'b.z.');
});

test('the PTR of an address that holders share does not follow a CNAME', async (t) => {
  const { api, alias } = await prepare(t);
  await alias(7, `7.${classless}.`);
  const ports = [{ protocol: 'tcp', port: 80 }];
  for (const sharing of [{ shared: true }, { sharingKey: 'k', ports }]) {
    const body = { name: 'a.z', addresses: [{ address: '192.0.2.7', ...sharing }] };
    await api.refused('cname_conflict', 'POST', '/v1/hosts', body);
    await api.ok(201, 'POST', '/v1/hosts', { ...body, ptr: false });
    await api.ok(204, 'DELETE', '/v1/hosts/a.z');
  }
});

test('a PTR goes back to its reverse name when the zone with the CNAME is deleted', async (t) => {
  const { api, alias, ptr, shown } = await prepare(t);
  await alias(5, `5.${classless}.`);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['192.0.2.5'] });
  assert.equal(ptr(`5.${classless}`), 'a.z.');
  await api.ok(204, 'DELETE', `/v1/zones/${parent}`);
  assert.deepEqual([ptr(`5.${parent}`), ptr(`5.${classless}`), await shown()], ['a.z.', undefined, [`5.${parent}`]]);
});

test('a zone that is created where a CNAME leads takes the PTR, at once or, after a crash, by housekeeping', async (t) => {
  const { api, alias, ptr, shown, committer, views } = await prepare(t);
  const delegate = (label: string) =>
    api.ok(201, 'PUT', `/v1/zones/${parent}/rrsets/${label}/NS`, { records: ['ns.customer.example.'] });
  await delegate('c');
  await alias(5, `5.c.${parent}.`);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['192.0.2.5'] });
  assert.deepEqual(await shown(), [null]);
  await api.ok(201, 'POST', '/v1/zones', { name: `c.${parent}` });
  assert.deepEqual([ptr(`5.c.${parent}`), await shown()], ['a.z.', [`5.c.${parent}`]]);
  await delegate('d');
  await alias(6, `alias.d.${parent}.`);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.z', addresses: ['192.0.2.6'] });
  // The process that creates this zone moves no PTR.
  const zone = parseNewZone({ name: `d.${parent}` });
  await committer.commit({ kind: 'system', part: 'start' }, (context) => decideCreateZone(context, zone));
  assert.equal(ptr(`alias.d.${parent}`), undefined);
  const align = ptrAligner({ committer, views });
  await align();
  assert.equal(ptr(`alias.d.${parent}`), 'b.z.');
  const { revision } = views;
  // The first call has changed zones.
  assert.ok((await align()) > 0);
  assert.equal(views.revision, revision);
  assert.equal(await align(), 0);
  // A zone that is created or deleted below counts as a change of the zone that may have CNAMEs to it.
  const below = parseNewZone({ name: `e.${parent}` });
  await committer.commit({ kind: 'system', part: 'start' }, (context) => decideCreateZone(context, below));
  assert.ok((await align()) >= 2);
  assert.equal(await align(), 0);
  await api.ok(204, 'DELETE', `/v1/zones/e.${parent}`);
  assert.ok((await align()) > 0);
});

test('a PTR goes where a CNAME leads, too, if its pool gets reverse names or its host is renumbered', async (t) => {
  const served = await prepare(t);
  const { api, alias, ptr, shown } = served;
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.5/32'], reverse: false });
  await api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: ['192.0.2.6/32'] });
  for (const last of [5, 6]) await alias(last, `${last}.${classless}.`);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', pool: 'p' });
  assert.deepEqual(await shown(), [null]);
  await api.ok(200, 'PATCH', '/v1/pools/p', { reverse: true });
  assert.deepEqual([ptr(`5.${classless}`), await shown()], ['a.z.', [`5.${classless}`]]);
  await api.ok(201, 'POST', '/v1/pools/p/renumber', { to: 'q' });
  const parts = { ...served, logger: pino({ level: 'silent' }) };
  t.after(startRenumberings(parts, () => true));
  await until(async () => {
    const { state, skipped } = await api.ok<{ state: string; skipped: object }>(200, 'GET', '/v1/pools/p/renumbering');
    assert.deepEqual(skipped, { count: 0, first: [] });
    return state !== 'running';
  }, 'the renumbering does not end');
  assert.deepEqual([ptr(`5.${classless}`), ptr(`6.${classless}`)], [undefined, 'a.z.']);
  assert.deepEqual(await shown(), [`6.${classless}`]);
});

test('a CNAME takes no PTR into a zone that is not below its reverse zone, whoever writes it', async (t) => {
  const { api, alias, ptr, shown } = await prepare(t);
  for (const name of ['victim.test', '3.0.192.in-addr.arpa']) await api.ok(201, 'POST', '/v1/zones', { name });
  await api.ok(201, 'PUT', '/v1/zones/victim.test/rrsets/*/A', { records: ['192.0.2.1'] });
  // The second CNAME is below the reverse zone, and leads out of it.
  await api.ok(201, 'PUT', `/v1/zones/${parent}/rrsets/hop/CNAME`, { records: ['www.victim.test.'] });
  for (const target of ['www.victim.test.', '9.3.0.192.in-addr.arpa.', `hop.${parent}.`]) {
    await alias(5, target);
    const host = await api.ok<HostAnswer>(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['192.0.2.5'] });
    assert.deepEqual(
      [await shown(), ptr('www.victim.test'), ptr('9.3.0.192.in-addr.arpa')],
      [[null], undefined, undefined],
    );
    assert.match(host.warnings?.[0]?.message ?? '', /leads to .* write the PTR there/);
    await api.ok(204, 'DELETE', '/v1/hosts/a.z');
    await alias(5);
  }
});
