// The forwarder at work: aliases between zones, loops, cookies, DNS over TLS, the order of servers, limits, and changes
// of the list of forwarders.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import type { CachedQuestion } from '../../../src/forward-cache/forward-cache-writer.ts';
import { isBelow } from '../../../src/forwarding/forwarders/expand-name.ts';
import { parseName } from '../../../src/model/name.ts';
import {
  type BadUpstream,
  type Behaviour,
  evilAddress,
  good,
  isProbe,
  option,
  type Query,
  record,
  reply,
  soa,
  startBadUpstream,
  wireName,
} from '../../support/bad-upstream.ts';
import { makeCertificate, withoutOpenssl } from '../../support/certificate.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import { assertAnswers, openForwarding, quiet } from './open-forwarding.ts';

const wellBehaved: Behaviour = (query) => [reply(query, { answers: [good()] })];
const aliasTo =
  (target: string): Behaviour =>
  (query) => [reply(query, { answers: [record(5, 60, wireName(target))] })];

function asked({ queries }: BadUpstream): Query[] {
  return queries.filter((query) => !isProbe(query));
}

/** Returns a zone that this replica serves, with one address and one alias. */
function ownZone(zone: string) {
  const labels = zone.split('.').length;
  return {
    labelsOfZone: (name: Uint8Array) => (isBelow(name, name.length, wireName(zone)) ? labels : -1),
    answer: ({ name, type }: CachedQuestion) => {
      const question = Buffer.concat([name, Buffer.from([0, type, 0, 1])]);
      const query = { octets: Buffer.alloc(12), question, hasEdns: false } as Query;
      const first = Buffer.from(name.subarray(1, 1 + name[0]!)).toString();
      if (first === 'none') return reply(query, { rcode: 3, authorities: [soa(zone)] });
      if (first === 'alias') return reply(query, { answers: [record(5, 60, wireName('www.b.test'))] });
      return reply(query, { answers: [record(1, 20, evilAddress)] });
    },
  };
}

test('an alias into another forwarded zone is followed there, also from the cache', async (t) => {
  const [a, b] = [await startBadUpstream(t, aliasTo('www.b.test')), await startBadUpstream(t, wellBehaved)];
  const { ask } = openForwarding(t, [
    // A server that is late on a busy machine must not be asked again.
    { zone: 'a.test', targets: [a.port], timeoutMilliseconds: 5_000 },
    { zone: 'b.test', targets: [b.port], timeoutMilliseconds: 5_000 },
  ]);
  const whole = ['www.a.test 60 CNAME www.b.test', 'www.b.test 60 A 192.0.2.1'];
  assertAnswers((await ask('www.a.test')).answers, whole);
  assert.deepEqual((await ask('www.a.test')).answers.length, 2);
  assert.equal(asked(a).length + asked(b).length, 2);
});

test('an alias into a zone that the client may not ask is not followed: the client gets only the alias', async (t) => {
  const [a, b] = [await startBadUpstream(t, aliasTo('www.b.test')), await startBadUpstream(t, wellBehaved)];
  const { ask } = openForwarding(t, [
    { zone: 'a.test', targets: [a.port] },
    { zone: 'b.test', targets: [b.port], allowFrom: ['10.0.0.0/8'] },
  ]);
  assert.equal((await ask('www.a.test', { client: '10.1.2.3' })).answers.length, 2);
  const refused = await ask('www.a.test', { client: '192.0.2.9' });
  assert.equal(refused.rcode, 0);
  assertAnswers(refused.answers, ['www.a.test 60 CNAME www.b.test']);
});

test('the time of a forwarder is for all zones to which its aliases lead', async (t) => {
  const [a, b] = [await startBadUpstream(t, aliasTo('www.b.test')), await startBadUpstream(t, () => [])];
  const { ask } = openForwarding(t, [
    { zone: 'a.test', targets: [a.port], timeoutMilliseconds: 1_000 },
    { zone: 'b.test', targets: [b.port], timeoutMilliseconds: 5_000 },
  ]);
  // Both wait for the same answer of the other zone.
  const slow = ask('www.b.test').then(() => 'after the time of the other zone');
  const alias = ask('www.a.test');
  assert.equal(await Promise.race([slow, alias.then(() => 'in time')]), 'in time');
  const { rcode, answers } = await alias;
  assert.equal(rcode, 0);
  assertAnswers(answers, ['www.a.test 60 CNAME www.b.test']);
});

