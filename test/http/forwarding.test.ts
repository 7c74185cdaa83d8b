// /v1/forwarding: the targets of live replicas, with their health from real queries; the reverse zones of a zone; and
// the configuration that is rendered from both. test/forwarding has the rendered texts.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { memberKey } from '../../src/store/kinds/member.ts';
import { type AnsweringTarget, registerMember, startAnswering } from '../support/answering-target.ts';
import type { Api } from '../support/api-client.ts';
import { freePort } from '../support/free-port.ts';
import { servedApi } from '../support/served-api.ts';
import { type StartedApp, startedApp } from '../support/started-app.ts';
import { suiteCleanup } from '../support/suite-cleanup.ts';
import type { Cleanup } from '../support/temporary.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';

interface Target {
  address: string;
  port: number;
  replica: string;
  healthy: boolean;
  revisionLag: number | null;
}
interface Forwarding {
  zone: string;
  reverseZones: string[];
  targets: Target[];
}

const suite = suiteCleanup();
let app: StartedApp;
let api: Api;

before(async () => {
  app = await startedApp(suite);
  api = app.api;
  await api.ok(201, 'POST', '/v1/pools', { name: 'shared', ranges: ['10.1.0.250-10.1.1.10', 'fd00:1::/112'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 'other', ranges: ['10.2.0.0/24'], autoAssign: false });
  for (const name of ['one.test', 'two.test', 'sub.one.test', 'none.test', '9.10.in-addr.arpa', '5.9.10.in-addr.arpa'])
    await api.ok(201, 'POST', '/v1/zones', { name });
  await api.ok(201, 'POST', '/v1/hosts', {
    name: 'a.one.test',
    pool: 'shared',
    owner: 'team',
    families: ['ipv4', 'ipv6'],
  });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.one.test', addresses: ['10.9.5.1', '10.9.6.1'], owner: 'others' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'c.one.test', addresses: ['10.4.0.1'], ptr: false });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.two.test', addresses: ['10.1.1.5'], pool: 'shared' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.two.test', pool: 'other' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.sub.one.test', addresses: ['10.7.0.1'] });
});
const read = (zone = 'one.test', by = api) => by.ok<Forwarding>(200, 'GET', `/v1/zones/${zone}/forwarding`);

/** Registers members beside the running replica; the end of the test removes them. */
async function withMembers(t: Cleanup, members: Record<string, number>): Promise<void> {
  const names = async () => (await api.ok<{ items: { replica: string }[] }>(200, 'GET', '/v1/members')).items;
  for (const [name, port] of Object.entries(members)) await registerMember(app.store, name, [`127.0.0.1:${port}`]);
  await until(async () => (await names()).length === Object.keys(members).length + 1, 'the members are not seen');
  t.after(async () => {
    for (const name of Object.keys(members))
      await app.store.commit({ compares: [], operations: [{ kind: 'delete', key: memberKey(name) }] });
    await until(async () => (await names()).length === 1, 'the members are still seen');
  });
}

test('a running replica is a healthy target without a lag, at its advertised address', async () => {
  const { zone, targets } = await read();
  const [{ dns: [endpoint = ''] = [] } = {}] = (await api.ok<{ items: { dns: string[] }[] }>(200, 'GET', '/v1/members'))
    .items;
  assert.equal(zone, 'one.test');
  assert.deepEqual(targets, [
    { address: '127.0.0.1', port: Number(endpoint.split(':')[1]), replica: 'test', healthy: true, revisionLag: 0 },
  ]);
});

test('the reverse zones are those with PTRs of the zone’s hosts, and the automatic ones of their pools', async () => {
  assert.deepEqual((await read()).reverseZones, [
    // All automatic reverse zones of a pool are in the list, also those that only hosts of other zones use: the next
    // host of this zone may get an address there.
    ...['0.1.10.in-addr.arpa', '1.1.10.in-addr.arpa', '9.10.in-addr.arpa', '5.9.10.in-addr.arpa'],
    '0.0.0.0.0.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa',
  ]);
  assert.deepEqual((await read('two.test')).reverseZones, [
    ...['0.1.10.in-addr.arpa', '1.1.10.in-addr.arpa', '0.2.10.in-addr.arpa'],
    '0.0.0.0.0.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa',
  ]);
  assert.deepEqual((await read('sub.one.test')).reverseZones, ['0.7.10.in-addr.arpa']);
  assert.deepEqual((await read('none.test')).reverseZones, []);
  assert.deepEqual((await read('9.10.in-addr.arpa')).reverseZones, []);
});

