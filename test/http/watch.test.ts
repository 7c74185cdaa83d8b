// GET /v1/watch: the stream, its ids, filters, limits and ends. Which changes a write makes:
// test/control/resource-changes.test.ts. Many followers of several replicas: test/scenario/watch.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Services } from '../../src/http/services.ts';
import { followLimits } from '../../src/http/watch/limits.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { tokenKey, tokenValue } from '../../src/store/kinds/token.ts';
import { Compacted, HistoryLost, type Store } from '../../src/store/store.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { openStream, type ShownMessage } from '../support/event-stream.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const quick = { checkMilliseconds: 20, paceMilliseconds: 1 };

async function served(test: Cleanup, services: Partial<Services> = {}, store?: Store): Promise<ServedApi> {
  const limits = { ...quick, ...services.followLimits };
  return servedApi(test, { store, services: { ...services, followLimits: limits } });
}

/** Writes an RRset; returns the revision. */
async function write({ api }: ServedApi, name: string, text = 'x', zone = 'z'): Promise<number> {
  const answer = await api.send('PUT', `/v1/zones/${zone}/rrsets/${name}/TXT`, { records: [{ text }] });
  assert.ok(answer.status < 300, answer.text);
  return Number(answer.headers['zonewright-revision']);
}

const namesOf = (messages: ShownMessage[]) => messages.flatMap(({ changes }) => changes.map(({ name }) => name));

test('each resource is shown as a read shows it, with the id of its revision', async (t) => {
  const one = await served(t);
  const { api, url } = one;
  const stream = await openStream(t, url);
  assert.equal(stream.status, 200);
  assert.equal(stream.headers['content-type'], 'text/event-stream');
  assert.equal(stream.headers['cache-control'], 'no-store, no-transform');
  assert.equal(stream.headers['x-accel-buffering'], 'no');
  assert.equal(stream.headers['x-content-type-options'], 'nosniff');
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'], tags: { a: 'b' } });
  await api.ok(201, 'POST', '/v1/zones', { name: 'z', soa: { rname: 'x.z' } });
  const created = await api.send('POST', '/v1/hosts', { name: 'a.z', aliases: ['m\u00fcller.z'], owner: 'o' });
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { owner: 'q' });
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/m%C3%BCll/TXT', { records: ['"x"'] });
  const messages = await stream.untilMessages(5);
  for (const { changes } of messages) {
    for (const { path, after } of changes) {
      const { usage: _usage, serial: _serial, ...now } = await api.ok(200, 'GET', path);
      assert.deepEqual(after, now);
    }
  }
  const host = messages[2];
  assert.equal(String(host?.revision), created.headers['zonewright-revision']);
  assert.deepEqual(
    host?.changes.map(({ resource, action, name }) => `${resource} ${action} ${name}`),
    ['host created a.z', 'zone created 0.0.10.in-addr.arpa'],
  );
  assert.deepEqual(host?.changes[0]?.after, created.body);
  assert.deepEqual(messages[4]?.changes[0]?.path, '/v1/zones/z/rrsets/xn--mll-hoa/TXT');
  await api.ok(204, 'DELETE', '/v1/hosts/a.z');
  const [, , , , , deleted] = await stream.untilMessages(6);
  const gone = { resource: 'host', action: 'deleted', name: 'a.z', path: '/v1/hosts/a.z', after: null };
  assert.deepEqual(
    deleted?.changes.find(({ resource }) => resource === 'host'),
    gone,
  );
});

