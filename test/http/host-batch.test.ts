// POST /v1/hosts:batch: many hosts in one request, each by itself or all in one transaction. Cited by
// src/http/create-each-host.ts and src/control/hosts/create-hosts.ts.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { type Api, type Problem, problemIn } from '../support/api-client.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { tokenFor } from '../support/tokens.ts';

const path = '/v1/hosts:batch';

interface Results {
  items: {
    index: number;
    status: number;
    host?: { name: string; addresses: { address: string }[] };
    problem?: Problem;
  }[];
  created: number;
  failed: number;
}

async function served(t: TestContext, options: Parameters<typeof servedApi>[1] = {}): Promise<ServedApi> {
  const one = await servedApi(t, options);
  await one.api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/16'] });
  await one.api.ok(201, 'POST', '/v1/zones', { name: 'z.test' });
  return one;
}

const send = (api: Api, hosts: unknown[], more: object = {}) => api.ok<Results>(200, 'POST', path, { hosts, ...more });
const named = (count: number, prefix = 'h') =>
  Array.from({ length: count }, (_, index) => ({ name: `${prefix}${index}.z.test` }));
const addressesOf = ({ items }: Results) => items.map(({ host }) => host?.addresses.map(({ address }) => address));
const faultsOf = ({ items }: Results) =>
  items.map(({ problem }) => problem && [problem.code, ...(problem.errors ?? []).map(({ pointer }) => pointer)]);

test('each host of a batch has its result in order, and a host that is refused is no fault of the others', async (t) => {
  const { api } = await served(t);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'taken.z.test', addresses: ['10.0.0.9'] });
  const results = await send(api, [
    { name: 'a.z.test' },
    { name: 'taken.z.test' },
    { name: 'b.z.test', ttl: -1, stray: true, aliases: ['a..b'] },
    'no host',
    { name: 'c.other.test' },
    { name: 'd.z.test', addresses: ['10.0.0.9'] },
    { name: 'e.z.test', aliases: ['www.z.test'], owner: 'me' },
    {},
  ]);
  assert.deepEqual(faultsOf(results), [
    undefined,
    ['name_taken', '/hosts/1/name'],
    ['invalid_request', '/hosts/2/stray', '/hosts/2/ttl', '/hosts/2/aliases/0'],
    ['invalid_request', '/hosts/3'],
    ['zone_not_found', '/hosts/4/name'],
    ['address_taken', '/hosts/5/addresses/0'],
    undefined,
    ['invalid_request', '/hosts/7/name'],
  ]);
  assert.deepEqual(
    results.items.map(({ index, status }) => [index, status]),
    [201, 409, 400, 400, 422, 409, 201, 400].map((status, index) => [index, status]),
  );
  assert.deepEqual([results.created, results.failed], [2, 6]);
  const host = await api.ok('items' in results ? 200 : 0, 'GET', '/v1/hosts/e.z.test');
  assert.deepEqual(results.items[6]?.host, host);
});

