// Durations in a TTL and in a SOA are read in the same way, as NSD reads them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from '../../src/model/duration.ts';
import { formatRdata, parseRdata } from '../../src/model/rdata/rdata.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';

const times: [text: string, seconds: number][] = [
  ['0', 0],
  ['007', 7],
  ['1W2d3h4M5s', 788_645],
  ['1h30', 3_630],
  ['1m1m', 120],
  ['4294967295', 4_294_967_295],
];

test('a duration is read in the same way as a TTL and in a SOA', () => {
  const type = parseRecordType('SOA');
  for (const [text, seconds] of times) {
    assert.equal(parseDuration(text), seconds, text);
    const rdata = parseRdata(type, `. . 1 ${text} ${text} ${text} ${text}`);
    assert.equal(formatRdata(type, rdata), `. . 1${` ${seconds}`.repeat(4)}`, text);
  }
});

test('text that is not a duration, or a duration that is too long, is refused', () => {
  const type = parseRecordType('SOA');
  for (const text of ['', '-1', '1x', 'h', '1.5h', '1h ', '4294967296', '7102w', '9'.repeat(400)]) {
    assert.throws(() => parseDuration(text), /not a duration|more than/, text);
    if (text.trim() === text) assert.throws(() => parseRdata(type, `. . 1 0 0 0 ${text}`), /SOA minimum/, text);
  }
});