test('a stream continues after Last-Event-ID, or after ?since if there is none', async (t) => {
  const one = await served(t);
  await one.api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const first = await openStream(t, one.url);
  assert.equal(first.lastId, String(one.views.revision));
  const revisions = [await write(one, 'a'), await write(one, 'b'), await write(one, 'c')];
  assert.deepEqual(
    (await first.untilMessages(3)).map(({ revision }) => revision),
    revisions,
  );
  assert.equal(first.lastId, String(revisions[2]));
  first.close();
  revisions.push(await write(one, 'd'));
  const since = await openStream(t, one.url, `/v1/watch?since=${revisions[0]}`);
  assert.deepEqual(namesOf(await since.untilMessages(3)), ['b.z TXT', 'c.z TXT', 'd.z TXT']);
  const both = await openStream(t, one.url, `/v1/watch?since=${revisions[0]}`, { lastEventId: String(revisions[2]) });
  assert.deepEqual(JSON.parse(both.events[0]?.data ?? ''), { revision: revisions[2] });
  await write(one, 'e');
  assert.deepEqual(namesOf(await both.untilMessages(2)), ['d.z TXT', 'e.z TXT']);
  const empty = await openStream(t, one.url, `/v1/watch?since=${revisions[3]}`, { lastEventId: '' });
  assert.deepEqual(namesOf(await empty.untilMessages(1)), ['e.z TXT']);
  const all = await openStream(t, one.url, '/v1/watch?since=0');
  assert.equal((await all.untilMessages(6)).length, 6);
});

test('`kind`, `zone` and `within` choose a change if the resource matches before it or after it', async (t) => {
  const one = await served(t);
  const { api, url, views } = one;
  const start = views.revision;
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.1.0.0/29', '10.2.0.0/29'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: ['10.3.0.0/29'] });
  for (const name of ['z', 'y', 'sub.z', '2.10.in-addr.arpa']) await api.ok(201, 'POST', '/v1/zones', { name });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['10.1.0.1'], ptr: false });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.sub.z', addresses: ['10.2.0.1'], ptr: true });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.y', addresses: ['10.1.0.2'], ptr: false, aliases: ['b.z'] });
  await api.ok(200, 'PATCH', '/v1/hosts/a.z', { addresses: ['10.3.0.1'] });
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { addresses: ['10.1.0.4'] });
  await api.ok(201, 'PUT', '/v1/zones/y/rrsets/c/A', { records: ['10.1.0.5'] });
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/c/TXT', { records: ['"10.1.0.5"'] });
  await api.ok(200, 'PUT', '/v1/zones/y/rrsets/c/A', { records: ['10.2.0.5'] });
  const told = async (query: string, count: number) => {
    const stream = await openStream(t, url, `/v1/watch?since=${start}&forSeconds=1&${query}`);
    await stream.ended();
    assert.equal(stream.messages().length, count, JSON.stringify(stream.messages()));
    return namesOf(stream.messages());
  };
  const rows: [string, number, string[]][] = [
    ['kind=pool', 2, ['p', 'q']],
    ['kind=allocation,pool', 3, ['p', 'q', '10.1.0.4']],
    ['kind=token', 0, []],
    ['zone=z', 5, ['z', 'a.z', 'a.y', 'a.z', 'c.z TXT']],
    ['zone=sub.z', 2, ['sub.z', 'a.sub.z']],
    ['zone=2.10.in-addr.arpa', 2, ['2.10.in-addr.arpa', 'a.sub.z']],
    ['zone=none', 0, []],
    ['within=10.1.0.0/16', 7, ['p', 'a.z', 'a.y', 'a.z', '10.1.0.4', 'c.y A', 'c.y A']],
    ['within=10.3.0.0-10.3.0.255', 2, ['q', 'a.z']],
    ['within=10.1.0.0/16&kind=host&zone=z', 3, ['a.z', 'a.y', 'a.z']],
  ];
  await Promise.all(
    rows.map(async ([query, count, names]) => assert.deepEqual(await told(query, count), names, query)),
  );
});