test('a reverse zone inside of a /24 is found beside the one around it', async (t) => {
  const served = await servedApi(t);
  for (const name of ['z.test', '0.3.10.in-addr.arpa', '7.0.3.10.in-addr.arpa'])
    await served.api.ok(201, 'POST', '/v1/zones', { name });
  const host = (name: string, address: string) =>
    served.api.ok(201, 'POST', '/v1/hosts', { name: `${name}.z.test`, addresses: [address] });
  const found = async () => (await served.api.ok<Forwarding>(200, 'GET', '/v1/zones/z.test/forwarding')).reverseZones;
  await host('a', '10.3.0.8');
  assert.deepEqual(await found(), ['0.3.10.in-addr.arpa']);
  await host('b', '10.3.0.7');
  assert.deepEqual(await found(), ['0.3.10.in-addr.arpa', '7.0.3.10.in-addr.arpa']);
});

test('only a target that answers for the zone is healthy, and its lag is how far its copy of the zone is behind', async (t) => {
  await read('none.test');
  // An answer that is older than this change does not count as lag.
  await api.ok(201, 'PUT', '/v1/zones/none.test/rrsets/x/TXT', { records: ['"x"'] });
  const { serial } = await api.ok<{ serial: number }>(200, 'GET', '/v1/zones/none.test');
  const started: Record<string, AnsweringTarget> = {
    ahead: await startAnswering(t, { serial: () => serial + 7 }),
    behind: await startAnswering(t, { serial: () => serial - 5 }),
    evil: await startAnswering(t, { serial: () => serial, question: 'evil.test' }),
    flaky: await startAnswering(t, { serial: () => serial, deafFor: 1 }),
    guesses: await startAnswering(t, { serial: () => serial, authoritative: false }),
    refuses: await startAnswering(t, { rcode: 5 }),
    same: await startAnswering(t, { serial: () => serial }),
    silent: await startAnswering(t, { deafFor: 9 }),
  };
  const ports = Object.fromEntries(Object.entries(started).map(([name, { port }]) => [name, port]));
  await withMembers(t, { ...ports, dead: await freePort() });
  const { targets } = await read('none.test');
  const seen = Object.fromEntries(
    targets.map(({ replica, healthy, revisionLag }) => [replica, [healthy, revisionLag]]),
  );
  assert.deepEqual(seen, {
    ahead: [true, 0],
    behind: [true, 5],
    dead: [false, null],
    evil: [false, null],
    flaky: [true, 0],
    guesses: [false, null],
    refuses: [false, null],
    same: [true, 0],
    silent: [false, null],
    test: [true, 0],
  });
});

test('a zone with special characters in its name is asked for too', async () => {
  await api.ok(201, 'POST', '/v1/zones', { name: 'a\\$b\\032c.test' });
  const { zone, targets } = await read('a%5C%24b%5C032c.test');
  assert.equal(zone, 'a\\$b\\032c.test');
  assert.deepEqual(
    targets.map(({ healthy, revisionLag }) => [healthy, revisionLag]),
    [[true, 0]],
  );
  await api.ok(204, 'DELETE', '/v1/zones/a%5C%24b%5C032c.test');
});

test('a target is asked once by requests that come together', async (t) => {
  const target = await startAnswering(t);
  await withMembers(t, { target: target.port });
  await Promise.all(Array.from({ length: 20 }, () => read('two.test')));
  // A health answer counts for one second. A slow machine may take longer, and so ask again.
  assert.ok(target.asked() >= 1 && target.asked() < 20, `${target.asked()} queries`);
});

test('a list has every zone with its reverse zones and targets, page by page', async () => {
  const first = await api.ok<{ items: Forwarding[]; nextCursor: string }>(200, 'GET', '/v1/forwarding?limit=3');
  const rest = await api.ok<{ items: Forwarding[] }>(200, 'GET', `/v1/forwarding?cursor=${first.nextCursor}`);
  const items = [...first.items, ...rest.items];
  const { items: zones } = await api.ok<{ items: { name: string }[] }>(200, 'GET', '/v1/zones');
  assert.deepEqual(
    items.map(({ zone }) => zone),
    zones.map(({ name }) => name),
  );
  for (const item of items) assert.deepEqual(item, await read(item.zone), item.zone);
});

test('a token sees only its zones, and only reverse zones of hosts and pools that it sees', async () => {
  const { api: ofOne } = await tokenFor(app, 'zone-one', { role: 'viewer', zones: ['one.test'] });
  const { items } = await ofOne.ok<{ items: Forwarding[] }>(200, 'GET', '/v1/forwarding');
  assert.deepEqual(items, [await read()]);
  await ofOne.refused('forbidden', 'GET', '/v1/zones/two.test/forwarding');
  await ofOne.refused('forbidden', 'GET', '/v1/zones/two.test/forwarding/bind');
  await ofOne.refused('forbidden', 'GET', '/v1/forwarding/bind?zones=one.test,two.test');
  assert.doesNotMatch((await ofOne.send('GET', '/v1/forwarding/bind')).text, /two\.test|0\.2\.10/);
  const { api: ofTeam } = await tokenFor(app, 'owner-team', { role: 'viewer', owner: 'team' });
  const ofOwner = (await read('one.test', ofTeam)).reverseZones;
  assert.deepEqual(
    ofOwner.filter((zone) => zone.endsWith('9.10.in-addr.arpa')),
    [],
  );
  assert.ok(ofOwner.includes('0.1.10.in-addr.arpa'));
  const { api: ofPool } = await tokenFor(app, 'pool-other', { role: 'viewer', pools: ['other'] });
  assert.deepEqual((await read('one.test', ofPool)).reverseZones, []);
  assert.deepEqual((await read('two.test', ofPool)).reverseZones, ['0.2.10.in-addr.arpa']);
});

