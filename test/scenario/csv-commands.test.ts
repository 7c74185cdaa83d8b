// `zonewright import` and `zonewright export`, as an operator runs them: a spreadsheet becomes hosts or allocations,
// and comes out again.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { adminToken } from '../support/api-client.ts';
import { type Replica, startReplica } from '../support/replica.ts';
import { command, type RunOptions, runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary.ts';

const env = { ZONEWRIGHT_ADMIN_TOKEN: adminToken };

async function started(t: TestContext) {
  const folder = await temporaryFolder(t);
  const data = join(folder, 'data');
  await mkdir(data);
  const replica: Replica = await startReplica(t, data, ['--dns-threads', '1', '--ledger', 'off']);
  await replica.expect(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.8.0.0/16'] });
  await replica.expect(201, 'POST', '/v1/zones', { name: 'z' });
  const run = (args: string[], options: RunOptions = {}) =>
    runCommand([...args, '--data-dir', data], { env, cwd: folder, ...options });
  const write = (name: string, lines: string[]) => writeFile(join(folder, name), `${lines.join('\n')}\n`);
  return { replica, folder, data, run, write };
}

test('hosts and allocations go in and come out; a dry run and an equal file change nothing', async (t) => {
  const { replica, folder, run, write } = await started(t);
  await write('hosts.csv', ['name;addresses;owner', 'a.z;10.8.0.1;me', 'b.z;;me']);
  const hosts = async () => (await replica.expect<{ items: object[] }>(200, 'GET', '/v1/hosts')).items.length;
  assert.deepEqual(await run(['import', 'hosts.csv', '--dry-run']), {
    status: 0,
    stdout: 'hosts.csv: 2 rows, would be 2 created, 0 changed, 0 unchanged\n',
    stderr: '',
  });
  assert.equal(await hosts(), 0);
  const created = 'hosts.csv: 2 rows, 2 created, 0 changed, 0 unchanged\n';
  assert.deepEqual(await run(['import', 'hosts.csv']), { status: 0, stdout: created, stderr: '' });
  assert.equal(await hosts(), 2);

  await write('used.csv', ['address,owner', '10.8.0.7,rack 7', '10.8.0.8,rack 7']);
  assert.equal((await run(['import', 'used.csv', '--allocations-of', 'p'])).stdout.split(', ')[1], '2 created');
  await write('used.csv', ['address,owner', '10.8.0.7,rack 8', '10.8.0.8,rack 7']);
  assert.equal((await run(['import', 'used.csv', '--allocations-of', 'p'])).status, 1);
  assert.match(
    (await run(['import', 'used.csv', '--allocations-of', 'p', '--put'])).stdout,
    /0 created, 1 changed, 1 unchanged/,
  );

  const exported = await run(['export', 'out.csv', '--allocations-of', 'p']);
  assert.match(exported.stdout, /^out\.csv: \d+ octets\n$/);
  const text = await readFile(join(folder, 'out.csv'), 'utf8');
  assert.match(text, /^\uFEFFaddress,pool,.*\r\n10\.8\.0\.0,p,.*,host,b\.z,.*\r\n10\.8\.0\.1,/);
  assert.match((await run(['import', 'out.csv', '--allocations-of', 'p'])).stdout, /4 unchanged/);
  const printed = await run(['export', '-', '--allocations-of', 'p']);
  assert.deepEqual(printed, { status: 0, stdout: text, stderr: '' });
  assert.match((await run(['export', '-'])).stdout, /^\uFEFFname,addresses,.*\r\na\.z,10\.8\.0\.1,p,/);
  const again = await run(['export', 'out.csv']);
  assert.match(again.stderr, /out\.csv exists: .* --force/);
  assert.equal((await run(['export', 'out.csv', '--force'])).status, 0);
  assert.deepEqual((await readdir(folder)).sort(), ['data', 'hosts.csv', 'out.csv', 'used.csv']);
});

test('standard input is read, and each fault is told with its file and line', async (t) => {
  const { replica, run, write } = await started(t);
  const bad = ['name,addresses', 'a.z,10.8.0.1', 'b..z,10.8.0.2', 'c.z,10.8.0.1'];
  const input = (options: string[]) => run(['import', '-', ...options], { input: `${bad.join('\n')}\n` });
  const { status, stdout, stderr } = await input([]);
  assert.deepEqual([status, stdout], [1, '']);
  const lines = stderr.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^-:3: name: /);
  assert.match(lines[1] ?? '', /^-:4: addresses: 10\.8\.0\.1 is also in line 2/);
  assert.equal(lines[2], 'zonewright import: 2 faults in -: nothing was changed');
  assert.deepEqual((await replica.expect<{ items: object[] }>(200, 'GET', '/v1/hosts')).items, []);
  await write('many.csv', ['name', ...Array.from({ length: 3000 }, () => 'a..z')]);
  const many = await run(['import', 'many.csv', '--dry-run']);
  assert.equal(many.stderr.trimEnd().split('\n').length, 1001, many.stderr.slice(-400));
  assert.match(many.stderr, /\nzonewright import: \d{4} faults in many\.csv, of which the first 1000 are listed: /);
});

test('the command tries the tokens of the data directory with a large file, and says why nothing was imported', async (t) => {
  const { replica, folder, data, run, write } = await started(t);
  const token = join(data, 'admin-token');
  await writeFile(token, adminToken);
  await writeFile(`${token}-2`, 'zw_stale_of-another-store');
  await utimes(token, 1, 1);
  const rows = Array.from({ length: 20_000 }, (_, index) => `10.8.${index >> 8}.${index & 255},${'o'.repeat(200)}`);
  await write('large.csv', ['address,owner', ...rows]);
  const imported = await run(['import', 'large.csv', '--allocations-of', 'p'], { env: {} });
  assert.deepEqual(imported, {
    status: 0,
    stdout: 'large.csv: 20000 rows, 20000 created, 0 changed, 0 unchanged\n',
    stderr: '',
  });
  const { token: viewer } = await replica.expect<{ token: string }>(201, 'POST', '/v1/tokens', {
    name: 'viewer',
    role: 'viewer',
  });
  const ofViewer = await run(['import', 'large.csv'], { env: { ZONEWRIGHT_ADMIN_TOKEN: viewer } });
  assert.deepEqual([ofViewer.status, ofViewer.stdout], [1, '']);
  assert.match(ofViewer.stderr, /this needs the role operator/);
  const refusals: [args: string[], reason: RegExp][] = [
    [['large.csv', '--allocations-of', 'none'], /there is no pool 'none'/],
    [['none.csv'], /none\.csv cannot be read/],
    [['data'], /data is a folder/],
  ];
  for (const [args, reason] of refusals) {
    const { status, stdout, stderr } = await run(['import', ...args]);
    assert.deepEqual([status, stdout], [1, ''], stderr);
    assert.match(stderr, reason);
  }
  await replica.kill();
  for (const args of [
    ['import', 'large.csv'],
    ['export', 'out.csv'],
  ]) {
    const dead = await run(args);
    assert.deepEqual([dead.status, dead.stdout], [1, '']);
    assert.match(dead.stderr, /no replica answers/);
  }
  assert.deepEqual((await readdir(folder)).sort(), ['data', 'large.csv']);
});

test('the walk-through of docs/spreadsheets.md makes a pool with hosts and reverse names of a spreadsheet', async (t) => {
  const { replica, folder, data } = await started(t);
  const page = await readFile(new URL('../../docs/spreadsheets.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
  const port = String(replica.dns.port);
  const script = [
    `npx() { shift; '${command}' "$@" --data-dir '${data}'; }`,
    ...blocks.map((block) => block.replaceAll('-p 1053', `-p ${port}`)),
    'cat hosts.csv used.csv',
  ];
  const { PATH = '' } = process.env;
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script.join('\n')], {
    cwd: folder,
    env: { ...env, PATH: `${dirname(process.execPath)}:${PATH}`, API: replica.url, TOKEN: adminToken },
  });
  assert.doesNotMatch(stdout, /urn:zonewright:problem/);
  const lines = stdout.split(/\r?\n/);
  for (const line of [
    'devices.csv: 2 rows, 2 created, 0 changed, 0 unchanged',
    'machines.csv: 4 rows, 4 created, 0 changed, 0 unchanged',
    'web1.office.home.arpa.',
    '10.20.0.10',
    'db.office.home.arpa.',
    'printer.office.home.arpa,10.20.0.3,office,,,true,it,,,,',
  ])
    assert.ok(lines.includes(line), `${line}\n${stdout}`);
  assert.match(stdout, /^10\.20\.0\.1,office,default,.*,allocation,,.*,network,,,,gateway,\r$/m);
});

test('all faults of the arguments are told at once, with status 2', async () => {
  for (const [args, faults] of [
    [
      ['import', '--allocations-of', '--nope'],
      [/the file is missing/, /--nope is not a flag/, /--allocations-of needs a/],
    ],
    [
      ['export', '--put'],
      [/the file is missing/, /--put is not a flag/],
    ],
  ] as const) {
    const { status, stderr } = await runCommand(args, { env });
    assert.equal(status, 2);
    for (const fault of faults) assert.match(stderr, fault);
  }
});