test('an impossible stream is refused, with every fault', async (t) => {
  const { api } = await served(t);
  await api.refused('invalid_request', 'GET', '/v1/watch?kind=hosts&zone=a..b&within=x', undefined, [
    '?kind',
    '?zone',
    '?within',
  ]);
  await api.refused('invalid_request', 'GET', '/v1/watch?since=-1', undefined, ['?since']);
  await api.refused('invalid_request', 'GET', '/v1/watch?forSeconds=0', undefined, ['?forSeconds']);
  const { status } = await api.send('GET', '/v1/watch', undefined, { 'last-event-id': 'x' });
  assert.equal(status, 400);
  const head = await api.send('HEAD', '/v1/watch');
  assert.deepEqual([head.status, head.headers.allow], [405, 'GET']);
});

test('a follower that gets no message gets heartbeats, whose id is the newest revision that it need not ask for again', async (t) => {
  const one = await served(t, { followLimits: { heartbeatMilliseconds: 50 } });
  await one.api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const stream = await openStream(t, one.url, '/v1/watch?kind=host');
  const revision = await write(one, 'a');
  await until(() => stream.lastId === String(revision), 'no comment has the revision');
  assert.ok(stream.comments.includes('heartbeat'));
  assert.deepEqual(stream.messages(), []);
});

test('a message comes only when this replica serves its revision', async (t) => {
  const store = await embeddedStore(t);
  const gate = Promise.withResolvers<void>();
  let isSlow = false;
  const lagging = changedStore(store, {
    async *watch(prefix, from, signal, options) {
      for await (const change of store.watch(prefix, from, signal, options)) {
        // Delays only the watch of the views. The feed, which followers read, asks for previous values and is not
        // delayed.
        if (isSlow && options?.previous !== true) await gate.promise;
        yield change;
      }
    },
  });
  const one = await served(t, {}, lagging);
  await one.api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const stream = await openStream(t, one.url);
  isSlow = true;
  const writing = write(one, 'a');
  const other = await served(t, {}, store);
  const ahead = await openStream(t, other.url, `/v1/watch?since=${stream.lastId}`);
  await ahead.untilMessages(1);
  assert.deepEqual(stream.messages(), []);
  gate.resolve();
  await writing;
  await stream.untilMessages(1);
});

test('a stream from a revision that is no longer kept ends, and clears the last id', async (t) => {
  const store = await openEmbeddedStore({ folder: await temporaryFolder(t), keepRevisions: 20 });
  t.after(() => store.close());
  const one = await served(t, {}, store);
  await one.api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const first = await write(one, 'a');
  for (let number = 0; number < 100; number += 1)
    await store.commit({ compares: [], operations: [{ kind: 'put', key: 'nothing', value: '' }] });
  await write(one, 'b');
  const stream = await openStream(t, one.url, '/v1/watch', { lastEventId: String(first) });
  assert.equal((await stream.ended())?.reason, 'compacted');
  assert.equal(stream.lastId, '');
  const later = await openStream(t, one.url, `/v1/watch?since=${one.views.revision - 10}`);
  assert.deepEqual(namesOf(await later.untilMessages(1)), ['b.z TXT']);
});

test('a stream from a revision that the store never had, or of another history, ends', async (t) => {
  const base = await embeddedStore(t);
  const failures: ((reason: Error) => void)[] = [];
  const store = changedStore(base, {
    async *watch(prefix, from, signal, options) {
      if (options?.previous !== true) return yield* base.watch(prefix, from, signal, options);
      const failing = Promise.withResolvers<never>();
      failures.push(failing.reject);
      const changes = base.watch(prefix, from, signal, options)[Symbol.asyncIterator]();
      for (;;) {
        const next = await Promise.race([changes.next(), failing.promise]);
        if (next.done) return;
        yield next.value;
      }
    },
  });
  const one = await served(t, {}, store);
  const future = await openStream(t, one.url, '/v1/watch?since=1000');
  assert.equal((await future.ended())?.reason, 'history_lost');
  assert.equal(future.lastId, '');
  for (const [error, reason] of [
    [new HistoryLost('other'), 'history_lost'],
    [new Compacted(), 'compacted'],
    [new Error('a fault'), 'failed'],
  ] as const) {
    const opened = failures.length;
    const stream = await openStream(t, one.url);
    const { lastId } = stream;
    await until(() => failures.length > opened, 'no watch was opened');
    failures.at(-1)?.(error);
    assert.equal((await stream.ended())?.reason, reason);
    assert.equal(stream.lastId, reason === 'failed' ? lastId : '', reason);
  }
  const again = await openStream(t, one.url);
  await one.api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await again.untilMessages(1);
});

