// A newcomer's path: every command of the README, in its order, in a fresh copy of the repository. Only the ports are others, so that
// nothing else on this machine is in the way. `docker compose` is played by test/lab.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

test('README: from a clone to a working dig, every command', async (t) => {
  const blocks = [...(await readFile(join(root, 'README.md'), 'utf8')).matchAll(/```sh\n(.*?)```/gs)].map(
    ([, block = '']) => block,
  );
  const [start = '', tour = '', lookAround = '', more = '', reverse = '', lab = '', work = ''] = blocks;
  assert.equal(blocks.length, 7, 'a new block needs its place in this test');
  assert.equal(start, 'npm ci\nnpm start\n');

  const folder = await copyOfRepository(await temporaryFolder(t));
  const [http, dns] = [await freePort(), await freePort()];
  await run(folder, 'npm ci --prefer-offline --no-audit --no-fund', 300);

  const environment = { ZONEWRIGHT_HTTP_LISTEN: `127.0.0.1:${http}`, ZONEWRIGHT_DNS_LISTEN: `127.0.0.1:${dns}` };
  const server = spawn('npm', ['start'], {
    cwd: folder,
    env: { ...outside(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (text) => {
      said += text;
    });
  }
  t.after(async () => {
    const exit = once(server, 'exit');
    if (server.pid !== undefined) process.kill(-server.pid, 'SIGTERM');
    await exit;
  });
  for (const until = Date.now() + 60_000; !said.includes('"serving"'); await delay(50)) {
    assert.ok(server.exitCode === null && Date.now() < until, `npm start serves: ${said}`);
  }

  const notOurs = 'dig @127.0.0.1 -p 1053 -x 172.17.3.4 | sed s/status:/outside:/';
  const script = [tour, lookAround, more, notOurs, reverse, notOurs].join('\n');
  const toured = await run(folder, onPorts(script, http, dns), 60);
  const lines = toured.split('\n');
  assert.ok(lines.includes('172.17.200.100'), toured);
  assert.ok(lines.includes('nginx.foowidgets.k8s.'), toured);
  assert.match(toured, /"items":\["172.17.200.101","172.17.200.102","172.17.200.103"\]/);
  assert.match(toured, /status: NXDOMAIN/);
  assert.ok(lines.includes('10 mail.example.com.'), toured);
  const statuses = [...toured.matchAll(/outside: (\w+)/g)].map(([, status]) => status);
  assert.deepEqual(statuses, ['REFUSED', 'NXDOMAIN'], 'the zone that is forwarded answers for all of it');

  assert.equal(lab, 'docker compose up --build\n');
  assert.equal(work, 'npm run check\nnpm test\n', 'these two are what runs now');
});

function onPorts(script: string, http: number, dns: number): string {
  return script.replaceAll('127.0.0.1:8053', `127.0.0.1:${http}`).replaceAll('-p 1053', `-p ${dns}`);
}

/** As a user's shell: no Node of this run first in the path, nothing of the test runner's. */
function outside(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...environment } = process.env;
  const path = (environment.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return { ...environment, PATH: path.join(':') };
}

async function run(folder: string, script: string, seconds: number): Promise<string> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: outside(),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: seconds * 1000,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text;
    });
  }
  const [status] = await once(child, 'close');
  assert.equal(status, 0, `${script}\n${said}`);
  return said;
}

/** What a clone would have, the changes that are not committed yet included. */
async function copyOfRepository(folder: string): Promise<string> {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files.split('\n').filter((name) => name !== '')) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await cp(join(root, file), join(folder, file)).catch(() => undefined);
  }
  return folder;
}
