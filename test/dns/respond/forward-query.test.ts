// Questions for forwarded zones, without the thread that forwards them: the clients that may ask, the forwarder of each
// name, and answers from the cache.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import { ForwardedAnswers } from '../../../src/dns/respond/forwarded-answers.ts';
import { handedOnKind } from '../../../src/dns/respond/hand-on.ts';
import { extendedError } from '../../../src/dns/wire/codes.ts';
import { createForwardCache } from '../../../src/forward-cache/create-forward-cache.ts';
import { ForwardCacheWriter } from '../../../src/forward-cache/forward-cache-writer.ts';
import { questionFlag } from '../../../src/forward-cache/layout.ts';
import { parseRange } from '../../../src/model/address-range.ts';
import { parseName } from '../../../src/model/name.ts';
import { clientAt, clockAt, encodeQuestion, serve } from '../../support/answers.ts';
import { keptAnswer } from './kept-answer.ts';

const now = 1_000_000;
const number = 7;
const zones = `
  $ZONE z.
  www.z.       60 A     192.0.2.1
  alias.z.     60 CNAME a.corp.
  $ZONE deep.corp.
  www.deep.corp. 60 A   192.0.2.2`;

interface HandedOn {
  kind: number;
  found: { forwarder: number; flags: number };
  name: string;
}

/** Serves the zones, and a forwarder `corp.` with the number `number`. */
function serveForwarder(allowFrom: readonly string[] = ['192.0.2.0/24', '2001:db8::/32']) {
  const cache = createForwardCache(2 ** 20);
  const forwarded = new ForwardedAnswers(cache, 1, clockAt(now));
  const server = serve(zones, { forwarded });
  server.writer.putForwarder(parseName('corp'), number, allowFrom.map(parseRange));
  const handed: HandedOn[] = [];
  /** Asks, by default with RD. Returns undefined if the query is handed on. */
  const ask = (question: string, from = '192.0.2.99', { rd = true, handOn = true } = {}) => {
    const query = encodeQuestion(question);
    if (rd) query[2] = 1;
    const client = clientAt(from);
    client.handOn = (kind, octets, length, found) => {
      handed.push({
        kind,
        found: { ...found },
        name: decode(Buffer.from(octets.subarray(0, length))).questions?.[0]?.name ?? '',
      });
      return handOn;
    };
    const before = handed.length;
    const response = server.exchange(query, client);
    // A query that was handed on gets no response here.
    return response === undefined || (handOn && handed.length > before) ? undefined : decode(response);
  };
  return { server, cache, handed, ask };
}

test('only clients in allowFrom may ask, and only with RD', () => {
  const { ask, handed } = serveForwarder();
  const refused = (message: ReturnType<typeof ask>) => {
    assert.equal(message?.rcode, 'REFUSED');
    const [opt] = (message?.additionals ?? []) as unknown as { options: { code: number; data: Buffer }[] }[];
    const data = opt?.options.find(({ code }) => code === 15)?.data ?? Buffer.alloc(2);
    return Buffer.from(data).readUInt16BE();
  };
  for (const from of ['192.0.3.0', '192.0.1.255', '10.0.0.1', '2001:db9::', '::1'])
    assert.equal(refused(ask('a.corp. A edns', from)), extendedError.PROHIBITED, from);
  assert.equal(refused(ask('a.corp. A edns', '192.0.2.1', { rd: false })), extendedError.NOT_AUTHORITATIVE);
  assert.equal(handed.length, 0);
  for (const from of ['192.0.2.0', '192.0.2.255', '2001:db8::', '2001:db8:ffff::1']) ask('a.corp. A', from);
  assert.equal(handed.length, 4);
  assert.equal(handed[0]?.kind, handedOnKind.forward);
});

test('a question is handed on with the forwarder that was found, but not a question that an alias of ours answers', () => {
  const { ask, handed } = serveForwarder();
  for (const question of ['alias.z. A', 'a.corp. A', 'a.corp. A do', 'alias.z. A']) ask(question);
  const found = handed.map(({ found: { forwarder, flags } }) => [forwarder, forwarder && flags]);
  assert.deepEqual(found, [
    [0, 0],
    [number, 0],
    [number, questionFlag.dnssecOk],
    [0, 0],
  ]);
});

