// The first token, and what is left of it when the process ends while it is being made.

import assert from 'node:assert/strict';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startedApp } from '../support/started-app.ts';

const tokenFiles = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith('admin-token'));

test('a token that was stored before a crash, and has no name yet, gets it at the next start', async (t) => {
  const first = await startedApp(t, { makesToken: true });
  const file = join(first.folder, 'admin-token');
  const shown = await readFile(file, 'utf8');
  await rename(file, `${file}.new`);
  const again = await first.restart();
  assert.equal(await readFile(file, 'utf8'), shown);
  assert.deepEqual(await tokenFiles(first.folder), ['admin-token']);
  await again.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
});

test('a token that never got into the store is thrown away', async (t) => {
  const first = await startedApp(t, { makesToken: true });
  const file = join(first.folder, 'admin-token');
  const shown = await readFile(file, 'utf8');
  await writeFile(`${file}.new`, shown.replace(/.{8}$/s, 'AAAAAAA\n'), { mode: 0o600 });
  await first.restart();
  assert.equal(await readFile(file, 'utf8'), shown);
  assert.deepEqual(await tokenFiles(first.folder), ['admin-token']);
});
