// Queries that cannot be read, or that ask for what we do not serve: each gets the rcode of RFC 1035, 6891, 6895, 8945
// or 9619, or no response.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeQuestion, serve } from '../../support/answers.ts';

const server = serve('host.example. 60 A 192.0.2.1');
const plain = encodeQuestion('host.example. A');
const withOpt = encodeQuestion('host.example. A edns');
const optAt = plain.length;

/** Returns a copy with some octets changed. */
function changed(message: Buffer, octets: Record<number, number>): Buffer {
  const copy = Buffer.from(message);
  for (const [at, octet] of Object.entries(octets)) copy[Number(at)] = octet;
  return copy;
}

const cut = (message: Buffer, length: number) => message.subarray(0, length);
const join = (...parts: (Buffer | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const rcodeOf = (response: Buffer) => (response[3] as number) & 0x0f;
/** A TSIG record (RFC 8945 §4.2): key `k.`, algorithm `hmac-sha256.`, a MAC of 32 octets. */
const tsigFixed = [1, 0x6b, 0, 0, 250, 0, 255, 0, 0, 0, 0];
const algorithm = [11, ...Buffer.from('hmac-sha256'), 0];
const tsigRdata = [...algorithm, 0, 0, 0x65, 0, 0, 1, 1, 0x2c, 0, 32, ...new Array(32).fill(7), 0x12, 0x67, 0, 0, 0, 0];
const tsig = [...tsigFixed, 0, tsigRdata.length, ...tsigRdata];
const opt = [...withOpt.subarray(optAt)];
const optWith = (options: number[]) => join(cut(withOpt, withOpt.length - 2), [0, options.length], options);
const a = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];

/** `echoed`: the response repeats the question. `opt`: the response has an OPT record. */
const rows: [string, Buffer, rcode: number, echoed: boolean, opt: boolean][] = [
  ['RFC 9619: no question', changed(cut(plain, 12), { 5: 0 }), 1, false, false],
  ['RFC 9619: two questions', join(changed(plain, { 5: 2 }), plain.subarray(12)), 1, false, false],
  ['the question is cut short', cut(plain, plain.length - 1), 1, false, false],
  ['the name is cut short', cut(plain, 15), 1, false, false],
  ['a header alone that promises a question', cut(plain, 12), 1, false, false],
  ['a compression pointer in the question', join(cut(plain, 12), [0xc0, 12, 0, 1, 0, 1]), 1, false, false],
  ['a label of an unknown kind', join(cut(plain, 12), [0x41, 0, 0, 1, 0, 1]), 1, false, false],
  [
    'a name of 256 octets',
    join(cut(plain, 12), new Array(127).fill([1, 97]).flat(), [1, 97, 0, 0, 1, 0, 1]),
    1,
    false,
    false,
  ],
  ['garbage after the message', join(plain, [0]), 1, true, false],
  ['garbage after OPT', join(withOpt, [0]), 1, true, true],
  ['a record is promised and missing', changed(plain, { 11: 1 }), 1, true, false],
  ['a record is cut short', cut(changed(withOpt, {}), withOpt.length - 1), 1, true, false],
  ['RFC 6891 §6.1.1: two OPT', changed(join(withOpt, opt), { 11: 2 }), 1, true, true],
  ['RFC 6891 §6.1.2: OPT is not of the root', changed(join(plain, [1, 97], opt), { 11: 1 }), 1, true, true],
  ['RFC 6891 §6.1.1: OPT in the answer section', changed(withOpt, { 7: 1, 11: 0 }), 1, true, true],
  ['RFC 6891 §6.1.2: an option is cut short', optWith([0, 10, 0, 8, 1]), 1, true, true],
  ['RFC 6891 §6.1.2: an option has no length', optWith([0, 10, 0]), 1, true, true],
  ['RFC 6891 §6.1.3: a version that we do not know', changed(withOpt, { [optAt + 6]: 1 }), 0, true, true],
  [
    'RFC 6891 §6.1.2: options that we do not know are ignored',
    optWith([0xfd, 0xe9, 0, 2, 1, 2, 0, 3, 0, 0]),
    0,
    true,
    true,
  ],
  ['RFC 6891 §6.1.4: flags that we do not know are ignored', changed(withOpt, { [optAt + 8]: 0x7f }), 0, true, true],
  [
    'records that mean nothing in a query are skipped',
    changed(join(plain, a, a, a), { 7: 1, 9: 1, 11: 1 }),
    0,
    true,
    false,
  ],
  ['RFC 6895 §2.2: IQUERY, which is obsolete', changed(plain, { 2: 1 << 3 }), 4, true, false],
  ['RFC 1996: NOTIFY with garbage behind it', changed(join(plain, [0]), { 2: 4 << 3 }), 1, true, false],
  ['RFC 1996: NOTIFY without a question', changed(cut(plain, 12), { 2: 4 << 3, 5: 0 }), 1, false, false],
  ['RFC 6895 §2.2: UPDATE, with an OPT', changed(withOpt, { 2: 5 << 3 }), 4, true, true],
  ['RFC 8490: DSO has no question', changed(cut(plain, 12), { 2: 6 << 3, 5: 0 }), 4, false, false],
  [
    'RFC 6895 §2.2: an opcode nobody knows, and garbage',
    changed(join(plain, [1, 2, 3]), { 2: 15 << 3 }),
    4,
    true,
    false,
  ],
  ['class CH', changed(plain, { [optAt - 1]: 3 }), 5, true, false],
  ['class ANY', changed(plain, { [optAt - 1]: 255 }), 5, true, false],
  ['AXFR', changed(plain, { [optAt - 3]: 252 }), 5, true, false],
  ['IXFR', changed(plain, { [optAt - 3]: 251 }), 5, true, false],
  ['MAILA', changed(plain, { [optAt - 3]: 254 }), 4, true, false],
  ['TKEY', changed(plain, { [optAt - 3]: 249 }), 4, true, false],
  ['OPT as what is asked for', changed(plain, { [optAt - 3]: 41 }), 1, true, false],
  ['RFC 9824 §3.5: NXNAME as what is asked for', changed(withOpt, { [optAt - 3]: 128 }), 1, true, true],
  ['RFC 8945 §5.1: TSIG is not the last', changed(join(plain, tsig, a), { 11: 2 }), 1, true, false],
  ['RFC 8945 §5.1: TSIG before OPT', changed(join(plain, tsig, opt), { 11: 2 }), 1, true, true],
  ['RFC 8945 §5.1: two TSIG', changed(join(withOpt, tsig, tsig), { 11: 3 }), 1, true, true],
  ['RFC 8945 §5.1: TSIG in the answer section', changed(join(plain, tsig, opt), { 7: 1, 11: 1 }), 1, true, true],
];

const octets = (count: number) => new Array(count).fill(7);
for (const [what, rdata] of [
  ['no rdata', []],
  ['half an algorithm', algorithm.slice(0, 5)],
  ['a compressed algorithm', [0xc0, 12, ...tsigRdata.slice(algorithm.length)]],
  ['an algorithm alone', algorithm],
  ['a MAC that is longer than the record', [...algorithm, ...octets(8), 0xff, 0xff, ...octets(6)]],
  ['no error field', tsigRdata.slice(0, -4)],
  ['other data that are missing', [...tsigRdata.slice(0, -1), 6]],
  ['octets behind its end', [...tsigRdata, 0]],
] as const) {
  const query = changed(join(withOpt, tsigFixed, [0, rdata.length], [...rdata]), { 11: 2 });
  rows.push([`RFC 8945 §5.2: TSIG with ${what}`, query, 1, true, true]);
}

for (const [title, query, rcode, echoed, hasOpt] of rows) {
  test(`${title}: the response has the right rcode, question and OPT`, () => {
    const response = server.exchange(query);
    assert.ok(response);
    assert.equal(rcodeOf(response), rcode);
    assert.deepEqual(response.subarray(0, 2), query.subarray(0, 2), 'the response has another id');
    assert.equal(response[2], 0x80 | ((query[2] as number) & 0x79) | (rcode === 0 && response[7] === 1 ? 0x04 : 0));
    assert.equal(response.readUInt16BE(4), echoed ? 1 : 0);
    if (echoed)
      assert.deepEqual(response.subarray(12, optAt), query.subarray(12, optAt), 'the response has another question');
    assert.equal(
      response.readUInt16BE(10),
      hasOpt ? 1 : 0,
      'the response has an OPT record, or lacks one, against the table',
    );
    if (hasOpt) assert.ok(response.includes(Buffer.from([0, 0, 41, 0x04, 0xd0])));
  });
}

test('RFC 6891 §6.1.3: BADVERS is in the OPT record of a response without an answer', () => {
  const response = server.exchange(changed(withOpt, { [optAt + 6]: 1 }));
  assert.ok(response);
  assert.deepEqual([...response.subarray(-6)], [1, 0, 0, 0, 0, 0]);
  assert.equal(response.readUInt16BE(6), 0);
});

test('a message shorter than a header, or with QR set, gets no response', () => {
  for (let length = 0; length < 12; length += 1) assert.equal(server.exchange(cut(plain, length)), undefined);
  assert.equal(server.exchange(changed(plain, { 2: 0x80 })), undefined);
  assert.equal(server.exchange(changed(cut(plain, 12), { 2: 0x80 })), undefined);
});

test('RFC 8945 §5.3.2: an unknown key gets NOTAUTH with an unsigned TSIG record with BADKEY', () => {
  const response = server.exchange(changed(join(plain, tsig), { 11: 1 }));
  assert.ok(response);
  assert.equal(rcodeOf(response), 9);
  const rdata = [...algorithm, 0, 0, 0x65, 0, 0, 1, 1, 0x2c, 0, 0, 0x12, 0x67, 0, 17, 0, 0];
  assert.deepEqual([...response.subarray(optAt)], [...tsigFixed, 0, rdata.length, ...rdata]);
});

test('RFC 1035 §4.1.1, RFC 4035 §3.1.6: RD is copied, and RA, AD and CD are never set', () => {
  for (const [flags, more] of [
    [0x01, 0x00],
    [0x00, 0x10],
    [0x07, 0xff],
  ] as const) {
    const response = server.exchange(changed(plain, { 2: flags, 3: more }));
    assert.equal(response?.[2], 0x84 | (flags & 0x01));
    assert.equal(response?.[3], 0);
  }
});

test('RFC 1035 §2.3.3, RFC 4343: a question in any case gets the answer, and is repeated in its case', () => {
  const response = server.exchange(encodeQuestion('HoSt.eXAMPLe. A'));
  assert.ok(response);
  assert.equal(response.readUInt16BE(6), 1);
  assert.equal(response.toString('latin1', 13, 17), 'HoSt');
  assert.equal(response.toString('latin1', 18, 25), 'eXAMPLe');
  assert.equal(response.readUInt16BE(optAt), 0xc00c);
});
