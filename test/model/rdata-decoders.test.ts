// The decoders of dns-packet and dns2 read our wire form. Their tables have the same numbers of types as ours.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import { parseRdata } from '../../src/model/rdata/rdata.ts';
import {
  knownRecordTypes,
  parseRecordType,
  parseTypeCode,
  recordTypeCode,
  typeCode,
} from '../../src/model/rdata/record-types.ts';

const require = createRequire(import.meta.url);
const dnsPacketTypes = require('dns-packet/types') as { toType(name: string): number };
const { Packet } = require('dns2') as {
  Packet: {
    TYPE: Record<string, number>;
    parse(message: Buffer): { answers: Record<string, unknown>[] };
  };
};

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Each row: a type, a text, and the result of decoding its octets with dns-packet. */
const byDnsPacket: [type: string, text: string, data: unknown][] = [
  ['A', '192.0.2.1', '192.0.2.1'],
  ['AAAA', '2001:db8::1', '2001:db8::1'],
  ['NS', 'ns1.example.', 'ns1.example'],
  ['CNAME', 'www.example.', 'www.example'],
  ['DNAME', 'new.example.', 'new.example'],
  ['PTR', 'host.example.', 'host.example'],
  ['HINFO', '"VAX-11/780" "UNIX"', { cpu: 'VAX-11/780', os: 'UNIX' }],
  ['NULL', '\\# 3 abcdef', hex('abcdef')],
  ['RP', 'admin.example. text.example.', { mbox: 'admin.example', txt: 'text.example' }],
  ['MX', '10 mail.example.', { preference: 10, exchange: 'mail.example' }],
  ['TXT', '"one" "two"', [Buffer.from('one'), Buffer.from('two')]],
  ['SRV', '1 2 5060 sip.example.', { priority: 1, weight: 2, port: 5060, target: 'sip.example' }],
  ['CAA', '128 issue "ca.example"', { flags: 128, tag: 'issue', value: 'ca.example', issuerCritical: true }],
  [
    'SOA',
    'ns1.example. admin.example. 1 2 3 4 5',
    { mname: 'ns1.example', rname: 'admin.example', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 },
  ],
  ['DNSKEY', '257 3 8 AQID', { flags: 257, algorithm: 8, key: hex('010203') }],
  [
    'RRSIG',
    'A 8 2 3600 20240102030405 20231231235959 4711 example. AQID',
    {
      typeCovered: 'A',
      algorithm: 8,
      labels: 2,
      originalTTL: 3600,
      expiration: Date.UTC(2024, 0, 2, 3, 4, 5) / 1000,
      inception: Date.UTC(2023, 11, 31, 23, 59, 59) / 1000,
      keyTag: 4711,
      signersName: 'example',
      signature: hex('010203'),
    },
  ],
  [
    'NSEC',
    'next.example. A MX RRSIG NSEC CAA',
    { nextDomain: 'next.example', rrtypes: ['A', 'MX', 'RRSIG', 'NSEC', 'CAA'] },
  ],
  [
    'NSEC3',
    '1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s MX RRSIG',
    {
      algorithm: 1,
      flags: 1,
      iterations: 12,
      salt: hex('aabbccdd'),
      nextDomain: hex('17f3df17b2b2adaef615257de4d2020b80ac6c7c'),
      rrtypes: ['MX', 'RRSIG'],
    },
  ],
  [
    'DS',
    '60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118',
    { keyTag: 60485, algorithm: 5, digestType: 1, digest: hex('2bb183af5f22588179a53b0a98631fad1a292118') },
  ],
  [
    'SSHFP',
    '2 1 123456789abcdef67890123456789abcdef67890',
    { algorithm: 2, hash: 1, fingerprint: '123456789ABCDEF67890123456789ABCDEF67890' },
  ],
  [
    'NAPTR',
    '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .',
    {
      order: 100,
      preference: 10,
      flags: 'u',
      services: 'E2U+sip',
      regexp: '!^.*$!sip:info@example.com!',
      replacement: '.',
    },
  ],
  ['TLSA', '3 1 0 aabbcc', { usage: 3, selector: 1, matchingType: 0, certificate: hex('aabbcc') }],
];

for (const [type, text, data] of byDnsPacket) {
  test(`dns-packet reads ${type} as we wrote it`, () => {
    assert.deepEqual(decode(messageWith(type, text)).answers[0]?.data, data);
  });
}

