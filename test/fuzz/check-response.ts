// Checks what must hold for every response to any query. Reads the octets itself and decodes with dns-packet, never
// with our own code.

import assert from 'node:assert/strict';
import { decode } from 'dns-packet';

const ourUdpSize = 1232;
const OPT = 41;

export function checkResponse(query: Buffer, response: Buffer, transport: string): void {
  assert.ok(response.length >= 12 && query.length >= 12, 'the query or the response is shorter than a header');
  assert.equal(response.readUInt16BE(0), query.readUInt16BE(0), 'the response has another id');
  const [asked, got] = [query.readUInt16BE(2), response.readUInt16BE(2)];
  assert.equal(got & 0xf800, (asked & 0x7800) | 0x8000, 'QR is not set, or the opcode is another one');
  assert.equal(got & 0x01f0, asked & 0x0100, 'RD is not copied, or RA, Z, AD or CD is set');
  assert.notEqual(got & 0x0f, 2, 'the response is SERVFAIL');
  const questions = response.readUInt16BE(4);
  assert.ok(questions <= 1);
  let at = 12;
  if (questions === 1) {
    at = afterName(response, at) + 4;
    assert.ok(response.subarray(12, at).equals(query.subarray(12, at)), 'the question is not repeated octet by octet');
  }
  const opts = countOpts(response, at);
  assert.ok(
    response.length <= limitFor(query, opts, transport),
    `the response has ${response.length} octets, which are too many`,
  );
  const message = decode(response);
  assert.equal(message.questions.length, questions);
  assert.equal(message.additionals.filter(({ type }) => type === 'OPT').length, opts);
}

/** Returns the number of OPT records, which may be 0 or 1. Asserts that the records end where the message ends. */
function countOpts(response: Buffer, start: number): number {
  let at = start;
  let opts = 0;
  const records = response.readUInt16BE(6) + response.readUInt16BE(8) + response.readUInt16BE(10);
  for (let i = 0; i < records; i += 1) {
    const fixed = afterName(response, at);
    if (response.readUInt16BE(fixed) === OPT) opts += 1;
    at = fixed + 10 + response.readUInt16BE(fixed + 8);
  }
  assert.equal(at, response.length, 'the records do not end where the message ends');
  assert.ok(opts <= 1, 'more than one OPT record');
  return opts;
}

/**
 * Returns the maximum length of the response (RFC 6891 §6.2.5): the size that the client accepts, at most our own
 * limit. If a query is broken, announcedSize() may not find its OPT record. An OPT record in the response then shows
 * that the query had one.
 */
function limitFor(query: Buffer, opts: number, transport: string): number {
  if (transport !== 'udp') return 65_535;
  if (opts === 0) return 512;
  return Math.min(ourUdpSize, Math.max(512, announcedSize(query) ?? ourUdpSize));
}

/** Returns the UDP size in a query that has one question, one OPT record and nothing else; undefined for others. */
function announcedSize(query: Buffer): number | undefined {
  if (query.readUInt32BE(4) !== 0x0001_0000 || query.readUInt32BE(8) !== 1) return undefined;
  let at = 12;
  while (at < query.length && query.readUInt8(at) !== 0) at += 1 + query.readUInt8(at);
  at += 5;
  return at + 5 <= query.length && query[at] === 0 && query.readUInt16BE(at + 1) === OPT
    ? query.readUInt16BE(at + 3)
    : undefined;
}

/** Returns the offset after a name. Follows its compression pointers, which must point backwards. */
function afterName(message: Buffer, offset: number): number {
  let at = offset;
  let end = 0;
  let octets = 1;
  for (;;) {
    const length = message.readUInt8(at);
    if (length >= 0xc0) {
      if (end === 0) end = at + 2;
      const target = message.readUInt16BE(at) & 0x3fff;
      assert.ok(target < at && target >= 12, 'a compression pointer does not point backwards');
      at = target;
      continue;
    }
    assert.ok(length < 64);
    if (length === 0) return end === 0 ? at + 1 : end;
    octets += 1 + length;
    assert.ok(octets <= 255, 'a name is longer than 255 octets');
    at += 1 + length;
  }
}
