// Answering allocates nothing per query, so that no garbage collection delays answers.

import { test } from 'node:test';
import { Clock } from '../../../src/dns/respond/clock.ts';
import { ForwardedAnswers } from '../../../src/dns/respond/forwarded-answers.ts';
import { createResponder } from '../../../src/dns/respond/responder.ts';
import { createForwardCache } from '../../../src/forward-cache/create-forward-cache.ts';
import { ForwardCacheWriter } from '../../../src/forward-cache/forward-cache-writer.ts';
import { parseRange } from '../../../src/model/address-range.ts';
import { parseName } from '../../../src/model/name.ts';
import { openTableReader } from '../../../src/table/reader.ts';
import { createTable } from '../../../src/table/table.ts';
import { createTableWriter } from '../../../src/table/writer.ts';
import { clientAt, ednsOption, encodeQuestion, withOptions, writeZones } from '../../support/answers.ts';
import { assertMakesNoGarbage } from '../../support/assert-makes-no-garbage.ts';
import { keptAnswer } from './kept-answer.ts';

const calls = 100_000;

test('answers of every kind allocate nothing', () => {
  const table = createTable({ bytes: 2 ** 22 });
  const writer = createTableWriter(table);
  writer.putForwarder(parseName('corp.example'), 7, ['2001:db8::/32', '192.0.2.0/24'].map(parseRange));
  writer.putForwarder(parseName('far.example'), 8, ['10.0.0.0/8'].map(parseRange));
  writeZones(
    writer,
    `example.        60 NS    ns1.example.
     ns1.example.    60 A     192.0.2.53
     host.example.   60 A     192.0.2.1
     alias.example.  60 CNAME host.example.
     *.wild.example. 60 A     192.0.2.2
     cut.example.    60 NS    ns.cut.example.
     ns.cut.example. 60 A     192.0.2.3
     dn.example.     60 TYPE39 \\# 9 076578616d706c6500
     $ZONE held.example.
     $ADDRESS-NAMES {"ranges": ["10.0.0.0/8", "2001:db8::/32"], "hex": true}`,
  );
  const reader = openTableReader(table.buffer);
  const clock = new Clock();
  const cache = createForwardCache(2 ** 20);
  const block = keptAnswer('kept.corp.example', clock.seconds);
  new ForwardCacheWriter(cache).put(7, block.question, block.octets, clock.seconds);
  const forwarded = new ForwardedAnswers(cache, reader.cell, clock);
  const respond = createResponder(reader, {
    clock,
    forwarded,
    settings: {
      nsid: 'replica',
      rateLimit: { perSecond: 10_000, slip: 2, allow: [parseRange('10.0.0.0/8'), parseRange('fc00::/7')] },
      cookies: { strict: false, secrets: [new Uint8Array(16), new Uint8Array(16).fill(1)] },
    },
  });
  const names = ['host', 'alias', 'none', 'x.wild', 'www.cut', 'host.dn', 'a.b.c.d.e.f', 'ent.wild'];
  names.push('app-10-1-2-3.held', 'a.10.1.2.3.held', '2.3.held', '0a000001.held', '2001-db8--1.held', '200-1-2-3.held');
  names.push('kept.corp', 'missing.corp', 'a.far');
  const queries = names.flatMap((name) => [
    encodeQuestion(`${name}.example. A`),
    encodeQuestion(`${name}.example. AAAA do`),
  ]);
  const asked = encodeQuestion('host.example. A edns');
  queries.push(
    withOptions(asked, ednsOption(3)),
    withOptions(asked, ednsOption(10, '2464c4abcf10c957')),
    withOptions(asked, ednsOption(10, `2464c4abcf10c95701000000${nowHex()}1f8130c3eee29480`)),
  );
  queries.push(encodeQuestion('example. NS edns'), encodeQuestion('elsewhere. A'), Buffer.from('garbage that is none'));
  const notify = encodeQuestion('example. SOA');
  notify[2] = 4 << 3;
  queries.push(notify);
  for (const query of queries) query[2] = (query[2] as number) | 1;
  const response = new Uint8Array(4096);
  const client = clientAt('2001:db8::1');
  client.handOn = () => false;
  const run = () => {
    for (let i = 0; i < calls; i += 1) {
      const query = queries[i % queries.length] as Buffer;
      reader.enter();
      respond(query, query.length, response, client);
      reader.leave();
      forwarded.sleep();
    }
  };
  assertMakesNoGarbage(calls, run);
});

/**
 * Returns the present time in the form of a cookie. A cookie that is not too old makes the responder check its hash.
 */
function nowHex(): string {
  return Math.floor(Date.now() / 1_000).toString(16);
}