/** Each row: a type, a text, and the result of decoding its octets with dns2. */
const byDns2: [type: string, text: string, data: Record<string, unknown>][] = [
  ['A', '192.0.2.1', { address: '192.0.2.1' }],
  ['AAAA', '2001:db8:1:2:3:4:5:6', { address: '2001:db8:1:2:3:4:5:6' }],
  ['NS', 'ns1.example.', { ns: 'ns1.example' }],
  ['CNAME', 'www.example.', { domain: 'www.example' }],
  ['PTR', 'host.example.', { domain: 'host.example' }],
  ['MX', '10 mail.example.', { priority: 10, exchange: 'mail.example' }],
  ['SRV', '1 2 5060 sip.example.', { priority: 1, weight: 2, port: 5060, target: 'sip.example' }],
  [
    'SOA',
    'ns1.example. admin.example. 1 2 3 4 5',
    { primary: 'ns1.example', admin: 'admin.example', serial: 1, refresh: 2, retry: 3, expiration: 4, minimum: 5 },
  ],
  ['TXT', '"one" "two"', { data: ['one', 'two'] }],
  ['SPF', '"v=spf1 -all"', { data: ['v=spf1 -all'] }],
  ['DNSKEY', '257 3 8 AQID', { flags: 257, protocol: 3, algorithm: 8, key: 'AQID' }],
  ['CAA', '128 issue "ca.example"', { flags: 128, tag: 'issue', value: 'ca.example' }],
];

for (const [type, text, data] of byDns2) {
  test(`dns2 reads ${type} as we wrote it`, () => {
    const [answer = {}] = Packet.parse(messageWith(type, text)).answers;
    assert.equal(answer.type, recordTypeCode(parseRecordType(type)));
    assert.deepEqual(Object.fromEntries(Object.keys(data).map((key) => [key, answer[key]])), data);
  });
}

/** Returns a response with one record at the root. */
function messageWith(typeName: string, text: string): Buffer {
  const type = parseRecordType(typeName);
  const rdata = parseRdata(type, text);
  const record = Buffer.alloc(11);
  record.writeUInt16BE(recordTypeCode(type), 1);
  record.writeUInt16BE(1, 3);
  record.writeUInt32BE(3600, 5);
  record.writeUInt16BE(rdata.length, 9);
  return Buffer.concat([hex('000084000000000100000000'), record, rdata]);
}

test('dns-packet has the same numbers for the types that it knows', () => {
  let known = 0;
  for (const type of knownRecordTypes()) {
    const theirs = dnsPacketTypes.toType(type);
    if (theirs === 0) continue;
    assert.equal(recordTypeCode(type), theirs, type);
    known += 1;
  }
  assert.ok(known > 35);
});

test('dns2 has the same numbers for the types that it knows', () => {
  for (const [type, theirs] of Object.entries(Packet.TYPE)) {
    assert.equal(parseTypeCode(type === 'EDNS' ? 'OPT' : type), theirs, type);
  }
});

/**
 * A type that BIND 9.18 and both decoders lack → its number, from copies of IANA's registry in other projects, read in
 * 2026.
 */
const byCopies = { UNECE: 69, ISO: 70, NXNAME: 128, CLA: 263, IPN: 264 };

test('our numbers of types that BIND and the decoders lack are those of the registry', () => {
  for (const [type, theirs] of Object.entries(byCopies)) assert.equal(parseTypeCode(type), theirs, type);
});

test('no two types have the same number, and the numbers in `typeCode` are those of the list of record types', () => {
  const codes = knownRecordTypes().map(recordTypeCode);
  assert.deepEqual(
    codes,
    [...new Set(codes)].sort((a, b) => a - b),
  );
  for (const [type, code] of Object.entries(typeCode)) assert.equal(parseTypeCode(type), code, type);
});

test('types that occur only in messages cannot be used in a zone', () => {
  for (const type of [
    'OPT',
    'NXNAME',
    'TKEY',
    'TSIG',
    'IXFR',
    'AXFR',
    'MAILB',
    'MAILA',
    'ANY',
    'TYPE0',
    'TYPE41',
    'TYPE200',
  ]) {
    assert.throws(() => parseRecordType(type), /is not a type that a zone can hold/, type);
  }
  for (const type of ['TYPE65', 'TYPE00065', 'type65', 'https']) assert.equal(parseRecordType(type), 'HTTPS');
});

/** Rdata that neither BIND 9.18 nor the decoders read, with octets that were written by hand, from the documents. */
const byHand: [type: string, text: string, octets: string][] = [
  ['IPN', '1.2', '0000000100000002'],
  ['IPN', '3735928559', '00000000deadbeef'],
  ['CLA', '"TCP-v4-v6" "LTP-v6-v7"', '095443502d76342d7636094c54502d76362d7637'],
  ['SVCB', '1 a. alpn=h2 ohttp', '000101610000010003026832 00080000'],
  ['SVCB', '1 a. docpath=n,s', '0001016100000a000401 6e 01 73'],
  ['SVCB', '1 a. docpath', '0001016100000a0000'],
  ['NSEC', 'a. A NXNAME', '016100 0011 4000000000000000000000000000000080'],
];

for (const [type, text, octets] of byHand) {
  test(`${type} ${text} has the octets that its document defines`, () => {
    const wire = Buffer.from(parseRdata(parseRecordType(type), text));
    assert.equal(wire.toString('hex'), octets.replaceAll(' ', ''));
  });
}
