// The hashes of names must be numbers that V8 passes between functions without an allocation.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../src/model/name.ts';
import { NameKey } from '../../src/table/name-key.ts';

test('hashes are integers that the engine keeps without a number object', () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const key = new NameKey(Math.imul(seed, 0x9e3779b1));
    key.setName(parseName(`host-${seed}.foo.k8s`));
    for (let suffix = 0; suffix <= key.labelCount; suffix += 1) {
      for (const hash of [key.hash(suffix), key.wildcardHash(suffix)]) {
        // Not negative: the index reads them as unsigned.
        assert.ok(hash >= 0 && hash === (hash | 0), `${hash}`);
      }
    }
  }
});
