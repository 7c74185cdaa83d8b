// Scripts run `npm start &` and send a signal to npm. npm passes the signal to the process that it has started, which
// must be the server, not a shell around it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/temporary.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

test('SIGTERM to `npm start` ends the server', { timeout: 60_000 }, async (t) => {
  const folder = await temporaryFolder(t);
  const npm = spawn('npm', ['start', '--', '--data-dir', folder, '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const group = -(npm.pid ?? 0);
  t.after(() => {
    try {
      process.kill(group, 'SIGKILL');
    } catch {
      // All processes of npm have ended, as expected.
    }
  });
  let output = '';
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  for (; !output.includes('"serving"'); await delay(50)) assert.equal(npm.exitCode, null, output);
  const { http } = JSON.parse(await readFile(join(folder, 'endpoints.json'), 'utf8')) as { http: string };

  const closed = once(npm, 'close', { signal: AbortSignal.timeout(30_000) });
  npm.kill('SIGTERM');
  await closed;
  assert.match(output, /"msg":"stopped"/);
  await assert.rejects(fetch(`http://${http}/healthz`));
});
