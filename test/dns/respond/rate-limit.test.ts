// Response rate limiting. The token buckets are compared with plain arithmetic. Other tests check which clients share a
// limit, and what is sent over the limit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Clock } from '../../../src/dns/respond/clock.ts';
import { answerClass, counterFamilies, newResponseCounters } from '../../../src/dns/respond/counters.ts';
import { judgement, RateLimiter } from '../../../src/dns/respond/rate-limiter.ts';
import type { RateLimitSettings } from '../../../src/dns/respond/settings.ts';
import { addressRdata, parseAddress } from '../../../src/model/address.ts';
import { parseRange } from '../../../src/model/address-range.ts';
import { clientAt, clockAt, ednsOption, encodeQuestion, serve, withOptions } from '../../support/answers.ts';

const octetsOf = (text: string): Uint8Array => addressRdata(parseAddress(text));
const settings = (perSecond: number, slip = 0, allow: string[] = []): RateLimitSettings => ({
  perSecond,
  slip,
  allow: allow.map(parseRange),
});

test('token buckets allow what plain arithmetic allows, also if the clock goes backwards', () => {
  const step = fc.record({
    wait: fc.oneof(fc.nat(30), fc.nat(5_000), fc.integer({ min: -100, max: 0 })),
    network: fc.nat(2),
    kind: fc.nat(1),
  });
  const start = fc.constantFrom(0, 2 ** 31 - 500, 2 ** 32 - 500, 1_764_000_000_000);
  fc.assert(
    fc.property(fc.nat(50), fc.nat(3), start, fc.array(step, { maxLength: 200 }), (perSecond, slip, from, steps) => {
      const clock = new Clock();
      const limiter = new RateLimiter(settings(perSecond, slip), clock);
      const model = new Map<string, { thousandths: number; at: number; over: number }>();
      let now = from;
      for (const { wait, network, kind } of steps) {
        now += wait;
        clock.set(now);
        const key = `${network} ${kind}`;
        const bucket = model.get(key) ?? { thousandths: perSecond * 1_000, at: now, over: 0 };
        const gained = Math.min(1_000, Math.max(0, now - bucket.at)) * perSecond;
        const thousandths = Math.min(perSecond * 1_000, bucket.thousandths + gained);
        const sent = thousandths >= 1_000;
        const over = sent ? bucket.over : bucket.over + 1;
        model.set(key, { thousandths: sent ? thousandths - 1_000 : thousandths, at: now, over });
        const slips = slip > 0 && over % slip === 0;
        const expected = sent ? judgement.send : slips ? judgement.slip : judgement.drop;
        assert.equal(limiter.judge(octetsOf(`198.51.${network}.${now & 127}`), 4, kind), expected);
      }
    }),
    { numRuns: 300 },
  );
});

test('a network is an IPv4 /24 or an IPv6 /56, and each class has its own bucket', () => {
  const fresh = (address: string, kind: number = answerClass.answer) => {
    const limiter = new RateLimiter(settings(1), new Clock());
    limiter.judge(octetsOf('198.51.100.1'), 4, answerClass.answer);
    limiter.judge(octetsOf('2001:db8:1:200::1'), 16, answerClass.answer);
    const octets = octetsOf(address);
    return limiter.judge(octets, octets.length, kind) === judgement.send;
  };
  assert.equal(fresh('198.51.100.255'), false);
  assert.equal(fresh('198.51.101.1'), true);
  assert.equal(fresh('198.51.100.1', answerClass.error), true);
  assert.equal(fresh('2001:db8:1:2ff:ffff::'), false);
  assert.equal(fresh('2001:db8:1:300::'), true);
  assert.equal(fresh('2001:db8:1:200::', answerClass.nxdomain), true);
});

test('a flood from many networks does not outgrow the table, and limited networks stay limited', () => {
  const limiter = new RateLimiter(settings(1), clockAt(1_000));
  let sent = 0;
  for (let i = 0; i < 200_000; i += 1) {
    if (limiter.judge(Uint8Array.of(11 + (i >> 16), i >> 8, i, 1), 4, answerClass.error) === judgement.send) sent += 1;
  }
  assert.equal(sent, 200_000);
  limiter.judge(octetsOf('198.51.100.1'), 4, answerClass.error);
  assert.equal(limiter.judge(octetsOf('198.51.100.1'), 4, answerClass.error), judgement.drop);
});