test('if the target of an alias fails, the client gets only the alias, without an error', async (t) => {
  const a = await startBadUpstream(t, aliasTo('www.b.test'));
  const b = await startBadUpstream(t, (query) => [reply(query, { rcode: 2 })]);
  const { ask } = openForwarding(t, [
    { zone: 'a.test', targets: [a.port] },
    { zone: 'b.test', targets: [b.port] },
  ]);
  const answer = await ask('www.a.test');
  assert.equal(answer.rcode, 0);
  assertAnswers(answer.answers, ['www.a.test 60 CNAME www.b.test']);
});

test('an alias into a zone of ours is followed, and so is an alias in that zone', async (t) => {
  const a = await startBadUpstream(t, (query) => aliasTo(`${query.name.split('.')[0]!.toLowerCase()}.own.test`)(query));
  const b = await startBadUpstream(t, wellBehaved);
  const given = [
    { zone: 'a.test', targets: [a.port] },
    { zone: 'b.test', targets: [b.port] },
  ];
  const { ask } = openForwarding(t, given, { ownZones: ownZone('own.test') });
  assertAnswers((await ask('www.a.test')).answers, [
    'www.a.test 60 CNAME www.own.test',
    'www.own.test 20 A 192.0.2.66',
  ]);
  assertAnswers((await ask('alias.a.test')).answers, [
    'alias.a.test 60 CNAME alias.own.test',
    'alias.own.test 60 CNAME www.b.test',
    'www.b.test 60 A 192.0.2.1',
  ]);
  const denied = await ask('none.a.test');
  assert.deepEqual([denied.rcode, denied.answers.length, denied.message.authorities.length], [3, 1, 1]);
});

test('a loop of aliases between two zones ends', async (t) => {
  const [a, b] = [await startBadUpstream(t, aliasTo('www.b.test')), await startBadUpstream(t, aliasTo('www.a.test'))];
  const { ask } = openForwarding(t, [
    { zone: 'a.test', targets: [a.port] },
    { zone: 'b.test', targets: [b.port] },
  ]);
  assert.equal((await ask('www.a.test')).answers.length, 2);
});

test('a record of a zone of ours in the answer of another server is left out', async (t) => {
  const server = await startBadUpstream(t, (query) => [
    reply(query, { answers: [record(5, 60, wireName('x.own.a.test')), record(1, 60, evilAddress, 'x.own.a.test')] }),
  ]);
  const { ask } = openForwarding(t, [{ zone: 'a.test', targets: [server.port] }], { ownZones: ownZone('own.a.test') });
  assertAnswers((await ask('www.a.test')).answers, [
    'www.a.test 60 CNAME x.own.a.test',
    'x.own.a.test 20 A 192.0.2.66',
  ]);
});

test('a server that forwards our question back to us is found, logged once, and used again when it no longer does so', async (t) => {
  const warnings: { target?: string; forwarder?: string; asker?: string }[] = [];
  const log = (fields: unknown) => void warnings.push(fields as (typeof warnings)[number]);
  const logger = { debug: () => undefined, info: () => undefined, warn: log, error: () => undefined };
  // The server sends each question back to us, and does not answer.
  const server = await startBadUpstream(t, () => []);
  const opened = openForwarding(t, [{ zone: 'loop.test', targets: [server.port] }], { logger });
  const loop: Behaviour = (query) => {
    void opened.ask(query.name.toLowerCase(), { type: query.type });
    return [];
  };
  server.behave(loop);
  const answer = await opened.ask('www.loop.test');
  assert.deepEqual([answer.rcode, answer.extendedError], [2, 22]);
  const loops = () => opened.forwarding.state('loop.test' as never)?.upstreams[0]?.loops;
  await until(() => loops() === true, 'the loop is not found');
  const found = warnings.filter(({ asker }) => asker !== undefined);
  assert.deepEqual(found, [{ forwarder: 'loop.test', target: `127.0.0.1:${server.port}`, asker: '127.0.0.1' }]);
  const before = asked(server).length;
  assert.equal((await opened.ask('other.loop.test')).rcode, 2);
  assert.equal(asked(server).length, before, 'the server is asked although it makes a loop');
  server.behave(wellBehaved);
  await until(() => loops() === false, 'the server is not used again');
  assert.equal((await opened.ask('third.loop.test')).rcode, 0);
});

