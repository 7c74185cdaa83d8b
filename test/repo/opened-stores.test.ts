// Only one file opens a store. A store that was restored from a backup counts its revisions anew. src/open-store.ts
// adds the offset that hides this. A file that opened a store itself would show revisions that go back.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../src/', import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const filesWith = (pattern: RegExp) =>
  files.filter((file) => !file.startsWith('store/') && pattern.test(readFileSync(join(source, file), 'utf8'))).sort();

test('only open-store.ts opens a store', () => {
  assert.deepEqual(filesWith(/\bopen(Embedded|Etcd)Store\b/), ['open-store.ts']);
});
