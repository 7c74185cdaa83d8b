// Whatever comes in: no exception, and a response that is whole, not too large, and echoes the id. The zones change meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import type { Client } from '../../../src/dns/respond/exchange.ts';
import { parseName } from '../../../src/model/name.ts';
import type { RecordType } from '../../../src/model/rdata/record-types.ts';
import type { Revision } from '../../../src/model/revision.ts';
import type { Rrset } from '../../../src/model/rrset.ts';
import {
  clientAt,
  clockAt,
  ednsOption,
  encodeQuestion,
  type Server,
  serve,
  withOptions,
} from '../../support/answers.ts';

const rounds = 200_000;
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

const labels = ['a', 'b', '*', 'cut', 'dn', 'alias', '_tcp', 'x'.repeat(63)];
const types = [
  'A',
  'AAAA',
  'NS',
  'SOA',
  'MX',
  'TXT',
  'CNAME',
  'DNAME',
  'DS',
  'ANY',
  'AXFR',
  'SRV',
  'OPT',
  'TYPE65280',
  'TYPE250',
];
const zone = `
  example.         60 NS ns.example.
  ns.example.      60 A 192.0.2.1
  $ZONE sub.example.
  a.sub.example.   60 CNAME b.example.
  $ZONE other.
  *.other.         60 CNAME a.b.example.`;

const rrset = (type: string, ...records: string[]): Rrset => ({ type: type as RecordType, ttl: 60, records });
const texts = Array.from({ length: 40 }, (_, i) => `"${i} ${'t'.repeat(i * 6)}"`);
const contents: Rrset[][] = [
  [rrset('A', '192.0.2.1', '192.0.2.2')],
  [rrset('CNAME', 'a.other.')],
  [rrset('CNAME', 'a.b.example.')],
  [rrset('NS', 'ns.cut.example.', 'a.example.', 'b.cut.example.', 'far.away.')],
  [rrset('TYPE39', '\\# 9 076578616d706c6500')],
  [rrset('TYPE39', '\\# 12 02646e076578616d706c6500'), rrset('A', '192.0.2.3')],
  [rrset('MX', '1 a.example.', '2 b.cut.example.'), rrset('SRV', '0 0 1 a.b.example.')],
  [rrset('TXT', ...texts)],
  [rrset('A', ...Array.from({ length: 90 }, (_, i) => `192.0.2.${i}`)), rrset('AAAA', '2001:db8::1')],
];

const clock = clockAt(1559731985);
const goodCookie = '2464c4abcf10c957010000005cf79f111f8130c3eee29480';
const settings = {
  nsid: 'n'.repeat(63),
  chaos: { server: 's'.repeat(63), version: 'v' },
  cookies: { strict: seed % 2 === 0, secrets: [Buffer.from('e5e973e5a6b2a43f48e7dc849e37bfcf', 'hex')] },
};

