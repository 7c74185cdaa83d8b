// The commands of docs/pools.md work in the order of the page.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { adminToken } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';

const read = (file: string) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8');

test('the commands of docs/pools.md work, with the function of the README', async (t) => {
  const { api, url } = await servedApi(t);
  const [define = ''] = /^api\(\) .*$/m.exec(await read('README.md')) ?? [];
  const blocks = [...(await read('docs/pools.md')).matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
  assert.ok(blocks.length > 0);
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', [define, ...blocks].join('\n')], {
    env: { ...process.env, API: url, TOKEN: adminToken },
  });
  assert.doesNotMatch(stdout, /urn:zonewright:problem/);
  assert.match(stdout, /"name":"one\.site\.home\.arpa".*"pool":"team-a"/);
  const { pool } = await api.ok<{ pool: string }>(200, 'GET', '/v1/addresses/10.40.0.1');
  assert.equal(pool, 'site', 'the host gets its former address back');
});