test('the cookie of a server is sent back, and answers without it, or with another one, are then ignored', async (t) => {
  const serverPart = Buffer.from('0102030405060708', 'hex');
  const server = await startBadUpstream(t, (query) => [
    reply(query, {
      answers: [good()],
      options: query.cookie ? [option(10, Buffer.concat([query.cookie.subarray(0, 8), serverPart]))] : [],
    }),
  ]);
  const { ask } = openForwarding(t, [{ zone: 'bad.test', targets: [server.port], timeoutMilliseconds: 5_000 }]);
  await ask('a.bad.test');
  await ask('b.bad.test');
  const [first, second] = asked(server);
  assert.equal(first?.cookie?.length, 8);
  assert.deepEqual(second?.cookie, Buffer.concat([first!.cookie!, serverPart]));
  server.behave((query) => [
    reply(query, { answers: [record(1, 60, evilAddress)] }),
    reply(query, { answers: [record(1, 60, evilAddress)], options: [option(10, Buffer.alloc(16, 9))] }),
    reply(query, {
      answers: [good()],
      options: [option(10, Buffer.concat([query.cookie!.subarray(0, 8), serverPart]))],
    }),
  ]);
  assertAnswers((await ask('c.bad.test')).answers, ['c.bad.test 60 A 192.0.2.1']);
});

test('after BADCOOKIE the query is sent with the new cookie, and after another BADCOOKIE over TCP', async (t) => {
  const serverPart = Buffer.from('0102030405060708', 'hex');
  const cookieFor = (query: Query) => option(10, Buffer.concat([query.cookie!.subarray(0, 8), serverPart]));
  const server = await startBadUpstream(t, (query) => [
    query.cookie?.length === 16
      ? reply(query, { answers: [good()], options: [cookieFor(query)] })
      : reply(query, { rcode: 23, options: query.cookie ? [cookieFor(query)] : [] }),
  ]);
  const { ask } = openForwarding(t, [{ zone: 'bad.test', targets: [server.port], timeoutMilliseconds: 5_000 }]);
  assert.equal((await ask('a.bad.test')).rcode, 0);
  assert.equal(asked(server).length, 2);
  server.behave((query) => [
    reply(
      query,
      query.isTcp ? { answers: [good()], options: [cookieFor(query)] } : { rcode: 23, options: [cookieFor(query)] },
    ),
  ]);
  assert.equal((await ask('b.bad.test')).rcode, 0);
  assert.ok(asked(server).at(-1)!.isTcp);
});

test('a server is asked over TLS if its target says so, and only if its certificate is valid', {
  skip: withoutOpenssl,
}, async (t) => {
  const { cert, key, ca } = await makeCertificate(await temporaryFolder(t), 'localhost');
  const server = await startBadUpstream(t, wellBehaved);
  let connections = 0;
  const tls = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket: TLSSocket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.on('data', (frame: Buffer) => {
      // Each frame has one query, because the client waits for the answer before the next one.
      const question = frame.subarray(14, frame.indexOf(0, 14) + 5);
      const query = { octets: frame.subarray(2), question, hasEdns: false } as Query;
      const answer = reply(query, { answers: [good()] });
      socket.write(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 255]), answer]));
    });
  });
  tls.listen(0, '127.0.0.1');
  await once(tls, 'listening');
  t.after(() => tls.close());
  const { port } = tls.address() as { port: number };
  const timeoutMilliseconds = 5_000;
  const told: unknown[] = [];
  const logger = { ...quiet, warn: (fields: unknown) => void told.push(fields) };
  const { ask, forwarding } = openForwarding(
    t,
    [
      { zone: 'good.test', targets: [`127.0.0.1:${port}#localhost`], tlsAuthorities: ca, timeoutMilliseconds },
      { zone: 'name.test', targets: [`127.0.0.1:${port}#elsewhere.test`], tlsAuthorities: ca, timeoutMilliseconds },
      { zone: 'authority.test', targets: [`127.0.0.1:${port}#localhost`], timeoutMilliseconds },
    ],
    { logger },
  );
  assert.equal((await ask('www.good.test')).rcode, 0);
  for (let i = 0; i < 5; i += 1) assert.equal((await ask(`h${i}.good.test`)).rcode, 0);
  assert.ok(connections <= 4, `${connections} connections`);
  const networkError = 23;
  for (const [zone, reason] of [
    ['name.test', /^its certificate was not accepted: .*elsewhere\.test/],
    ['authority.test', /^its certificate was not accepted: self-signed certificate/],
  ] as const) {
    const { rcode, extendedError } = await ask(`www.${zone}`);
    assert.deepEqual([rcode, extendedError], [2, networkError]);
    const [upstream] = forwarding.state(parseName(zone))?.upstreams ?? [];
    assert.equal(upstream?.healthy, false);
    assert.match(upstream?.failure ?? '', reason);
    const fields = told.find((one) => (one as { forwarder: string }).forwarder === zone);
    assert.match((fields as { reason: string }).reason, reason);
  }
  assert.equal(forwarding.state(parseName('good.test'))?.upstreams[0]?.failure, undefined);
  assert.equal(server.queries.length, 0, 'a query was sent without TLS');
});