test('of two hosts with one name or address the second is refused by name, and chosen addresses avoid those named later', async (t) => {
  const { api } = await served(t);
  for (const [prefix, more] of [
    ['each', {}],
    ['together', { atomic: true }],
  ] as const) {
    const at = prefix === 'each' ? 0 : 100;
    const hosts = [
      { name: `a-${prefix}.z.test` },
      { name: `b-${prefix}.z.test`, addresses: [`10.0.0.${at}`] },
      { name: `a-${prefix}.z.test` },
      { name: `c-${prefix}.z.test`, addresses: [`10.0.0.${at}`] },
      { name: `d-${prefix}.z.test`, aliases: [`a-${prefix}.z.test`] },
    ];
    const faults = [
      ['name_taken', '/hosts/2/name', `/hosts/0 has the name a-${prefix}.z.test too`],
      ['address_taken', '/hosts/3/addresses/0', `b-${prefix}.z.test`],
      ['name_taken', '/hosts/4/aliases/0', `a-${prefix}.z.test belongs to host a-${prefix}.z.test`],
    ];
    if (prefix === 'each') {
      const results = await send(api, hosts, more);
      assert.deepEqual(
        faultsOf(results).slice(2),
        faults.map(([code, pointer]) => [code, pointer]),
      );
      for (const [index, [, , words]] of faults.entries())
        assert.match(results.items[index + 2]?.problem?.detail ?? '', new RegExp(RegExp.escape(words as string)));
      assert.deepEqual(addressesOf(results).slice(0, 2), [['10.0.0.1'], ['10.0.0.0']]);
      continue;
    }
    const problem = problemIn(await api.send('POST', path, { hosts, ...more }));
    assert.deepEqual(problem.errors?.map(({ pointer }) => pointer).sort(), faults.map(([, pointer]) => pointer).sort());
    for (const [, pointer, words] of faults) {
      const message: string | undefined = problem.errors?.find((one) => one.pointer === pointer)?.message;
      assert.ok(message?.includes(words as string), String(message));
    }
    const good = await send(api, hosts.slice(0, 2), more);
    assert.deepEqual(addressesOf(good), [['10.0.0.2'], ['10.0.0.100']]);
  }
});

test('a thousand hosts are created with few transactions, and a thousand and one are refused', async (t) => {
  const store = await embeddedStore(t);
  let commits = 0;
  const counting = changedStore(store, {
    commit: (transaction) => {
      commits += 1;
      return store.commit(transaction);
    },
  });
  const { api, views } = await served(t, { store: counting });
  commits = 0;
  const { created, items } = await send(api, named(1000));
  assert.equal(created, 1000);
  assert.equal(new Set(items.map(({ host }) => host?.addresses[0]?.address)).size, 1000);
  assert.equal([...views.hosts.list()].length, 1000);
  assert.ok(commits < 100, `${commits} transactions`);
  await api.refused('invalid_request', 'POST', path, { hosts: named(1001, 'x') }, ['/hosts']);
  await api.refused('invalid_request', 'POST', path, { hosts: [] }, ['/hosts']);
  await api.refused('invalid_request', 'POST', path, { atomic: 1, stray: 1 }, ['/hosts', '/atomic', '/stray']);
});

test('atomic hosts are created at one revision, and all faults of all of them are told together', async (t) => {
  const { api, store } = await served(t);
  const before = (await store.list('hosts/')).revision;
  const results = await send(api, named(12), { atomic: true });
  assert.deepEqual([results.created, results.failed, results.items.length], [12, 0, 12]);
  const { entries, revision } = await store.list('hosts/');
  assert.equal(revision, before + 1);
  assert.deepEqual(new Set(entries.map(({ modified }) => modified)), new Set([revision]));
  const refused = [{ name: 'n.z.test', ttl: -1 }, { name: 'h3.z.test' }, { name: 'a..b' }, { name: 'm.none.test' }];
  await api.refused('invalid_request', 'POST', path, { hosts: refused, atomic: true }, [
    '/hosts/0/ttl',
    '/hosts/1/name',
    '/hosts/2/name',
    '/hosts/3/name',
  ]);
  assert.equal((await store.list('hosts/')).revision, revision);
});

test('more atomic hosts than a transaction has room for are refused with the number that fits', async (t) => {
  const { api } = await served(t);
  for (const [prefix, more] of [
    ['a', {}],
    ['b', { aliases: true }],
    ['c', { ptr: false }],
  ] as const) {
    const hosts = named(200, prefix).map((host) => ({
      ...host,
      ...('ptr' in more && more),
      ...('aliases' in more && { aliases: [`www.${host.name}`] }),
    }));
    const send = (count: number) => api.send('POST', path, { hosts: hosts.slice(0, count), atomic: true });
    const { fits } = problemIn(await send(200)) as Problem & { fits: number };
    assert.ok(fits >= 15, `${fits}`);
    const problem = problemIn(await send(fits + 1));
    assert.deepEqual([problem.code, problem.fits, problem.errors?.[0]?.pointer], ['payload_too_large', fits, '/hosts']);
    assert.equal((await send(fits)).status, 200, `${prefix}: ${fits} hosts fit`);
  }
});

