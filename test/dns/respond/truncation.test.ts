// Answers that do not fit: RFC 6891 §6.2 for the size limit, RFC 2181 §9 for TC, RFC 9471 for glue.
// src/dns/respond/response-message.ts cites this test.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord } from 'dns-packet';
import { answers, encodeQuestion, formatRecord, serve } from '../../support/answers.ts';

const many = (count: number, owner: string, type: string, rdata: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => `${owner} 60 ${type} ${rdata(i)}`);
const address = (i: number) => `192.0.2.${i}`;
const long = (i: number) => `"${String(i).padStart(3, '0')}${'x'.repeat(197)}"`;

const zone = [
  ...many(30, 'a30.example.', 'A', address),
  ...many(31, 'a31.example.', 'A', address),
  ...many(75, 'a75.example.', 'A', address),
  ...many(76, 'a76.example.', 'A', address),
  ...many(10, 'texts.example.', 'TXT', long),
  'alias.example. 60 CNAME a76.example.',
  ...many(2, 'mail.example.', 'MX', (i) => `${i} a${i === 0 ? 31 : 76}.example.`),
  ...many(20, 'cut.example.', 'NS', (i) => `ns${i}.cut.example.`),
  ...Array.from({ length: 20 }, (_, i) => `ns${i}.cut.example. 60 A 192.0.2.${i}`),
  ...Array.from({ length: 20 }, (_, i) => `ns${i}.cut.example. 60 AAAA 2001:db8::${i}`),
  ...many(20, 'sibling.example.', 'NS', (i) => `ns${i}.cut.example.`),
];
const records = (count: number, owner: string) => many(count, owner, 'A', address);

answers(
  'RFC 6891 §6.2: a response has at most 512 octets without OPT, at most 1232 with it, and everything over a connection',
  zone.join('\n'),
  [
    ['a30.example. A', 'NOERROR', records(30, 'a30.example.')],
    ['a31.example. A', 'NOERROR tc', []],
    ['a31.example. A edns', 'NOERROR', records(31, 'a31.example.')],
    ['a31.example. A size=100', 'NOERROR tc', []],
    ['a31.example. A size=512', 'NOERROR tc', []],
    ['a75.example. A edns', 'NOERROR tc', []],
    ['a75.example. A size=4096', 'NOERROR tc', []],
    ['a76.example. A tcp', 'NOERROR', records(76, 'a76.example.')],
    ['a76.example. A tcp size=512', 'NOERROR', records(76, 'a76.example.')],
    ['texts.example. TXT edns', 'NOERROR tc', []],
    ['texts.example. TXT tcp', 'NOERROR', many(10, 'texts.example.', 'TXT', long)],
    ['alias.example. A', 'NOERROR tc', ['alias.example. 60 CNAME a76.example.']],
    // The addresses of mail hosts are optional. Leaving them out does not set TC.
    [
      'mail.example. MX',
      'NOERROR',
      ['mail.example. 60 MX 0 a31.example.', 'mail.example. 60 MX 1 a76.example.'],
      [],
      [],
    ],
  ],
);

const far = `${['t', 'u', 'v'].map((letter) => letter.repeat(60)).join('.')}.`;

answers(
  'RFC 6672 §3.1: the CNAME that a DNAME makes is left out with TC if it does not fit',
  `dn.example. 60 DNAME ${far}`,
  [[`${'k'.repeat(63)}.dn.example. A`, 'NOERROR tc', [`dn.example. 60 DNAME ${far}`]]],
);

test('RFC 9471 §3.1: TC is set if glue below the delegation does not fit', () => {
  const { ask } = serve(zone.join('\n'));
  const small = ask('x.cut.example. A');
  assert.equal(small.flag_tc, true);
  assert.equal(small.authorities.length, 20);
  const whole = ask('x.cut.example. A tcp');
  assert.equal(whole.flag_tc, false);
  assert.equal(whole.additionals.length, 40);
});

for (const [count, types] of [
  [200, ['A', 'AAAA']],
  // With so many servers, most of their names are beyond the reach of compression pointers (RFC 1035 §4.1.4).
  [1_200, ['A']],
] as const) {
  test(`RFC 9471 §3.1: a delegation to ${count} servers comes with all of its glue over a connection`, () => {
    const glue = Array.from({ length: count }, (_, i) =>
      types.map(
        (type) => `ns${i}.cut.example. 60 ${type} ${type === 'A' ? `10.0.${i >> 8}.${i & 255}` : `2001:db8::${i + 1}`}`,
      ),
    ).flat();
    const { ask } = serve([...many(count, 'cut.example.', 'NS', (i) => `ns${i}.cut.example.`), ...glue].join('\n'));
    const whole = ask('x.cut.example. A tcp');
    assert.equal(whole.flag_tc, false);
    assert.equal(whole.authorities.length, count);
    assert.deepEqual(whole.additionals.map((record) => formatRecord(record as ResourceRecord)).sort(), glue.sort());
  });
}

test('RFC 9471 §3.1: TC is set over a connection if glue does not fit into 65,535 octets', () => {
  const count = 3_000;
  const glue = Array.from({ length: count }, (_, i) => `ns${i}.cut.example. 60 A 10.0.${i >> 8}.${i & 255}`);
  const { ask } = serve([...many(count, 'cut.example.', 'NS', (i) => `ns${i}.cut.example.`), ...glue].join('\n'));
  const response = ask('x.cut.example. A tcp');
  assert.equal(response.flag_tc, true);
  assert.equal(response.authorities.length, count);
});

test('RFC 9471 §3.2: glue of siblings that does not fit is left out without TC', () => {
  const { ask } = serve(zone.join('\n'));
  const small = ask('x.sibling.example. A');
  assert.equal(small.flag_tc, false);
  assert.equal(small.authorities.length, 20);
  assert.ok(small.additionals.length < 40);
});

test('every size limit between 512 and 1232 is kept, and an RRset that just fits is sent', () => {
  const { exchange } = serve(
    Array.from({ length: 80 }, (_, i) => many(i, `n${i}.example.`, 'A', address))
      .flat()
      .join('\n'),
  );
  for (let size = 512; size <= 1300; size += 1) {
    for (let i = 20; i < 80; i += 1) {
      const query = encodeQuestion(`n${i}.example. A size=${size}`);
      const whole = query.length + 16 * i;
      const response = exchange(query);
      assert.ok(response && response.length <= Math.min(size, 1232));
      const truncated = ((response[2] as number) & 2) !== 0;
      assert.equal(truncated, whole > Math.min(size, 1232));
      assert.equal(response.length, truncated ? query.length : whole);
    }
  }
});