test('a server that refuses everything is alive, and its state and one line of the log say what it answers', async (t) => {
  let code = 5;
  const server = await startBadUpstream(t, (query) =>
    isProbe(query) || code === 0 ? wellBehaved(query) : [reply(query, { rcode: code })],
  );
  const told: { reason?: string; target: string }[] = [];
  const logger = { ...quiet, warn: (fields: unknown) => void told.push(fields as { target: string }) };
  const { ask, forwarding } = openForwarding(t, [{ targets: [server.port] }], { logger });
  const state = () => forwarding.state(parseName('bad.test'))?.upstreams[0];
  await until(() => state()?.healthy === true, 'the server was not probed');
  const cases: [number, string | undefined][] = [
    [5, 'the server answers REFUSED'],
    [2, 'the server answers SERVFAIL'],
    [11, 'the server answers RCODE 11'],
    [0, undefined],
    [5, 'the server answers REFUSED'],
  ];
  for (const [place, [answered, failure]] of cases.entries()) {
    code = answered;
    assert.equal((await ask(`www${place}.bad.test`)).rcode, answered === 0 ? 0 : 2);
    assert.partialDeepStrictEqual(state(), { healthy: true });
    assert.equal(state()?.failure, failure);
  }
  assert.deepEqual(
    told.map(({ reason, target }) => [reason, target]),
    [['the server answers REFUSED', `127.0.0.1:${server.port}`]],
  );
});

test('the order `round-robin` asks each server in turn, and `fastest` the server that answers soonest', async (t) => {
  const slow = await startBadUpstream(t, (query) => [
    { octets: reply(query, { answers: [good()] }), afterMilliseconds: 100 },
  ]);
  const fast = await startBadUpstream(t, wellBehaved);
  const targets = [slow.port, fast.port];
  const { ask, forwarding } = openForwarding(t, [
    { zone: 'turns.test', targets, strategy: 'round-robin', timeoutMilliseconds: 5_000 },
    { zone: 'fastest.test', targets, strategy: 'fastest', timeoutMilliseconds: 5_000 },
  ]);
  const measured = () =>
    forwarding.state('fastest.test' as never)?.upstreams.every(({ latency }) => latency !== undefined);
  await until(() => measured() === true, 'the servers are not probed');
  for (let i = 0; i < 10; i += 1) await ask(`h${i}.turns.test`);
  assert.ok(asked(slow).length >= 4 && asked(fast).length >= 4, `${asked(slow).length}, ${asked(fast).length}`);
  const before = asked(slow).length;
  for (let i = 0; i < 10; i += 1) await ask(`h${i}.fastest.test`);
  assert.ok(asked(slow).length <= before + 1);
});

test('questions for a silent server, or of one client, take only a part of the room', async (t) => {
  const silent = await startBadUpstream(t, () => []);
  const lively = await startBadUpstream(t, wellBehaved);
  const given = [
    { zone: 'silent.test', targets: [silent.port], timeoutMilliseconds: 1_000 },
    { zone: 'lively.test', targets: [lively.port], timeoutMilliseconds: 5_000 },
  ];
  const { ask } = openForwarding(t, given, { maxQuestions: 64 });
  const flood = Array.from({ length: 1_000 }, (_, i) => ask(`h${i}.silent.test`, { client: '192.0.2.9' }));
  assert.equal((await ask('www.lively.test', { client: '192.0.2.10' })).rcode, 0);
  const answers = await Promise.all(flood);
  assert.ok(answers.every(({ rcode }) => rcode === 2));
  assert.ok(new Set(asked(silent).map(({ name }) => name.toLowerCase())).size <= 32);
});