test('the zone or forwarder with the longest matching name answers', () => {
  const { server, ask, handed } = serveForwarder();
  server.writer.putForwarder(parseName('their.z'), 8, [parseRange('192.0.2.0/24')]);
  assert.equal(ask('www.deep.corp. A')?.answers?.length, 1);
  assert.equal(ask('none.deep.corp. A')?.rcode, 'NXDOMAIN');
  assert.equal(ask('www.z. A')?.answers?.length, 1);
  assert.deepEqual(handed, []);
  for (const name of ['a.corp', 'corp', 'x.their.z', 'their.z']) ask(`${name}. A`);
  assert.deepEqual(
    handed.map(({ name }) => name),
    ['a.corp', 'corp', 'x.their.z', 'their.z'],
  );
  server.writer.deleteForwarder(parseName('their.z'));
  assert.equal(ask('x.their.z. A')?.rcode, 'NXDOMAIN');
  server.writer.deleteForwarder(parseName('corp'));
  assert.equal(ask('a.corp. A')?.rcode, 'REFUSED');
});

test('DS at the apex of a forwarder comes from our parent zone; DS at the apex of our zone never from a forwarder above', () => {
  const { server, ask, handed } = serveForwarder();
  server.writer.putForwarder(parseName('their.z'), 8, [parseRange('192.0.2.0/24')]);
  assert.equal(ask('their.z. DS')?.authorities?.[0]?.name, 'z');
  assert.equal(ask('deep.corp. DS')?.authorities?.[0]?.name, 'deep.corp');
  assert.deepEqual(handed, []);
  ask('corp. DS');
  assert.equal(handed.length, 1);
});

test('after a change of allowFrom, the next question is decided by the new clients', () => {
  const { server, ask, handed } = serveForwarder(['10.0.0.0/8']);
  assert.equal(ask('a.corp. A')?.rcode, 'REFUSED');
  server.writer.putForwarder(parseName('corp'), number, [parseRange('192.0.2.99')]);
  ask('a.corp. A');
  assert.equal(handed.length, 1);
});

test('a question that cannot be handed on gets SERVFAIL, or only our alias if it leads to the forwarder', () => {
  const { ask } = serveForwarder();
  assert.equal(ask('a.corp. A', '192.0.2.1', { handOn: false })?.rcode, 'SERVFAIL');
  const alias = ask('alias.z. A', '192.0.2.1', { handOn: false });
  assert.deepEqual([alias?.rcode, alias?.answers?.length], ['NOERROR', 1]);
  // Queries without RD, and those of clients that may not use the forwarder, also get only the alias.
  assert.equal(ask('alias.z. A', '10.0.0.1')?.answers?.length, 1);
  assert.equal(ask('alias.z. A', '192.0.2.1', { rd: false })?.answers?.length, 1);
});

test('answers from the cache have the case of the question, lowered TTLs and RA, and are counted', () => {
  const { server, cache, ask, handed } = serveForwarder();
  const { question, octets } = keptAnswer('a.corp', now);
  new ForwardCacheWriter(cache).put(number, question, octets, now);
  const answer = ask('A.CoRp. A');
  assert.deepEqual(handed, []);
  assert.partialDeepStrictEqual(answer, { rcode: 'NOERROR', flag_ra: true, flag_aa: false, flag_ad: false });
  assert.equal(answer?.questions?.[0]?.name, 'A.CoRp');
  assert.partialDeepStrictEqual(answer?.answers, [{ name: 'A.CoRp', type: 'A', ttl: 200, data: '192.0.2.9' }]);
  assert.equal(server.writer.forwarderHits(parseName('corp')), 1);
  // The cache does not answer queries with DO, or for a later forwarder of the same zone.
  ask('a.corp. A do');
  server.writer.putForwarder(parseName('corp'), number + 1, [parseRange('192.0.2.0/24')]);
  assert.equal(server.writer.forwarderHits(parseName('corp')), 1, 'the count of the forwarder has changed');
  ask('a.corp. A');
  assert.equal(handed.length, 2);
});