let state = seed;
const random = (below: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;

test(`any octets (FUZZ_SEED=${seed})`, () => {
  const server = serve(zone, { settings, clock });
  const base: Buffer[] = [];
  for (let i = 0; i < 400; i += 1) {
    const how = pick(['', 'edns', 'do', 'size=600']);
    const question = random(20) === 0 ? 'id.server. TXT CH' : `${randomName()} ${pick(types)}`;
    const query = encodeQuestion(`${question} ${how}`.trim());
    base.push(how === '' ? query : withOptions(query, ...randomOptions()));
  }
  let answered = 0;
  for (let round = 0; round < rounds; round += 1) {
    if (round % 50 === 0) change(server);
    const transport = pick<Client['transport']>(['udp', 'udp', 'udp', 'tcp', 'https']);
    const query = mutate(pick(base), pick(base));
    const before = `round ${round}: ${query.toString('hex')}`;
    const response = server.exchange(query, clientAt(pick(['198.51.100.100', '2001:db8::99']), transport));
    if (response === undefined) {
      assert.ok(query.length < 12 || ((query[2] as number) & 0x80) !== 0, before);
      continue;
    }
    answered += 1;
    try {
      check(query, response, transport, round % 8 === 0);
    } catch (error) {
      throw new Error(`${before} → ${response.toString('hex')}`, { cause: error });
    }
  }
  assert.ok(answered > rounds / 2);
});

/** A few, one of them a good cookie now and then; some lengths lie. */
function randomOptions(): Buffer[] {
  return Array.from({ length: random(4) }, () => {
    const data = pick(['', '2464c4abcf10c957', goodCookie, `${goodCookie}00`, 'ab'.repeat(random(50))]);
    const option = ednsOption(pick([3, 10, 10, 15, 8, 65_001]), data);
    if (random(10) === 0) option[3] = random(256);
    return option;
  });
}

function randomName(): string {
  const count = random(20) === 0 ? 100 : random(5);
  const below = Array.from({ length: count }, () => pick(labels.slice(0, count > 5 ? 2 : 8))).join('.');
  const name = `${below}.${pick(['example', 'sub.example', 'other', 'dn.example', 'elsewhere', ''])}.`.replace(
    /^\.|\.\.+/g,
    '.',
  );
  return name.replace(/^\.(?=.)/, '');
}

function change({ writer }: Server): void {
  const served = writer.servedZone(parseName('example'));
  assert.ok(served);
  const name = parseName(
    pick(
      ['a', 'b', '*', 'cut', 'dn', 'alias', 'a.b', '*.b', 'b.cut', 'ns.cut', 'a.dn', 'x.y.z'].map(
        (label) => `${label}.example`,
      ),
    ),
  );
  if (random(3) === 0) writer.deleteNode(served, name);
  else writer.putNode(served, name, pick(contents), 1 as Revision);
}

function mutate(message: Buffer, other: Buffer): Buffer {
  let query = Buffer.from(message);
  if (random(3) > 0) {
    for (let left = random(4); left > 0; left -= 1)
      query[random(query.length)] = random(2) === 0 ? random(256) : pick([0, 1, 12, 41, 63, 64, 192, 255]);
    const kind = random(12);
    if (kind === 0) query = query.subarray(0, random(query.length + 1));
    if (kind === 1) query = Buffer.concat([query, other.subarray(random(other.length))]);
    if (kind === 2)
      query = Buffer.concat([query.subarray(0, random(query.length)), other.subarray(random(other.length))]);
    if (kind === 3 && query.length > 12) query[pick([5, 7, 9, 11])] = random(4);
  }
  if (query.length > 2 && random(20) > 0) query[2] = (query[2] as number) & 0x7f;
  return query;
}

function check(query: Buffer, response: Buffer, transport: string, decodes: boolean): void {
  assert.deepEqual(response.subarray(0, 2), query.subarray(0, 2), 'the id');
  assert.equal((response[2] as number) & 0xf8, ((query[2] as number) & 0x78) | 0x80, 'QR and opcode');
  assert.ok(transport !== 'udp' || response.length <= 1232);
  const rcode = (response[3] as number) & 0x0f;
  assert.ok(rcode !== 2, 'never SERVFAIL');
  let at = 12;
  if (response.readUInt16BE(4) === 1) {
    at = afterName(response, at) + 4;
    assert.deepEqual(response.subarray(12, at), query.subarray(12, at), 'the question');
  }
  const records = response.readUInt16BE(6) + response.readUInt16BE(8) + response.readUInt16BE(10);
  let opts = 0;
  for (let i = 0; i < records; i += 1) {
    const fixed = afterName(response, at);
    if (response.readUInt16BE(fixed) === 41) opts += 1;
    at = fixed + 10 + response.readUInt16BE(fixed + 8);
  }
  assert.equal(at, response.length, 'nothing is missing, nothing is too much');
  if (opts === 0 && transport === 'udp') assert.ok(response.length <= 512);
  assert.ok(opts <= 1);
  if (decodes && rcode !== 9) decode(response);
}

/** Follows pointers to their end: each must lead back. */
function afterName(message: Buffer, offset: number): number {
  let at = offset;
  let end = 0;
  let octets = 1;
  for (;;) {
    const length = message.readUInt8(at);
    if (length >= 0xc0) {
      if (end === 0) end = at + 2;
      const target = message.readUInt16BE(at) & 0x3fff;
      assert.ok(target < at && target >= 12, 'a pointer leads back');
      at = target;
      continue;
    }
    assert.ok(length < 64);
    if (length === 0) return end === 0 ? at + 1 : end;
    octets += 1 + length;
    assert.ok(octets <= 255, 'no name is too long');
    at += 1 + length;
  }
}
