// With a Node that is too old, the command says what to do.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/temporary.ts';

const command = fileURLToPath(new URL('../../src/cli/zonewright.js', import.meta.url));

test('with an old Node the command says in one line what to install, and ends with 1', async (t) => {
  const preload = join(await temporaryFolder(t), 'old.cjs');
  await writeFile(preload, "Object.defineProperty(process, 'versions', { value: { node: '18.20.4' } });");
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', preload, command, 'serve'], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(
    stderr,
    /^zonewright needs Node 26 or newer, and this is 18\.20\.4: install Node 26 [^\n]*--omit=dev[^\n]*\n$/,
  );
});

test('the first line of the command has no flag of Node that an old Node would refuse', async () => {
  const [first = ''] = (await readFile(command, 'utf8')).split('\n');
  assert.deepEqual(
    first.match(/--\S+/g),
    ['--no-short-builtin-calls'],
    'the first line has other flags than the one that V8 has had since Node 16',
  );
});