test('a changed forwarder has no cached answers, and questions under way are answered by the servers before', async (t) => {
  const server = await startBadUpstream(t, wellBehaved);
  const { ask, cached, forwarding, listed } = openForwarding(t, [{ zone: 'bad.test', targets: [server.port] }]);
  await ask('www.bad.test');
  assert.equal(cached('www.bad.test')?.rcode, 0);
  server.behave((query) => [{ octets: reply(query), afterMilliseconds: 100 }]);
  const underWay = ask('slow.bad.test');
  forwarding.setForwarders([{ ...listed[0]!, id: 99 }]);
  assert.deepEqual(
    [(await underWay).rcode, cached('slow.bad.test'), cached('www.bad.test')],
    [0, undefined, undefined],
  );
  assert.equal((await ask('www.bad.test')).rcode, 2, 'a question with the old number is answered');
});

test('a question under way of a forwarder that is changed fails in its time if the servers before are silent', async (t) => {
  const server = await startBadUpstream(t, () => []);
  const given = { zone: 'bad.test', targets: [server.port], timeoutMilliseconds: 200 };
  const { ask, cached, forwarding, listed } = openForwarding(t, [given]);
  const underWay = ask('slow.bad.test');
  forwarding.setForwarders([{ ...listed[0]!, id: 99 }]);
  assert.deepEqual([(await underWay).rcode, cached('slow.bad.test')], [2, undefined]);
});

test('the questions under way of a forwarder that is removed end', async (t) => {
  const server = await startBadUpstream(t, () => []);
  const { ask, forwarding, listed } = openForwarding(t, [
    { zone: 'bad.test', targets: [server.port], timeoutMilliseconds: 60_000 },
    { zone: 'other.test', targets: [server.port] },
  ]);
  const underWay = ask('slow.bad.test');
  forwarding.setForwarders(listed.slice(1));
  assert.equal((await underWay).rcode, 2);
});

test('if a forwarder is removed while a socket is being opened, only its question ends', async (t) => {
  const server = await startBadUpstream(t, wellBehaved);
  const { ask, forwarding, listed } = openForwarding(t, [{ zone: 'bad.test', targets: [server.port] }]);
  const underWay = ask('www.bad.test');
  forwarding.setForwarders([]);
  assert.equal((await underWay).rcode, 2);
  forwarding.setForwarders(listed);
  assert.equal((await ask('www.bad.test')).rcode, 0);
});

test('a question for a forwarder that is not in the list gets SERVFAIL at once', async (t) => {
  const server = await startBadUpstream(t, wellBehaved);
  const { ask, forwarding } = openForwarding(t, [{ zone: 'bad.test', targets: [server.port] }]);
  forwarding.setForwarders([]);
  const answer = await ask('www.bad.test');
  assert.deepEqual([answer.rcode, answer.extendedError], [2, 14]);
});

test('the cache of a forwarder is emptied, of one name or of all', async (t) => {
  const server = await startBadUpstream(t, wellBehaved);
  const { ask, cached, forwarding } = openForwarding(t, [{ zone: 'bad.test', targets: [server.port] }]);
  for (const label of ['a', 'b', 'c']) await ask(`${label}.bad.test`);
  assert.equal(forwarding.state('bad.test' as never)?.cache.entries, 3);
  assert.equal(forwarding.emptyCache('bad.test' as never, 'a.bad.test' as never), 1);
  assert.deepEqual([cached('a.bad.test'), cached('b.bad.test')?.rcode], [undefined, 0]);
  assert.equal(forwarding.emptyCache('bad.test' as never), 2);
  assert.equal(forwarding.state('bad.test' as never)?.cache.entries, 0);
});

test('questions go out from changing ports, with changing ids', async (t) => {
  const server = await startBadUpstream(t, wellBehaved);
  const { ask } = openForwarding(t, [{ zone: 'bad.test', targets: [server.port] }]);
  for (let i = 0; i < 400; i += 1) await ask(`h${i}.bad.test`);
  const queries = asked(server);
  assert.ok(new Set(queries.map(({ from }) => from?.port)).size >= 4);
  assert.ok(new Set(queries.map(({ octets }) => octets.readUInt16BE(0))).size >= 390);
});

