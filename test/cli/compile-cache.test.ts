// The compile cache: it is filled once for each version of the scripts. With an unusable folder, the command only
// starts more slowly.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../support/temporary.ts';

const command = fileURLToPath(new URL('../../src/cli/zonewright.js', import.meta.url));

/** Runs the command, which prints its version, with the cache in that folder. Rejects if its exit status is not 0. */
async function run(folder: string): Promise<string> {
  const env = { ...process.env, NODE_COMPILE_CACHE: folder };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [command, '--version'], { env });
  assert.equal(stderr, '');
  return stdout;
}

/** Returns the path of the file that says for which scripts the cache was filled. */
async function markerIn(folder: string): Promise<string> {
  const [marker = ''] = (await readdir(folder)).filter((file) => file.startsWith('complete-'));
  return join(folder, marker);
}

test('the first start fills the cache, the next start leaves it as it is, and a start with a changed script fills it again', async (t) => {
  const folder = await temporaryFolder(t);
  assert.match(await run(folder), /^zonewright \d/);
  const marker = await markerIn(folder);
  const content = await readFile(marker, 'utf8');
  assert.ok(content.includes('main.ts'), 'the marker does not name the scripts');
  const [cache = ''] = (await readdir(folder)).filter((file) => !file.startsWith('complete-'));
  const sizes = await Promise.all((await readdir(join(folder, cache))).map((file) => stat(join(folder, cache, file))));
  assert.ok(sizes.length > 200, `the cache has only ${sizes.length} files`);
  assert.ok(sizes.every(({ size }) => size > 0));
  const { mtimeMs } = await stat(marker);
  await run(folder);
  assert.equal((await stat(marker)).mtimeMs, mtimeMs, 'the cache was filled again without need');
  // After an update, the size and the time of a script differ from those in the marker.
  await writeFile(marker, content.replace(/main\.ts \d+/, 'main.ts 1'));
  await run(folder);
  assert.equal(await readFile(marker, 'utf8'), content);
});

for (const [what, prepare] of [
  ['is a file', async (folder: string) => writeFile(folder, '')],
  ['has a name that is too long', async () => undefined],
  [
    'cannot be read',
    async (folder: string) => {
      await mkdir(folder);
      await chmod(folder, 0);
    },
  ],
] as const) {
  test(`the command starts with a cache folder that ${what}`, async (t) => {
    const folder = join(await temporaryFolder(t), what.includes('long') ? 'x'.repeat(300) : 'cache');
    await prepare(folder);
    assert.match(await run(folder), /^zonewright \d/);
  });
}
