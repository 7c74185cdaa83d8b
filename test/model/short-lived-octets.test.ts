// Octets for a moment: all 0 at first, and never shared.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortLivedCopy, shortLivedOctets } from '../../src/model/short-lived-octets.ts';

test('octets are all 0, and belong to one caller', () => {
  const lengths = Array.from({ length: 3_000 }, (_, i) => (i * 37) % 700);
  const given = [...lengths, 2 ** 15, 2 ** 15 + 1, 2 ** 20, 3].map((length) => {
    const octets = shortLivedOctets(length);
    assert.equal(octets.length, length);
    assert.ok(octets.every((octet) => octet === 0));
    return octets;
  });
  for (const [i, octets] of given.entries()) octets.fill(i % 251);
  for (const [i, octets] of given.entries())
    assert.ok(
      octets.every((octet) => octet === i % 251),
      `the ${i}th`,
    );
});

test('a copy has the octets of its source, and does not change with it', () => {
  const source = Uint8Array.of(1, 2, 3, 4, 5);
  const copy = shortLivedCopy(source, 1, 4);
  source.fill(9);
  assert.deepEqual([...copy], [2, 3, 4]);
});