test('the number of atomic hosts that fits is that of the first ones in the request, also if they are the largest', async (t) => {
  const { api } = await served(t);
  const hosts = named(200).map((host, index) =>
    index < 40
      ? { ...host, aliases: [1, 2, 3].map((alias) => `w${alias}.${host.name}`) }
      : { ...host, addresses: [`10.0.1.${index}`] },
  );
  const send = (count: number) => api.send('POST', path, { hosts: hosts.slice(0, count), atomic: true });
  const { fits } = problemIn(await send(60)) as Problem & { fits: number };
  assert.equal((await send(fits + 1)).status, 413);
  assert.equal((await send(fits)).status, 200);
});

test('as many atomic hosts as have room share an address', async (t) => {
  const { api } = await served(t);
  const hosts = named(200).map((host) => ({ ...host, ptr: false, addresses: [{ address: '10.0.0.1', shared: true }] }));
  const send = (count: number) => api.send('POST', path, { hosts: hosts.slice(0, count), atomic: true });
  const problem = problemIn(await send(200)) as Problem & { fits: number };
  assert.equal((await send(problem.fits)).status, 200, JSON.stringify(problem));
});

test('a repeated batch gets the answers of the first one, and goes on where that stopped', async (t) => {
  const { api, store } = await served(t);
  const headers = { 'idempotency-key': 'k' };
  const hosts = [...named(30), { name: 'x.none.test' }];
  const first = (await api.send('POST', path, { hosts }, headers)).body as Results;
  assert.deepEqual([first.created, first.failed], [30, 1]);
  const { revision } = await store.list('');
  const again = (await api.send('POST', path, { hosts }, headers)).body as Results;
  assert.deepEqual(again, first);
  assert.equal((await store.list('')).revision, revision);
  await api.ok(201, 'POST', '/v1/zones', { name: 'none.test' });
  await api.ok(204, 'DELETE', '/v1/hosts/h0.z.test');
  const later = (await api.send('POST', path, { hosts }, headers)).body as Results;
  assert.deepEqual(later.items.slice(0, 30), first.items.slice(0, 30));
  assert.equal(later.items[30]?.status, 201);
  const other = await api.send('POST', path, { hosts: named(3) }, headers);
  assert.equal(problemIn(other).code, 'idempotency_mismatch');
  const together = { hosts: named(3, 't'), atomic: true };
  assert.equal(problemIn(await api.send('POST', path, together, headers)).code, 'idempotency_mismatch');
  const one = (await api.send('POST', path, together, { 'idempotency-key': 'one' })).body;
  assert.deepEqual((await api.send('POST', path, together, { 'idempotency-key': 'one' })).body, one);
});

test('a token creates the hosts in its scope, and the others are refused one by one, or all together', async (t) => {
  const all = await served(t);
  await all.api.ok(201, 'POST', '/v1/zones', { name: 'other.test' });
  const { api } = await tokenFor(all, 'team', { role: 'operator', zones: ['z.test' as never], owner: 'team' });
  const hosts = [
    { name: 'a.z.test', owner: 'team' },
    { name: 'a.other.test', owner: 'team' },
    { name: 'b.z.test', owner: 'others' },
  ];
  await api.refused('forbidden', 'POST', path, { hosts, atomic: true });
  assert.deepEqual(faultsOf(await send(api, hosts)), [
    undefined,
    ['forbidden', '/hosts/1/name'],
    ['forbidden', '/hosts/2/owner'],
  ]);
});

