// The hashes of names: what makes no garbage when it is handed from function to function.

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
        // Not negative: what an index holds is read as unsigned.
        assert.ok(hash >= 0 && hash === (hash | 0), `${hash}`);
      }
    }
  }
});