test('the number of followers is limited, in total and for each client', async (t) => {
  const one = await served(t, { followLimits: { maxFollowers: 3, maxPerClient: 2 } });
  const first = await openStream(t, one.url);
  await openStream(t, one.url);
  const third = await openStream(t, one.url);
  assert.equal(third.status, 503);
  assert.equal(third.headers['retry-after'], '10');
  await one.api.refused('too_many_followers', 'GET', '/v1/watch');
  first.close();
  await until(async () => (await metric(one, 'zonewright_watch_followers')) === 1, 'the stream is not gone');
  assert.equal((await openStream(t, one.url)).status, 200);
  assert.equal(await metric(one, 'zonewright_watch_ended_total{reason="left"}'), 1);
});

test('a follower whose token is deleted, rotated or expired, or gets other rights, is cut off within a second', async (t) => {
  assert.ok(followLimits.checkMilliseconds < 1000);
  const one = await served(t);
  const { api } = one;
  const admin = await openStream(t, one.url);
  const tokens: [id: string, end: () => unknown, settings?: object][] = [
    ['deleted', () => api.ok(204, 'DELETE', '/v1/tokens/deleted')],
    ['rotated', () => api.ok(200, 'POST', '/v1/tokens/rotated/rotate', {})],
    ['expired', () => undefined, { expiresInSeconds: 1 }],
    ['again', () => tokenAgain()],
    ['narrowed', () => narrow()],
  ];
  const tokenAgain = async () => {
    await api.ok(204, 'DELETE', '/v1/tokens/again');
    await tokenFor(one, 'again');
  };
  // No request changes the rights of a token, but a restored store may have other rights.
  const narrow = async () => {
    const { value } = one.views.tokens.get('narrowed') ?? assert.fail();
    const narrowed = tokenValue.encode({ ...value, zones: [] });
    await one.store.commit({
      compares: [],
      operations: [{ kind: 'put', key: tokenKey('narrowed'), value: narrowed }],
    });
  };
  for (const [id, end, settings] of tokens) {
    const { token } = await tokenFor(one, id, settings);
    const stream = await openStream(t, one.url, '/v1/watch', { token });
    await end();
    assert.equal((await stream.ended())?.reason, 'unauthorized', id);
    assert.notEqual(stream.lastId, '');
  }
  const messages = await admin.untilMessages(10);
  const secrets = [...one.views.tokens.values()].flatMap(({ value }) => [value.hash, value.salt]);
  for (const secret of secrets) assert.ok(!JSON.stringify(messages).includes(secret));
  assert.deepEqual(
    messages.flatMap(({ changes }) => changes.map(({ action, name }) => `${action} ${name}`)),
    [
      'created deleted',
      'deleted deleted',
      'created rotated',
      'changed rotated',
      'created expired',
      'created again',
      'deleted again',
      'created again',
      'created narrowed',
      'changed narrowed',
    ],
  );
  const { lastUsedAt: _, ...rotated } = await api.ok(200, 'GET', '/v1/tokens/rotated');
  assert.deepEqual(messages[3]?.changes[0]?.after, rotated);
});

test('a follower gets no change that was made after its token was revoked', async (t) => {
  const one = await served(t, { followLimits: { checkMilliseconds: 3_600_000 } });
  const { token } = await tokenFor(one, 'team');
  await one.api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const stream = await openStream(t, one.url, '/v1/watch', { token });
  await write(one, 'a');
  await stream.untilMessages(1);
  await one.api.ok(204, 'DELETE', '/v1/tokens/team');
  await write(one, 'b');
  assert.equal((await stream.ended())?.reason, 'unauthorized');
  assert.deepEqual(namesOf(stream.messages()), ['a.z TXT']);
});