test('loopback and allowed prefixes are exempt', () => {
  const limiter = new RateLimiter(settings(1, 0, ['10.0.0.0/8', 'fc00::/7', '192.0.2.7']), new Clock());
  for (const [address, expected] of [
    ['127.0.0.1', true],
    ['127.255.255.255', true],
    ['::1', true],
    ['::2', false],
    ['10.0.0.0', true],
    ['10.255.255.255', true],
    ['9.255.255.255', false],
    ['11.0.0.0', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['fd12::1', true],
    ['fe00::1', false],
    ['2001:db8::1', false],
  ] as const) {
    const octets = octetsOf(address);
    assert.equal(limiter.exempts(octets, octets.length), expected, address);
  }
});

const zone = `host.example.   60 A  192.0.2.1
  *.wild.example. 60 A  192.0.2.2
  cut.example.    60 NS ns.elsewhere.`;
const stranger = clientAt('198.51.100.100');

/** Asks `times` times. Returns for each query `ok`, `tc` if the response is truncated, or `-` if none came. */
function flood(server: ReturnType<typeof serve>, query: Buffer, times: number, client = stranger): string[] {
  return Array.from({ length: times }, () => {
    const response = server.exchange(query, client);
    return response === undefined ? '-' : ((response[2] as number) & 0x02) !== 0 ? 'tc' : 'ok';
  });
}

test('over the limit every Nth query gets an empty response with TC, and the others get none', () => {
  const server = serve(zone, { settings: { rateLimit: settings(2, 2) }, clock: clockAt(1_000) });
  const query = encodeQuestion('host.example. A edns');
  assert.deepEqual(flood(server, query, 8), ['ok', 'ok', '-', 'tc', '-', 'tc', '-', 'tc']);
  server.exchange(query, stranger);
  const slipped = server.exchange(query, stranger);
  assert.ok(slipped);
  assert.equal(slipped.length, query.length, 'the response has more than the question and OPT');
  assert.deepEqual([slipped.readUInt16BE(4), slipped.readUInt16BE(6), slipped.readUInt16BE(8)], [1, 0, 0]);
  assert.equal((slipped[3] as number) & 15, 0);
  assert.deepEqual(
    flood(server, query, 3, clientAt('198.51.100.100', 'tcp')),
    ['ok', 'ok', 'ok'],
    'queries over TCP are limited',
  );
  assert.deepEqual(
    flood(server, query, 3, clientAt('127.0.0.1')),
    ['ok', 'ok', 'ok'],
    'queries from loopback are limited',
  );
});

test('each class of answers has its own limit and counter', () => {
  const counters = newResponseCounters();
  const server = serve(zone, { settings: { rateLimit: settings(1, 1) }, clock: clockAt(1_000), counters });
  const asked: [question: string, kind: string][] = [
    ['host.example. A', 'answer'],
    ['x.wild.example. A', 'wildcard'],
    ['host.example. MX', 'nodata'],
    ['none.example. A', 'nxdomain'],
    ['www.cut.example. A', 'referral'],
    ['elsewhere. A', 'error'],
  ];
  for (const [question] of asked)
    assert.deepEqual(flood(server, encodeQuestion(question), 3), ['ok', 'tc', 'tc'], question);
  const cells = new Float64Array(counters);
  const read = (name: string, value: string) =>
    cells[counterFamilies.find((family) => family.name === name)?.cells[value] as number];
  for (const [, kind] of asked) assert.equal(read('dns_rate_limited_total', kind), 2, kind);
  assert.equal(read('dns_rate_limit_slips_total', ''), 12);
  assert.equal(read('dns_queries_total', 'udp'), 18);
  assert.equal(read('dns_dropped_total', ''), 0);
});

test('queries with a good cookie are not limited, and those with a wrong cookie are', () => {
  const secrets = [Buffer.from('e5e973e5a6b2a43f48e7dc849e37bfcf', 'hex')];
  const server = serve(zone, {
    settings: { rateLimit: settings(1), cookies: { strict: false, secrets } },
    clock: clockAt(1559731985),
  });
  const ask = (data: string) => withOptions(encodeQuestion('host.example. A edns'), ednsOption(10, data));
  const good = '2464c4abcf10c957010000005cf79f111f8130c3eee29480';
  assert.deepEqual(flood(server, ask(good), 3), ['ok', 'ok', 'ok']);
  assert.deepEqual(flood(server, ask('2464c4abcf10c957'), 3), ['ok', '-', '-']);
  assert.deepEqual(flood(server, ask(good.replace(/80$/, '81')), 2), ['-', '-']);
  assert.deepEqual(flood(server, ask(good), 2), ['ok', 'ok']);
});
