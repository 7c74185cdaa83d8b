// The history over the API: events, hosts, addresses, the usage of pools, and the refusals without a ledger.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerElsewhere, LedgerUnavailable } from '../../src/ledger/ledger.ts';
import { outboxKind } from '../../src/store/kinds/outbox.ts';
import { servedApi } from '../support/served-api.ts';

interface Listed<T = Record<string, unknown>> {
  items: T[];
  nextCursor: string | null;
}

test('a change is an event with its actor in the history as soon as the request is answered', async (t) => {
  const { api, store } = await servedApi(t, { ledger: true });
  const before = Date.now();
  await api.ok(201, 'POST', '/v1/pools', { name: 'lan', ranges: ['10.2.1.0/24'] });
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  const { revision } = (await api.ok(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s', owner: 'team' })) as {
    revision: number;
  };
  const { items } = (await api.ok(200, 'GET', '/v1/events?kind=host')) as unknown as Listed;
  const [event, ...others] = items as [{ at: string; actor: Record<string, unknown> } & Record<string, unknown>];
  assert.deepEqual(others, []);
  const { at, actor, after, ...rest } = event;
  assert.ok(Date.parse(at) >= before - 1 && Date.parse(at) <= Date.now());
  assert.equal(actor.name, 'ZONEWRIGHT_ADMIN_TOKEN');
  assert.equal(actor.request, 'POST /v1/hosts');
  assert.equal((after as { owner: string }).owner, 'team');
  assert.deepEqual(rest, {
    id: `${revision}-0`,
    revision,
    resource: 'host',
    action: 'created',
    name: 'a.foo.k8s',
    replica: 'test',
    before: null,
    digest: false,
  });
  assert.equal(await store.count(outboxKind.prefix), 0);
});

test('events are listed newest first, page by page, and by filters', async (t) => {
  const { api } = await servedApi(t, { ledger: true });
  for (const name of ['a', 'b', 'c'])
    await api.ok(201, 'POST', '/v1/pools', { name, ranges: [`10.${name.charCodeAt(0)}.0.0/24`] });
  await api.ok(204, 'DELETE', '/v1/pools/b');
  const list = async (query: string) => (await api.ok(200, 'GET', `/v1/events?${query}`)) as unknown as Listed;
  const told = ({ items }: Listed) => items.map(({ action, name }) => `${action} ${name}`);
  const first = await list('kind=pool&limit=3');
  assert.deepEqual(told(first), ['deleted b', 'created c', 'created b']);
  assert.deepEqual(told(await list(`kind=pool&limit=3&cursor=${first.nextCursor}`)), ['created a']);
  assert.deepEqual(told(await list('subject=b')), ['deleted b', 'created b']);
  assert.deepEqual(told(await list('action=deleted')), ['deleted b']);
  assert.deepEqual(told(await list('actor=nobody')), []);
  assert.deepEqual(told(await list('until=2020-01-01T00:00:00Z')), []);
  assert.equal((await list('since=2020-01-01T00:00:00%2B02:00&kind=pool')).items.length, 4);
  assert.equal((await list('since=0001-01-01T00:00:00Z&kind=pool')).items.length, 4);
  assert.deepEqual(told(await list('since=0001-01-01T00:00:00Z&until=1969-01-01T00:00:00Z')), []);
  assert.equal((await list('until=9999-12-31T23:59:59-12:00&kind=pool')).items.length, 4);
  for (const range of ['until=0001-01-01T00:00:00Z', 'since=0001-01-01T00:00:00Z&until=0002-01-01T00:00:00Z'])
    await api.ok(200, 'GET', `/v1/pools/a/usage?${range}`);
  for (const [query, pointer] of [
    ['since=yesterday', '?since'],
    ['since=2026-02-30T00:00:00Z', '?since'],
    ['until=2026-13-01T00:00:00Z', '?until'],
    ['since=2026-01-01T00:00:00Z&until=2025-01-01T00:00:00Z', '?until'],
    ['cursor=MTIz', '?cursor'],
    ['kind=house', '?kind'],
  ] as const) {
    const problem = (await api.ok(400, 'GET', `/v1/events?${query}`)) as {
      errors?: { pointer?: string; parameter?: string }[];
    };
    assert.match(JSON.stringify(problem.errors), new RegExp(pointer.slice(1)), query);
  }
});

test('the history of an address and of a host is shown after the host is deleted', async (t) => {
  const { api } = await servedApi(t, { ledger: true });
  await api.ok(201, 'POST', '/v1/pools', { name: 'lan', ranges: ['10.2.1.74'] });
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  for (const host of ['a.foo.k8s', 'b.foo.k8s']) {
    await api.ok(201, 'POST', '/v1/hosts', { name: host });
    await api.ok(204, 'DELETE', `/v1/hosts/${host}`);
  }
  await api.ok(201, 'POST', '/v1/pools/lan/allocations', { owner: 'team' });
  const history = (await api.ok(200, 'GET', '/v1/addresses/10.2.1.74/history')) as unknown as Listed<{
    holder: string;
    from: string;
    until: string | null;
  }>;
  assert.deepEqual(
    history.items.map(({ holder }) => holder.replace(/:[^.]*$/, '')),
    ['allocation', 'host:b.foo.k8s', 'host:a.foo.k8s'],
  );
  assert.equal(history.items[0]?.until, null);
  const { from } = history.items[2]!;
  const then = (await api.ok(200, 'GET', `/v1/addresses/10.2.1.74/history?at=${from}`)) as unknown as Listed;
  assert.deepEqual(
    then.items.map(({ holder }) => holder),
    ['host:a.foo.k8s'],
  );
  const host = (await api.ok(200, 'GET', '/v1/hosts/A.foo.k8s/history')) as unknown as Listed;
  assert.deepEqual(
    host.items.map(({ action }) => action),
    ['deleted', 'created'],
  );
});

test('the usage of a pool has steps from its samples; too many steps are refused', async (t) => {
  const { api } = await servedApi(t, { ledger: true });
  await api.ok(201, 'POST', '/v1/pools', { name: 'lan', ranges: ['10.2.1.0/24'] });
  const usage = (await api.ok(200, 'GET', '/v1/pools/lan/usage')) as { stepSeconds: number; steps: unknown[] };
  assert.deepEqual([usage.stepSeconds, usage.steps.length], [864, 100]);
  await api.ok(404, 'GET', '/v1/pools/none/usage');
  await api.ok(400, 'GET', '/v1/pools/lan/usage?step=1');
});

test('without a ledger, or with one that is elsewhere or broken, history is refused with the way out', async (t) => {
  const status = { state: 'here', waiting: 0 } as const;
  const failing = (error: Error) => {
    const reject = () => Promise.reject(error);
    return { ledger: { status, read: reject, addressHistory: reject } };
  };
  const cases = [
    [{}, 'ledger_off', /--ledger/],
    [failing(new LedgerElsewhere('b')), 'ledger_elsewhere', /'b', which does not run: .*claim-ledger/],
    [failing(new LedgerUnavailable('the disk is full')), 'ledger_unavailable', /the disk is full/],
  ] as const;
  for (const [services, code, detail] of cases) {
    const { api } = await servedApi(t, { services });
    const problem = (await api.ok(503, 'GET', '/v1/events')) as { code: string; detail: string; replica?: string };
    assert.equal(problem.code, code);
    assert.match(problem.detail, detail);
    if (code === 'ledger_elsewhere') assert.equal(problem.replica, 'b');
  }
});