test('a follower sees the changes in the scope of its token; leaving the scope is a deletion, entering it a creation', async (t) => {
  const one = await served(t);
  const { api, url, views } = one;
  const start = views.revision;
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.1.0.0/24'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: ['10.2.0.0/24'] });
  for (const name of ['z', 'y']) await api.ok(201, 'POST', '/v1/zones', { name });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', pool: 'p', ptr: false, owner: 'o' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.z', pool: 'q', ptr: false, owner: 'o' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'c.y', pool: 'p', ptr: false });
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/t/TXT', { records: ['"x"'] });
  await api.ok(200, 'PATCH', '/v1/hosts/a.z', { owner: 'other' });
  await api.ok(200, 'PATCH', '/v1/hosts/c.y', { owner: 'o' });
  await api.ok(200, 'PATCH', '/v1/hosts/b.z', { pool: 'p' });
  const shared = { addresses: ['10.1.0.9'], sharingKey: 'k' };
  const port = (number: number) => ({ ports: [{ protocol: 'tcp', port: number }] });
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { ...shared, ...port(1), owner: 'o' });
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { ...shared, ...port(2), owner: 'other' });
  await api.ok(204, 'DELETE', '/v1/hosts/b.z');
  await tokenFor(one, 'spare');
  const rows: [string, object, string[]][] = [
    [
      'viewer',
      {},
      [
        'created p',
        'created q',
        'created z',
        'created y',
        'created a.z',
        'created b.z',
        'created c.y',
        'created t.z TXT',
        'changed a.z',
        'changed c.y',
        'changed b.z',
        'created 10.1.0.9',
        'changed 10.1.0.9',
        'deleted b.z',
      ],
    ],
    [
      'owner',
      { owner: 'o' },
      [
        'created p',
        'created q',
        'created z',
        'created y',
        'created a.z',
        'created b.z',
        'deleted a.z',
        'created c.y',
        'changed b.z',
        'created 10.1.0.9',
        'deleted b.z',
      ],
    ],
    [
      'zones',
      { zones: ['y'], role: 'admin' },
      ['created p', 'created q', 'created y', 'created c.y', 'changed c.y', 'created 10.1.0.9', 'changed 10.1.0.9'],
    ],
    [
      'pools',
      { pools: ['q'] },
      ['created q', 'created z', 'created y', 'created b.z', 'created t.z TXT', 'deleted b.z'],
    ],
    ['none', { zones: [], pools: [] }, []],
  ];
  for (const [name, settings, changes] of rows) {
    const { token } = await tokenFor(one, name, { role: 'viewer', ...settings });
    const stream = await openStream(t, url, `/v1/watch?since=${start}&forSeconds=1`, { token });
    await stream.ended();
    const told = stream.messages().flatMap((message) => message.changes.map((one) => `${one.action} ${one.name}`));
    assert.deepEqual(told, changes, name);
    if (name !== 'owner') continue;
    const holders = stream.messages().at(-2)?.changes[0]?.after?.holders as { owner: string }[];
    assert.deepEqual(
      holders.map((holder) => holder.owner),
      ['o'],
    );
  }
});

test('a stop of the server ends the streams', async (t) => {
  const cleanups: (() => unknown)[] = [];
  const one = await served({ after: (clean) => cleanups.unshift(clean) });
  await one.api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const stream = await openStream(t, one.url);
  await write(one, 'a');
  await stream.untilMessages(1);
  for (const clean of cleanups) await clean();
  assert.equal((await stream.ended())?.reason, 'stopping');
  assert.equal(stream.messages().length, 1);
});

/** Returns the value of a metric. */
async function metric({ metrics }: ServedApi, name: string): Promise<number | undefined> {
  const line = (await metrics.metrics()).split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}
