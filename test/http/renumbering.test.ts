// POST /v1/pools/{pool}/renumber: the plan, the progress, and where the holders are afterwards. Killed processes:
// test/scenario/renumbering.test.ts.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { startRenumberings } from '../../src/control/renumbering/run-renumberings.ts';
import type { Api } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { until } from '../support/until.ts';

interface Shown {
  state: string;
  reason?: string;
  done: number;
  total: number;
  left: number;
  skipped: { count: number; first: { what: string; reason: string }[] };
}
interface Plan {
  items: { holder: string; from: string[]; to: string[]; reason?: string }[];
  nextCursor: string | null;
}

async function served(t: TestContext, hosts: number): Promise<ServedApi> {
  const one = await servedApi(t);
  const { api } = one;
  await api.ok(201, 'POST', '/v1/pools', { name: 'old', ranges: ['10.0.0.0/22', 'fd00::/120'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 'new', ranges: ['10.1.0.0/22', 'fd01::/120'], autoAssign: false });
  await api.ok(201, 'POST', '/v1/zones', { name: 'z.test' });
  const all = Array.from({ length: hosts }, (_, index) => ({
    name: `h${index}.z.test`,
    aliases: [`a${index}.z.test`],
  }));
  if (hosts > 0) await api.ok(200, 'POST', '/v1/hosts:batch', { hosts: all });
  return one;
}

function carryOut(t: TestContext, parts: ServedApi): void {
  const stop = startRenumberings({ ...parts, logger: pino({ level: 'silent' }) }, () => true);
  t.after(stop);
}

async function ended(api: Api): Promise<Shown> {
  let shown: Shown | undefined;
  await until(async () => {
    shown = await api.ok<Shown>(200, 'GET', '/v1/pools/old/renumbering');
    return shown.state !== 'running';
  }, 'the renumbering does not end');
  return shown as Shown;
}
const addressesOf = async (api: Api, host: string) =>
  (
    await api.ok<{ addresses: { address: string; pool: string }[] }>(200, 'GET', `/v1/hosts/${host}.z.test`)
  ).addresses.map(({ address }) => address);
const renumber = '/v1/pools/old/renumber';

test('all hosts of a pool move with their PTRs and aliases, and the plan has said where', async (t) => {
  const one = await served(t, 300);
  const { api } = one;
  await api.ok(201, 'POST', '/v1/hosts', { name: 'dual.z.test', addresses: ['10.0.2.1', 'fd00::1', '192.0.2.9'] });
  await api.ok(201, 'POST', '/v1/pools/old/allocations', { count: 2 });
  const plan: Plan['items'] = [];
  for (let cursor = ''; ; ) {
    const page = await api.ok<Plan>(200, 'POST', `${renumber}?dryRun=true&limit=200${cursor}`, { to: 'new' });
    plan.push(...page.items);
    if (page.nextCursor === null) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  assert.equal(plan.length, 303);
  assert.equal(new Set(plan.flatMap(({ to }) => to)).size, 302);
  assert.deepEqual(
    plan.filter(({ reason }) => reason?.includes('allocations stay')).map(({ to }) => to),
    [[], []],
  );
  await api.refused('not_found', 'GET', '/v1/pools/old/renumbering');
  await api.ok(201, 'POST', renumber, { to: 'new' });
  await api.refused('already_exists', 'POST', renumber, { to: 'new' });
  await api.refused('pool_exhausted', 'POST', '/v1/hosts', { name: 'late.z.test', pool: 'old' });
  carryOut(t, one);
  const outcome = await ended(api);
  assert.deepEqual(
    [outcome.done, outcome.total, outcome.left, outcome.skipped],
    [304, 304, 2, { count: 0, first: [] }],
  );
  for (const { holder, to } of plan.filter(({ holder }) => holder.startsWith('host:h1')).slice(0, 20))
    assert.deepEqual(await addressesOf(api, holder.slice('host:'.length).split('.')[0] as string), to);
  assert.deepEqual((await addressesOf(api, 'dual')).slice(2), ['192.0.2.9']);
  const { records } = await api.ok<{ records: string[] }>(200, 'GET', '/v1/zones/0.1.10.in-addr.arpa/rrsets/7/PTR');
  assert.match(records[0] ?? '', /^h7\.z\.test\.$/);
  const { items } = await api.ok<{ items: { holders: { kind: string }[] }[] }>(200, 'GET', '/v1/pools/old/allocations');
  assert.deepEqual(
    items.map(({ holders }) => holders[0]?.kind),
    ['allocation', 'allocation'],
  );
  // The empty reverse zones of the old addresses are gone.
  await until(
    async () => (await api.send('GET', '/v1/zones/1.0.10.in-addr.arpa')).status === 404,
    'the old reverse zone stays',
  );
  await api.ok(204, 'DELETE', '/v1/pools/old/renumbering');
  await api.refused('not_found', 'GET', '/v1/pools/old/renumbering');
});

test('no holder gets an address of a pool that was carved out of the new one, and the plan names none', async (t) => {
  const one = await served(t, 4);
  const { api } = one;
  await api.ok(201, 'POST', '/v1/pools/new/allocations', {});
  const { ranges } = await api.ok<{ ranges: string[] }>(201, 'POST', '/v1/pools/new/pools', {
    name: 'part',
    prefixLength: 30,
  });
  assert.deepEqual(ranges, ['10.1.0.4/30']);
  const free = ['10.1.0.1', '10.1.0.2', '10.1.0.3', '10.1.0.8'];
  for (const to of ['new', '10.1.0.0-10.1.0.8']) {
    const plan = await api.ok<Plan>(200, 'POST', `${renumber}?dryRun=true`, { to });
    assert.deepEqual(
      plan.items.flatMap((item) => item.to),
      free,
    );
  }
  await api.ok(201, 'POST', renumber, { to: 'new' });
  carryOut(t, one);
  await ended(api);
  const moved = await Promise.all(['h0', 'h1', 'h2', 'h3'].map((host) => addressesOf(api, host)));
  assert.deepEqual(moved.flat().sort(), free);
  const part = await api.ok<{ usage: { ipv4: { used: string } } }>(200, 'GET', '/v1/pools/part');
  assert.equal(part.usage.ipv4.used, '0');
});

test('hosts without room, with a conflict or at a shared address are skipped and named, and allocations move if asked', async (t) => {
  const one = await served(t, 12);
  const { api } = one;
  await api.ok(201, 'POST', '/v1/pools/old/allocations', {
    addresses: ['10.0.0.100'],
    sharingKey: 'k',
    ports: [{ protocol: 'tcp', port: 1 }],
  });
  const [first] = (
    await api.ok<{ items: { holders: { id: string }[] }[] }>(200, 'GET', '/v1/pools/old/allocations?limit=1000')
  ).items.flatMap(({ holders }) => holders.filter(({ id }) => id));
  await api.ok(201, 'POST', '/v1/zones', { name: '0.1.10.in-addr.arpa' });
  await api.ok(201, 'PUT', '/v1/zones/0.1.10.in-addr.arpa/rrsets/200/PTR', { records: ['user.test.'] });
  const range = '10.1.0.200-10.1.0.209';
  const plan = await api.ok<Plan>(200, 'POST', `${renumber}?dryRun=true`, { to: range, allocations: true });
  assert.match(plan.items[0]?.reason ?? '', /PTR record already/);
  await api.ok(201, 'POST', renumber, { to: range, allocations: true });
  carryOut(t, one);
  const { skipped, left } = await ended(api);
  assert.equal(left, 0);
  assert.ok(skipped.count >= 3, JSON.stringify(skipped));
  assert.ok(skipped.first.every(({ what, reason }) => /^(host:h|10\.)/.test(what) && reason.length > 0));
  assert.deepEqual(typeof first?.id, 'string');
});

test('hosts that share an address move together, and its PTR stays with the oldest', async (t) => {
  const one = await served(t, 0);
  const { api, store } = one;
  const shared = (...addresses: string[]) => addresses.map((address) => ({ address, shared: true }));
  await api.ok(201, 'POST', '/v1/hosts', { name: 's1.z.test', addresses: shared('10.0.0.50') });
  await api.ok(201, 'POST', '/v1/hosts', { name: 's2.z.test', addresses: shared('10.0.0.50', '10.0.0.60', 'fd00::7') });
  await api.ok(201, 'POST', '/v1/hosts', { name: 's3.z.test', addresses: shared('10.0.0.60') });
  const key = { sharingKey: 'k', ports: [{ protocol: 'tcp', port: 80 }] };
  await api.ok(201, 'POST', '/v1/hosts', { name: 'key.z.test', addresses: [{ address: '10.0.0.70', ...key }] });
  await api.ok(201, 'POST', '/v1/pools/old/allocations', {
    addresses: ['10.0.0.70'],
    sharingKey: 'k',
    ports: [{ protocol: 'udp', port: 53 }],
  });
  const { items } = await api.ok<Plan>(200, 'POST', `${renumber}?dryRun=true`, { to: 'new' });
  const [to1, to2, to3] = ['s1', 's2', 's3'].map(
    (name) => items.find(({ holder }) => holder === `host:${name}.z.test`)?.to,
  );
  assert.deepEqual([to1, to3], [to2?.slice(0, 1), to2?.slice(1, 2)]);
  const { revision: before } = await store.list('');
  await api.ok(201, 'POST', renumber, { to: 'new' });
  carryOut(t, one);
  const { skipped, done, total } = await ended(api);
  assert.deepEqual([done, total], [4, 4]);
  assert.deepEqual(
    skipped.first.map(({ what, reason }) => [what, reason.replace(/allocation:[^:]+/, 'allocation')]),
    [['host:key.z.test', '10.0.0.70 is shared with allocation: "allocations": true moves both']],
  );
  const { entries } = await store.list('hosts/');
  const moved = entries.filter(({ modified }) => modified > before);
  assert.deepEqual([moved.length, new Set(moved.map(({ modified }) => modified)).size], [3, 1]);
  const [s1, s2, s3] = await Promise.all(['s1', 's2', 's3'].map((host) => addressesOf(api, host)));
  assert.deepEqual([s1, s3], [s2?.slice(0, 1), s2?.slice(1, 2)]);
  const held = await api.ok<{ holders: { host: string }[] }>(200, 'GET', `/v1/addresses/${s1?.[0]}`);
  assert.deepEqual(
    held.holders.map(({ host }) => host),
    ['s1.z.test', 's2.z.test'],
  );
  const ptr = `/v1/zones/0.1.10.in-addr.arpa/rrsets/${s1?.[0]?.split('.')[3]}/PTR`;
  assert.deepEqual((await api.ok<{ records: string[] }>(200, 'GET', ptr)).records, ['s1.z.test.']);
  await api.ok(201, 'POST', renumber, { to: 'new', allocations: true });
  assert.equal((await ended(api)).skipped.count, 0);
  const together = await api.ok<{ holders: object[] }>(
    200,
    'GET',
    `/v1/addresses/${(await addressesOf(api, 'key'))[0]}`,
  );
  assert.equal(together.holders.length, 2);
  await api.ok(204, 'DELETE', '/v1/pools/old');
});

test('a renumbering that is stopped moves no more hosts, and one within a pool empties its other part', async (t) => {
  const one = await served(t, 40);
  const { api } = one;
  await api.ok(201, 'POST', renumber, { to: '10.0.2.0/24' });
  await api.ok(204, 'DELETE', '/v1/pools/old/renumbering');
  carryOut(t, one);
  assert.deepEqual(await addressesOf(api, 'h3'), ['10.0.0.3']);
  await api.ok(201, 'POST', renumber, { to: '10.0.2.0/24' });
  const { skipped, done } = await ended(api);
  assert.deepEqual([skipped.count, done], [0, 40]);
  assert.deepEqual(await addressesOf(api, 'h3'), ['10.0.2.3']);
  await api.ok(200, 'PATCH', '/v1/pools/old', { ranges: ['10.0.2.0/24'] });
  // Another renumbering to the same range has nothing to do.
  await api.ok(201, 'POST', renumber, { to: '10.0.2.0/24' });
  assert.equal((await ended(api)).done, 40);
  await api.ok(200, 'PATCH', '/v1/pools/new', { ranges: ['10.9.0.0/24'] });
  await api.ok(201, 'POST', renumber, { to: 'new' });
  await ended(api);
  await api.ok(204, 'DELETE', '/v1/pools/old');
  await api.ok(201, 'POST', '/v1/pools', { name: 'old', ranges: ['10.0.2.0/24'] });
  await api.refused('not_found', 'GET', '/v1/pools/old/renumbering');
});

test('a pool of a running renumbering is deleted by force only, which stops the renumbering and says what stays', async (t) => {
  const one = await served(t, 200);
  const { api, committer } = one;
  await api.ok(201, 'POST', renumber, { to: 'new' });
  for (const pool of ['new', 'old']) {
    const { detail } = await api.refused('renumbering_running', 'DELETE', `/v1/pools/${pool}`, undefined, [':pool']);
    assert.match(detail ?? '', /\/v1\/pools\/old\/renumbering.*DELETE/);
  }
  // The target goes while the first holders are about to move.
  const commit = committer.commit.bind(committer);
  let moves = 0;
  committer.commit = async (actor, decide, options) => {
    if (actor.kind === 'system' && actor.part === 'renumbering' && ++moves === 70)
      await api.ok(200, 'DELETE', '/v1/pools/new?force=true');
    return commit(actor, decide, options);
  };
  carryOut(t, one);
  const { state, reason, left, done, total } = await ended(api);
  assert.equal(state, 'stopped');
  assert.match(reason ?? '', /deleted/);
  const held = [...one.views.pools.heldIn(one.views.pools.find('old')?.value ?? assert.fail())].length;
  assert.ok(held > 0 && held < 200, String(held));
  assert.deepEqual({ left, done, total }, { left: held, done: 200 - held, total: 200 });
  await api.ok(201, 'POST', '/v1/pools', { name: 'new', ranges: ['10.1.0.0/22'], autoAssign: false });
  await api.ok(201, 'POST', renumber, { to: 'new' });
  assert.equal((await ended(api)).state, 'ended');
  assert.deepEqual([...one.views.pools.heldIn(one.views.pools.find('old')?.value ?? assert.fail())], []);
  await api.ok(204, 'DELETE', '/v1/pools/old');
});

test('a host that gets an address behind the position moves too', async (t) => {
  const one = await served(t, 200);
  const { api, committer } = one;
  await api.ok(200, 'PATCH', '/v1/pools/old', { coolDownSeconds: 0 });
  await api.send('DELETE', '/v1/hosts/h3.z.test');
  await api.ok(201, 'POST', renumber, { to: 'new' });
  const commit = committer.commit.bind(committer);
  let moves = 0;
  committer.commit = async (actor, decide, options) => {
    if (actor.kind === 'system' && actor.part === 'renumbering' && ++moves === 70) {
      await api.ok(200, 'PATCH', '/v1/pools/old', { drain: false });
      await api.ok(201, 'POST', '/v1/hosts', { name: 'late.z.test', addresses: ['10.0.0.3'] });
    }
    return commit(actor, decide, options);
  };
  carryOut(t, one);
  const { done, total, skipped } = await ended(api);
  assert.deepEqual([done, total, skipped.count], [199, 199, 0]);
  assert.match((await addressesOf(api, 'late'))[0] ?? '', /^10\.1\./);
});

test('a renumbering to the pool itself, to another space, to a draining pool or to no pool is refused', async (t) => {
  const { api } = await served(t, 0);
  await api.ok(201, 'POST', '/v1/pools', { name: 'other', ranges: ['10.1.0.0/22'], space: 'lab' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'full', ranges: ['10.7.0.0/24'], drain: true });
  for (const [code, to] of [
    ['invalid_request', 'old'],
    ['invalid_request', 'other'],
    ['pool_exhausted', 'full'],
    ['pool_exhausted', '10.7.0.0/25'],
    ['pool_not_found', 'none'],
    ['address_outside_pool', '10.1.0.0/21'],
    ['address_outside_pool', '10.99.0.0/24'],
    ['invalid_request', '10.1.0.0/33'],
  ] as const)
    for (const query of ['', '?dryRun=true']) await api.refused(code, 'POST', renumber + query, { to }, ['/to']);
  // Nothing is said of a target whose fault only follows from that of the pool.
  for (const query of ['', '?dryRun=true'])
    for (const [to, faults] of [
      ['new', [':pool']],
      ['10.7.0.0/25', [':pool']],
      ['none', [':pool', '/to']],
    ] as const)
      await api.refused('not_found', 'POST', `/v1/pools/none/renumber${query}`, { to }, [...faults]);
});

test('addresses of a pool that was carved out of the old one stay', async (t) => {
  const one = await served(t, 0);
  const { api } = one;
  await api.ok(201, 'POST', '/v1/pools/old/pools', { name: 'rack', prefixLength: 30 });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'rack.z.test', pool: 'rack' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'both.z.test', addresses: ['10.0.0.1', '10.0.0.4'] });
  await api.ok(201, 'POST', '/v1/pools/rack/allocations', {});
  const plan = await api.ok<Plan>(200, 'POST', `${renumber}?dryRun=true`, { to: 'new', allocations: true });
  assert.deepEqual(plan.items, [{ holder: 'host:both.z.test', from: ['10.0.0.4'], to: ['10.1.0.0'] }]);
  await api.ok(201, 'POST', renumber, { to: 'new', allocations: true });
  carryOut(t, one);
  const { done, total, left } = await ended(api);
  assert.deepEqual({ done, total, left }, { done: 1, total: 1, left: 0 });
  assert.deepEqual(await addressesOf(api, 'both'), ['10.0.0.1', '10.1.0.0']);
  assert.deepEqual(await addressesOf(api, 'rack'), ['10.0.0.0']);
});