test('if the name in an answer has another case, the question is asked again over TCP, because the answer may be forged', async (t) => {
  const lower = (question: Buffer) => Buffer.from(question.toString('latin1').toLowerCase(), 'latin1');
  const server = await startBadUpstream(t, (query) => [
    query.isTcp
      ? reply(query, { answers: [good()] })
      : reply(query, { question: lower(query.question), answers: [record(1, 60, evilAddress)] }),
  ]);
  const { ask } = openForwarding(t, [{ zone: 'bad.test', targets: [server.port] }]);
  const name = 'a-long-name-that-is-hardly-ever-all-in-lower-case.bad.test';
  assertAnswers((await ask(name)).answers, [`${name} 60 A 192.0.2.1`]);
});

test('while all servers are down, one question is tried, and the others fail at once', async (t) => {
  const closed = await startBadUpstream(t, () => []);
  closed.close();
  const { ask, forwarding } = openForwarding(t, [
    { zone: 'bad.test', targets: [closed.port], timeoutMilliseconds: 1_500 },
  ]);
  await ask('first.bad.test');
  // Three probes are refused until then.
  const probed = () => (forwarding.state('bad.test' as never)?.upstreams[0]?.unansweredProbes ?? 0) >= 3;
  await until(probed, 'the server is not probed');
  await startBadUpstream(t, () => [], closed.port);
  let isTried = false;
  const tried = ask('tried.bad.test').then(({ rcode }) => {
    isTried = true;
    return rcode;
  });
  assert.equal((await ask('other.bad.test')).rcode, 2);
  assert.equal(isTried, false, 'the question that fails at once has waited');
  assert.equal(await tried, 2);
});

test('cached answers are shown with their records as text', async (t) => {
  const server = await startBadUpstream(t, (query) => {
    if (query.name.toLowerCase().startsWith('none'))
      return [reply(query, { rcode: 3, authorities: [soa('bad.test')] })];
    if (query.type === 15) return [reply(query, { answers: [record(15, 60, Buffer.from([0, 9, 0xc0, 12]))] })];
    // This rdata is not valid for its type.
    if (query.type === 257) return [reply(query, { answers: [record(257, 60, Buffer.from([0, 9, 1]))] })];
    return [reply(query, { answers: [good()] })];
  });
  const { ask, forwarding } = openForwarding(t, [{ zone: 'bad.test', targets: [server.port] }]);
  await ask('www.bad.test');
  await ask('www.bad.test', { type: 15, flags: 3 });
  await ask('www.bad.test', { type: 257 });
  await ask('none.bad.test');
  const shown = (name: string) => forwarding.cached('bad.test' as never, name as never, 10);
  const texts = shown('www.bad.test').map(({ type, records }) => [type, records.map(({ rdata }) => rdata).join()]);
  assert.deepEqual(texts, [
    ['A', '192.0.2.1'],
    ['MX', '9 www.bad.test.'],
    ['CAA', '\\# 3 000901'],
  ]);
  const [, mx] = shown('www.bad.test');
  assert.deepEqual([mx?.dnssecOk, mx?.checkingDisabled, mx?.rcode, mx?.isStale], [true, true, 0, false]);
  const [none] = shown('none.bad.test');
  assert.deepEqual([none?.rcode, none?.records[0]?.type, none?.records[0]?.name], [3, 'SOA', 'bad.test']);
  assert.ok(none !== undefined && none.expiresIn <= 30 && none.expiresIn > 20);
  assert.equal(forwarding.cached('bad.test' as never, undefined, 2).length, 2);
  assert.deepEqual(forwarding.cached('other.test' as never, undefined, 2), []);
});

test('after an outage, questions are answered again within seconds', async (t) => {
  const server = await startBadUpstream(t, () => []);
  const { ask, forwarding } = openForwarding(t, [
    { zone: 'bad.test', targets: [server.port], timeoutMilliseconds: 300 },
  ]);
  for (let i = 0; i < 4; i += 1) assert.equal((await ask(`h${i}.bad.test`)).rcode, 2);
  assert.equal(forwarding.state('bad.test' as never)?.upstreams[0]?.healthy, false);
  server.behave(wellBehaved);
  await until(
    async () => (await ask(`back-${performance.now()}.bad.test`)).rcode === 0,
    'the server is not used again',
    15_000,
  );
});