test('the configuration has the zone, its reverse zones and the targets that answer, and nothing else', async (t) => {
  const lively = await startAnswering(t);
  const deadPort = await freePort();
  await withMembers(t, { lively: lively.port, dead: deadPort });
  const { targets, reverseZones } = await read('two.test');
  const answer = await api.send('GET', '/v1/zones/two.test/forwarding/unbound');
  assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
  const stubs = [...answer.text.matchAll(/^ {4}name: "(.*)\."$/gm)].map(([, zone]) => zone);
  assert.deepEqual(stubs, ['two.test', ...reverseZones]);
  const ports = [...answer.text.matchAll(/^ {4}stub-addr: 127\.0\.0\.1@(\d+)$/gm)].map(([, port]) => Number(port));
  const healthy = targets.filter((target) => target.healthy).map(({ port }) => port);
  assert.deepEqual(
    ports,
    stubs.flatMap(() => healthy),
  );
  assert.ok(healthy.includes(lively.port) && !healthy.includes(deadPort));
});

test('the configuration of many zones has those that are named, or all', async () => {
  const zonesIn = (text: string) => [...text.matchAll(/^zone "(.*?)"/gm)].map(([, zone]) => zone);
  const { items } = await api.ok<{ items: { name: string }[] }>(200, 'GET', '/v1/zones');
  assert.deepEqual(
    zonesIn((await api.send('GET', '/v1/forwarding/bind?part=zones')).text).sort(),
    items.map(({ name }) => name).sort(),
  );
  assert.deepEqual(zonesIn((await api.send('GET', '/v1/forwarding/bind?zones=sub.one.test,none.test')).text), [
    ...['none.test', 'sub.one.test'],
    '0.7.10.in-addr.arpa',
  ]);
});

test('a configuration of several parts can be read part by part', async () => {
  const whole = (await api.send('GET', '/v1/zones/one.test/forwarding/bind')).text;
  const parts = await Promise.all(
    ['options', 'zones'].map(
      async (part) => (await api.send('GET', `/v1/zones/one.test/forwarding/bind?part=${part}`)).text,
    ),
  );
  assert.equal(whole, parts.join('\n'));
  const problem = await api.refused(
    'invalid_request',
    'GET',
    '/v1/zones/one.test/forwarding/bind?part=nope',
    undefined,
    ['?part'],
  );
  assert.match(problem.detail, /options, zones/);
});

test('a configuration that cannot be rendered is refused, and the refusal says what to do', async () => {
  const unknown = await api.refused('invalid_request', 'GET', '/v1/zones/one.test/forwarding/nope');
  assert.match(unknown.detail, /bind.*unbound/);
  const gone = await api.refused('not_found', 'GET', '/v1/zones/gone.test/forwarding/bind');
  assert.match(gone.detail, /gone\.test/);
  await api.refused('not_found', 'GET', '/v1/forwarding/bind?zones=one.test,gone.test');
  const ports = await api.refused('resolver_unfit', 'GET', '/v1/zones/one.test/forwarding/windows');
  assert.match(ports.detail, /port 53 only.*--advertise/);
  await api.ok(201, 'POST', '/v1/zones', { name: 'a\\$b.test' });
  const name = await api.refused('resolver_unfit', 'GET', '/v1/forwarding/unbound?zones=one.test,a%5C%24b.test');
  assert.match(name.detail, /a\\\$b\.test.*\?zones=/);
  await api.ok(204, 'DELETE', '/v1/zones/a%5C%24b.test');
});

test('a configuration is refused if no target answers', async (t) => {
  const served = await servedApi(t);
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'x.test' });
  const path = '/v1/zones/x.test/forwarding';
  assert.match(
    (await served.api.refused('no_healthy_target', 'GET', `${path}/bind`)).detail,
    /no replica is registered/,
  );
  await registerMember(served.store, 'dead', [`127.0.0.1:${await freePort()}`]);
  await until(
    async () => (await served.api.ok<Forwarding>(200, 'GET', path)).targets.length === 1,
    'there is no target',
  );
  const answer = await served.api.send('GET', `${path}/bind`);
  assert.equal(answer.status, 503, answer.text);
  assert.equal(answer.headers['retry-after'], '2');
  assert.match(answer.text, /none of the replicas answers.*--advertise/);
});