test('to a range of the pool around it, also addresses of a carved pool in that range move', async (t) => {
  const one = await served(t, 0);
  const { api } = one;
  await api.ok(201, 'POST', '/v1/pools/old/allocations', { addresses: ['10.0.0.0'] });
  await api.ok(201, 'POST', '/v1/pools/old/pools', { name: 'rack', prefixLength: 30 });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z.test', pool: 'rack' });
  assert.deepEqual(await addressesOf(api, 'a'), ['10.0.0.4']);
  await api.ok(201, 'POST', '/v1/pools/rack/renumber', { to: '10.0.0.0/24' });
  carryOut(t, one);
  await until(async () => String(await addressesOf(api, 'a')) === '10.0.0.1', 'the host does not move');
});

test('a plan for a range that is full names the range and the way out', async (t) => {
  const { api } = await served(t, 2);
  const plan = await api.ok<Plan>(200, 'POST', `${renumber}?dryRun=true`, { to: '10.1.0.9-10.1.0.9' });
  const reasons = plan.items.flatMap(({ reason }) => reason ?? []);
  assert.equal(reasons.length, 1);
  assert.match(reasons[0] ?? '', /no ipv4 address is free in 10\.1\.0\.9 of pool 'new' .*: name a larger range/);
});

test('a host does not get back the address that it left in a renumbering', async (t) => {
  const one = await served(t, 1);
  const { api } = one;
  await api.ok(200, 'PATCH', '/v1/pools/old', { coolDownSeconds: 3600 });
  const shared = { address: '10.0.0.50', shared: true };
  await api.ok(201, 'POST', '/v1/hosts', { name: 's1.z.test', addresses: [shared] });
  await api.ok(201, 'POST', '/v1/hosts', { name: 's2.z.test', addresses: [shared, '10.0.0.60'] });
  const host = await api.ok<{ addresses: { address: string }[] }>(200, 'GET', '/v1/hosts/h0.z.test');
  const old = host.addresses[0]?.address;
  carryOut(t, one);
  await api.ok(201, 'POST', renumber, { to: 'new' });
  await ended(api);
  for (const address of [old, '10.0.0.60']) {
    const left = await api.ok<{ state: string; former?: object }>(200, 'GET', `/v1/addresses/${address}`);
    assert.deepEqual([left.state, left.former], ['cooling-down', undefined]);
  }
  await api.ok(200, 'PATCH', '/v1/pools/old', { drain: false });
  await api.ok(204, 'DELETE', '/v1/hosts/h0.z.test');
  const again = await api.ok<{ addresses: { address: string }[] }>(201, 'POST', '/v1/hosts', { name: 'h0.z.test' });
  assert.notEqual(again.addresses[0]?.address, old);
});

test('to a range, only addresses of its family move', async (t) => {
  const one = await served(t, 0);
  const { api } = one;
  const dual = { families: ['ipv4', 'ipv6'], pool: 'old' };
  for (const name of ['a', 'b']) await api.ok(201, 'POST', '/v1/hosts', { name: `${name}.z.test`, ...dual });
  carryOut(t, one);
  for (const [to, expected] of [
    ['10.0.2.0/24', ['10.0.2.0', 'fd00::']],
    ['fd01::80/121', ['10.0.2.0', 'fd01::80']],
  ] as const) {
    const plan = await api.ok<Plan>(200, 'POST', `${renumber}?dryRun=true`, { to });
    assert.deepEqual(
      plan.items.map(({ to, reason }) => [to.length, reason]),
      [
        [1, undefined],
        [1, undefined],
      ],
    );
    await api.ok(201, 'POST', renumber, { to });
    const { done, total, skipped } = await ended(api);
    assert.deepEqual([done, total, skipped.count], [2, 2, 0]);
    assert.deepEqual(await addressesOf(api, 'a'), expected);
  }
});