test('the problems of a batch have an end', async (t) => {
  const { api } = await served(t);
  const host = { name: 'a.z.test', aliases: Array.from({ length: 32 }, (_, i) => `${'a'.repeat(64)}${i}.z.test`) };
  const answer = await api.send('POST', path, { hosts: Array.from({ length: 250 }, () => host) });
  assert.ok(answer.text.length < 1_500_000, `${answer.text.length} characters`);
  const { items } = answer.body as Results;
  assert.equal(items[0]?.problem?.errors?.length, 32);
  assert.equal(items[249]?.problem?.errors, undefined);
});

interface Sharing {
  shared?: boolean;
  sharingKey?: string;
  ports?: unknown[];
  ptrFor?: boolean;
}

test('hosts of an atomic batch begin to share an address, and one of them has its PTR', async (t) => {
  const { api, dump } = await served(t);
  const sharing = (name: string, more: Sharing = { shared: true }, address = '10.0.0.5') => ({
    name: `${name}.z.test`,
    addresses: [{ address, ...more }],
  });
  const ptrsOf = ({ items }: Results) =>
    items.map(({ host }) => (host?.addresses as { ptr?: string | null }[] | undefined)?.map(({ ptr }) => ptr));
  const ptrAt = async (number: number) =>
    (await api.ok<{ records: string[] }>(200, 'GET', `/v1/zones/0.0.10.in-addr.arpa/rrsets/${number}/PTR`)).records;
  const asRead = async ({ items }: Results) => {
    for (const { host } of items) assert.deepEqual(host, await api.ok(200, 'GET', `/v1/hosts/${host?.name}`));
  };
  const [five, six, seven] = [5, 6, 7].map((number) => [`${number}.0.0.10.in-addr.arpa`]);

  const plain = await send(api, [sharing('a'), sharing('b'), { name: 'c.z.test' }], { atomic: true });
  assert.deepEqual(ptrsOf(plain), [five, [null], ['0.0.0.10.in-addr.arpa']]);
  await asRead(plain);
  assert.deepEqual(await ptrAt(5), ['a.z.test.']);
  await api.ok(204, 'DELETE', '/v1/hosts/a.z.test');
  assert.deepEqual(await ptrAt(5), ['b.z.test.']);

  const more = await send(api, [sharing('d'), sharing('e', { shared: true, ptrFor: true })], { atomic: true });
  assert.deepEqual(ptrsOf(more), [[null], five]);
  await asRead(more);
  assert.deepEqual(await ptrAt(5), ['e.z.test.']);

  const chosen = [sharing('f', undefined, '10.0.0.6'), sharing('g', { shared: true, ptrFor: true }, '10.0.0.6')];
  const first = await send(api, chosen, { atomic: true });
  assert.deepEqual(ptrsOf(first), [[null], six]);
  await asRead(first);
  assert.deepEqual(await ptrAt(6), ['g.z.test.']);

  const port = (number: number) => ({ sharingKey: 'k', ports: [{ protocol: 'tcp', port: number }] });
  const keyed = [sharing('h', port(1), '10.0.0.7'), sharing('i', port(2), '10.0.0.7')];
  const byKey = await send(api, keyed, { atomic: true });
  assert.deepEqual(ptrsOf(byKey), [seven, [null]]);
  await asRead(byKey);

  const before = await dump();
  for (const [one, other, pointer] of [
    [undefined, {}, ''],
    [{}, undefined, ''],
    [port(1), port(1), ''],
    [undefined, port(1), ''],
    [{ shared: true, ptrFor: true }, { shared: true, ptrFor: true }, '/ptrFor'],
  ] as const) {
    const hosts = [sharing('x', one, '10.0.0.9'), sharing('y', other, '10.0.0.9')];
    const problem = problemIn(await api.send('POST', path, { hosts, atomic: true }));
    assert.deepEqual(
      problem.errors?.map((fault) => fault.pointer),
      [`/hosts/1/addresses/0${pointer}`],
    );
    assert.match(problem.detail, /"shared": true|take it away there first/);
  }
  assert.deepEqual(await dump(), before);
});
