// RFC 1035 §4.1.4, RFC 3597 §4: names that share a suffix with the question are compressed, and names that only look
// alike are not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import { encodeQuestion, serve } from '../../support/answers.ts';

const { exchange } = serve(`
  example.           60 NS    ns.example.
  example.           60 MX    10 example.
  ns.example.        60 A     192.0.2.1
  a.b.example.       60 CNAME x.b.example.
  self.example.      60 PTR   self.example.
  trap.example.      60 NS    ns.trap.example.
  p.example.         60 PTR   xexample.
  q.example.         60 PTR   .
  s.example.         60 SRV   0 0 1 s.example.
  d.example.         60 TYPE39 \\# 9 076578616d706c6500`);

const header = 12;

/** Returns the rdata of the first record behind the question. */
function rdata(question: string): Buffer {
  const query = encodeQuestion(question);
  const response = exchange(query);
  assert.ok(response);
  decode(response);
  const at = query.length + 10;
  return response.subarray(at + 2, at + 2 + response.readUInt16BE(at));
}

test('a name is compressed against the longest suffix that it shares with the question', () => {
  assert.deepEqual([...rdata('example. NS')], [2, 0x6e, 0x73, 0xc0, header]);
  assert.deepEqual([...rdata('example. MX')], [0, 10, 0xc0, header]);
  assert.deepEqual([...rdata('a.b.example. CNAME')], [1, 0x78, 0xc0, header + 2]);
  assert.deepEqual([...rdata('self.example. PTR')], [0xc0, header]);
});

test('octets that are the same, but have other label boundaries, are not compressed', () => {
  assert.equal(rdata('p.example. PTR').toString('latin1'), '\x08xexample\x00');
  assert.deepEqual([...rdata('q.example. PTR')], [0]);
});

test('RFC 2782, RFC 6672 §2.5: the rdata of SRV and DNAME is not compressed', () => {
  assert.equal(rdata('s.example. SRV').toString('latin1', 6), '\x01s\x07example\x00');
  assert.equal(rdata('d.example. DNAME').toString('latin1'), '\x07example\x00');
});

test('the owner of a record after an alias is the name in the rdata of the alias, and decodes correctly', () => {
  const { exchange: ask } = serve(`
    $ZONE example.
    w.example.       60 CNAME v.u.other.
    $ZONE other.
    v.u.other.       60 CNAME far.away.other.
    *.other.         60 NS    n.other.
    y.other.         60 CNAME gone.w.example.`);
  for (const question of ['w.example. A', 'y.other. A', 'w.example. NS tcp']) {
    const response = ask(encodeQuestion(question));
    assert.ok(response);
    const { answers, authorities } = decode(response);
    for (const [i, record] of answers.entries()) {
      if (i > 0) assert.equal(record.name, answers[i - 1]?.data);
    }
    for (const record of authorities) assert.ok(['example', 'other'].includes(record.name));
  }
});
