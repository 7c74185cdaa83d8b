// NOTIFY is handed on, and answered by its own responder. We are the primary of every zone that we serve.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import { answerNotify } from '../../../src/dns/respond/answer-notify.ts';
import type { Client } from '../../../src/dns/respond/client.ts';
import { answerClass, counter, newResponseCounters } from '../../../src/dns/respond/counters.ts';
import { type HandOn, handedOn, handedOnKind } from '../../../src/dns/respond/hand-on.ts';
import { maxServerFailures } from '../../../src/dns/respond/query-hand-on.ts';
import { createResponder } from '../../../src/dns/respond/responder.ts';
import { openTableReader } from '../../../src/table/reader.ts';
import { createTable } from '../../../src/table/table.ts';
import { createTableWriter } from '../../../src/table/writer.ts';
import { clientAt, clockAt, encodeQuestion, optionsOf, writeZones } from '../../support/answers.ts';

const table = createTable({ bytes: 2 ** 22 });
writeZones(createTableWriter(table), 'host.example. 60 A 192.0.2.1');
const reader = openTableReader(table.buffer);
reader.enter();

const [FORMERR, SERVFAIL, REFUSED, NOTAUTH] = [1, 2, 5, 9];

/** Returns a NOTIFY with this question. */
function notify(question: string): Buffer {
  const message = encodeQuestion(question);
  message[2] = 4 << 3;
  return message;
}

function clientThatHandsOn(handOn: HandOn): Client {
  return { ...clientAt('192.0.2.99'), handOn };
}

for (const [what, question, rcode, extended] of [
  ['§3.10: a zone of which we are the primary', 'example. SOA edns', REFUSED, 21],
  ['a zone that we do not serve', 'elsewhere. SOA edns', NOTAUTH, 20],
  ['a name below the apex of our zone', 'host.example. SOA edns', NOTAUTH, 20],
  ['§3.11: a type other than SOA', 'example. A edns', FORMERR, 30],
  ['without EDNS', 'example. SOA', REFUSED, undefined],
] as const) {
  test(`NOTIFY gets rcode ${rcode} and extended error ${extended ?? 'none'}: ${what}, ${question}`, () => {
    const query = notify(question);
    const response = Buffer.alloc(512);
    const length = createResponder(reader, {}, [answerNotify])(query, query.length, response, clientAt('192.0.2.99'));
    const whole = response.subarray(0, length);
    const answer = decode(whole);
    assert.equal(whole.readUInt8(3) & 15, rcode);
    assert.deepEqual([answer.id, answer.opcode, answer.flag_aa, answer.answers], [4711, 'NOTIFY', false, []]);
    assert.equal(answer.questions[0]?.name, question.split('. ')[0]);
    const error = extended?.toString(16).padStart(4, '0');
    assert.equal(optionsOf(whole).get(15), error);
  });
}

test('the answering thread hands a NOTIFY on, and counts nothing', () => {
  const counters = newResponseCounters();
  const respond = createResponder(reader, { counters });
  const query = notify('example. SOA edns');
  const calls: unknown[] = [];
  const client = clientThatHandsOn((kind, bytes, length) => calls.push([kind, bytes, length]) > 0);
  assert.equal(respond(query, query.length, new Uint8Array(512), client), handedOn);
  assert.deepEqual(calls, [[handedOnKind.notify, query, query.length]]);
  assert.equal(
    new Float64Array(counters).every((count) => count === 0),
    true,
  );
});

test('if a NOTIFY cannot be handed on, the answering thread answers SERVFAIL with an extended error', () => {
  const counters = newResponseCounters();
  const respond = createResponder(reader, { counters });
  const query = notify('example. SOA edns');
  const response = Buffer.alloc(512);
  const client = clientThatHandsOn(() => false);
  const whole = response.subarray(0, respond(query, query.length, response, client));
  assert.equal(whole.readUInt8(3) & 15, SERVFAIL);
  assert.equal(optionsOf(whole).get(15), '000e');
  assert.equal(new Float64Array(counters)[counter.queries.udp], 1);
});

test('over UDP, a thread answers SERVFAIL to a limited number of NOTIFY in a second, and drops the others', () => {
  const counters = newResponseCounters();
  const clock = clockAt(1_000);
  const respond = createResponder(reader, { counters, clock });
  const query = notify('example. SOA');
  const response = new Uint8Array(512);
  const ask = (client: Client) => respond(query, query.length, response, client) > 0;
  const full = clientThatHandsOn(() => false);
  const refused = () => Array.from({ length: 2 * maxServerFailures }, () => ask(full)).filter(Boolean).length;
  assert.equal(refused(), maxServerFailures);
  assert.equal(new Float64Array(counters)[counter.handOnDropped], maxServerFailures);
  assert.equal(new Float64Array(counters)[counter.queries.udp], 2 * maxServerFailures);
  assert.equal(ask({ ...full, transport: 'tcp' }), true, 'a query over TCP gets no answer');
  clock.set(2_000_000);
  assert.equal(refused(), maxServerFailures);
});

test('NOTIFY has its own class in the rate limit, and is not handed on over the limit', () => {
  const counters = newResponseCounters();
  const rateLimit = { perSecond: 2, slip: 2, allow: [] };
  const respond = createResponder(reader, { counters, settings: { rateLimit }, clock: clockAt(1_000) });
  const query = notify('example. SOA edns');
  let taken = 0;
  const client = clientThatHandsOn(() => ++taken > 0);
  const response = Buffer.alloc(512);
  const lengths = Array.from({ length: 6 }, () => respond(query, query.length, response, client));
  assert.equal(taken, 2);
  assert.deepEqual(lengths.slice(0, 3), [handedOn, handedOn, 0]);
  assert.ok((lengths[3] ?? 0) > 0);
  assert.equal(decode(response).flag_tc, true);
  assert.equal(new Float64Array(counters)[counter.limited[answerClass.handedOn] as number], 4);
  const question = encodeQuestion('host.example. A');
  assert.ok(
    respond(question, question.length, response, client) > 0,
    'an ordinary answer is limited because NOTIFY is',
  );
});

test('a signed NOTIFY gets NOTAUTH and is not handed on, because we hold no keys', () => {
  const respond = createResponder(reader);
  // A TSIG record (RFC 8945 §4.2): key `k.`, algorithm `a.`, no MAC, no other data. All numbers are 0.
  const tsigRdata = [1, 0x61, 0, ...new Array(16).fill(0)];
  const tsig = [1, 0x6b, 0, 0, 250, 0, 255, 0, 0, 0, 0, 0, tsigRdata.length, ...tsigRdata];
  const query = Buffer.concat([notify('example. SOA'), Buffer.from(tsig)]);
  query[11] = 1;
  const response = Buffer.alloc(512);
  const length = respond(
    query,
    query.length,
    response,
    clientThatHandsOn(() => assert.fail('a signed NOTIFY was handed on')),
  );
  assert.equal(response.subarray(0, length).readUInt8(3) & 15, NOTAUTH);
});
