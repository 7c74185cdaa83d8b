// A data directory that cannot be used is reported at the start in a short message. On a full disk, and with a damaged
// database, writes fail and DNS answers.

import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { adminToken } from '../support/api-client.ts';
import { startReplica } from '../support/replica.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const command = fileURLToPath(new URL('../../src/cli/zonewright.js', import.meta.url));
const listen = ['--http', '127.0.0.1:0', '--dns', '127.0.0.1:0'];

/** Runs `serve` on a data directory that it must refuse. Returns its exit status and output. */
function refusalOf(dataDir: string, ...flags: string[]): Promise<{ status: unknown; output: string }> {
  const args = ['--disable-warning=ExperimentalWarning', command, 'serve', '--data-dir', dataDir, ...listen, ...flags];
  return new Promise((resolve) => {
    const killing = { timeout: 20_000, killSignal: 'SIGKILL' } as const;
    execFile(process.execPath, args, killing, (error, stdout, stderr) =>
      resolve({ status: error?.code ?? error?.signal ?? 0, output: stdout + stderr }),
    );
  });
}

/** Starts `serve` without waiting for it. `ending` sends SIGTERM, and returns the exit status. */
function serving(t: TestContext, dataDir: string, flags: readonly string[]) {
  const args = ['--disable-warning=ExperimentalWarning', command, 'serve', '--data-dir', dataDir, ...flags];
  const child = spawn(process.execPath, args, { env: { ...process.env, ZONEWRIGHT_ADMIN_TOKEN: adminToken } });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  const exit = once(child, 'exit');
  const ending = async () => {
    child.kill('SIGTERM');
    return (await exit)[0] as number | null;
  };
  return { ending, output: () => output };
}

/** Mounts a disk of this size; undefined if this user may not mount one. */
async function smallDisk(t: TestContext, kibibytes: number): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'zonewright-disk-'));
  t.after(async () => {
    spawnSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true, force: true });
  });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder]).status === 0;
  return mounted ? folder : undefined;
}

test('a data directory that cannot be created or written is a wrong setting', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'file'), '');
  const cases = ['/proc/nope', '/proc/nope/deeper', join(folder, 'file'), join(folder, 'file', 'below')];
  if (process.getuid?.() !== 0) {
    await mkdir(join(folder, 'closed'), { mode: 0o500 });
    cases.push(join(folder, 'closed'), join(folder, 'closed', 'below'));
    t.after(() => chmod(join(folder, 'closed'), 0o700));
  }
  const runs = cases.map((dataDir) => refusalOf(dataDir));
  // The directory is also refused with the store etcd.
  runs.push(refusalOf('/proc/nope', '--store', 'etcd'));
  for (const { status, output } of await Promise.all(runs)) {
    assert.equal(status, 2, output);
    assert.match(output, /^zonewright: a setting is wrong:\n {2}--data-dir: '[^']+' cannot be used: [^\n]+\n$/m);
  }
});

test('a missing data directory is created with its missing parents, and only its owner can read it', async (t) => {
  const folder = join(await temporaryFolder(t), 'some', 'where');
  await startReplica(t, folder);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  const names = ['endpoints.json', 'store/store.sqlite', 'store/store.sqlite-wal', 'store/store.pid'];
  for (const name of names) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
});

test('a store that is not a database is reported in one line', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'store'));
  await writeFile(join(folder, 'store', 'store.sqlite'), 'no database '.repeat(1000));
  const { status, output } = await refusalOf(folder);
  assert.equal(status, 1, output);
  const fatal = output.split('\n').filter((line) => line.includes('"level":60'));
  assert.equal(fatal.length, 1, output);
  assert.match(
    fatal[0] ?? '',
    /"msg":"The folder [^"]+ cannot be used: [^"]*file is not a database[^"]*: restore the whole folder/,
  );
  assert.doesNotMatch(output, /stack/);
  const asText = await refusalOf(folder, '--log-format', 'text');
  assert.match(asText.output, /^\d\d:\d\d:\d\d\.\d{3} FATAL The folder \S+ cannot be used: [^\n]*\n$/m);
  assert.doesNotMatch(asText.output, /^ +at /m);
});

test('if the log cannot be written, only its lines are lost', { skip: !existsSync('/dev/full') }, async (t) => {
  const full = await open('/dev/full', 'w');
  t.after(() => full.close());
  const folder = join(await temporaryFolder(t), 'replica');
  const replica = await startReplica(t, folder, ['--log-level', 'debug'], 'ready', 20_000, full.fd);
  await replica.expect(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  assert.equal((await replica.ask('foo.k8s', 'SOA')).rcode, 'NOERROR');
  assert.equal(await replica.stop(), 0);
});

test('on a full disk writes get 503 and DNS continues, and writes work when there is room again', async (t) => {
  const disk = await smallDisk(t, 6 * 1024);
  if (disk === undefined) return t.skip('a file system cannot be mounted here');
  const folder = join(disk, 'replica');
  const log = await open(join(disk, 'log'), 'a');
  t.after(() => log.close());
  const replica = await startReplica(t, folder, [], 'ready', 60_000, log.fd);
  await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/20'] });
  await replica.expect(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  const filler = join(disk, 'filler');
  await writeFile(filler, Buffer.alloc(16 * 1024 * 1024)).catch(() => undefined);
  const kept: string[] = [];
  let refused = 0;
  // The log is on the same disk, so it loses some lines about these many refusals.
  for (let i = 0; refused < 50; i++) {
    assert.ok(i < 5000, 'the disk does not get full');
    const name = `host-${i}.foo.k8s`;
    const { status, body } = await replica.request('POST', '/v1/hosts', { name });
    if (status === 201) kept.push(name);
    else {
      assert.deepEqual([status, body.code], [503, 'store_unavailable'], JSON.stringify(body));
      assert.match(String(body.detail), /full|I\/O/);
      assert.equal((await replica.ask(name, 'A')).rcode, 'NXDOMAIN');
      refused += 1;
    }
  }
  for (const name of kept.slice(-3)) assert.equal((await replica.ask(name, 'A')).rcode, 'NOERROR');
  assert.equal((await fetch(`${replica.url}/readyz`)).status, 200);

  const takesWrites = async () => {
    const metrics = await (await fetch(`${replica.url}/metrics`)).text();
    return /^zonewright_store_takes_writes (\d)$/m.exec(metrics)?.[1];
  };
  await until(async () => (await takesWrites()) === '0', 'the metric does not say that the store takes no writes');
  await unlink(filler);
  // The replica notices without a request, because it tries to write by itself.
  await until(async () => (await takesWrites()) === '1', 'the metric does not say that the store takes writes', 20_000);
  for (const end = Date.now() + 10_000; ; await delay(100)) {
    const { status } = await replica.request('POST', '/v1/hosts', { name: 'room.foo.k8s' });
    if (status === 201) break;
    assert.ok(status === 503 && Date.now() < end, `status ${status}`);
  }
  assert.equal(await replica.stop(), 0);
  await replica.start();
  const lines = (await readFile(join(disk, 'log'), 'utf8')).trim().split('\n');
  assert.equal(lines.filter((line) => line.includes('the store takes writes again')).length, 1);
  for (const line of lines) {
    assert.doesNotMatch(line, /.\{"level":/, 'a log line begins in the middle of another');
  }
  const { items } = await replica.expect<{ items: { name: string }[] }>(200, 'GET', '/v1/hosts?limit=1000');
  assert.deepEqual(items.length, Math.min(1000, kept.length + 1));
  for (const name of [...kept.slice(-3), 'room.foo.k8s']) {
    assert.equal((await replica.ask(name, 'A')).rcode, 'NOERROR');
  }

  for (const end of ['stop', 'kill'] as const) {
    await replica[end]();
    await rm(join(folder, 'endpoints.json'));
    await writeFile(filler, Buffer.alloc(16 * 1024 * 1024)).catch(() => undefined);
    const listening = ['--http', new URL(replica.url).host, '--dns', `127.0.0.1:${replica.dns.port}`];
    const { ending, output } = serving(t, folder, listening);
    const isReady = async () => (await fetch(`${replica.url}/readyz`).catch(() => undefined))?.ok === true;
    await until(isReady, `the replica does not serve what it has after a ${end}`, 20_000);
    assert.equal((await replica.ask('room.foo.k8s', 'A')).rcode, 'NOERROR');
    const refused = await replica.request('POST', '/v1/hosts', { name: 'more.foo.k8s' });
    assert.deepEqual([refused.status, refused.body.code], [503, 'store_unavailable']);
    assert.match(output(), /"level":40[^\n]*endpoints\.json/);
    assert.equal(output().match(/the store takes no writes/g)?.length, 1, output());
    assert.equal(existsSync(join(folder, 'endpoints.json.new')), false);
    assert.equal(await ending(), 0);
    await unlink(filler);
    await replica.start();
  }
  await replica.stop();

  // A replica that starts on the full disk for the first time has nothing to serve, so it ends.
  await writeFile(filler, Buffer.alloc(16 * 1024 * 1024)).catch(() => undefined);
  const { status, output } = await refusalOf(join(disk, 'another'));
  assert.equal(status, 1, output);
  assert.equal(output.split('\n').filter((line) => line.includes('"level":60')).length, 1, output);
  assert.match(output, /"msg":"The folder [^"]+ cannot be used: [^"]*(full|I\/O)/);
});

test('when the database is damaged while a replica runs, writes get 503 and DNS continues, and a new start is refused', async (t) => {
  const folder = join(await temporaryFolder(t), 'replica');
  const replica = await startReplica(t, folder);
  await replica.expect(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  const long = '"'.concat('x'.repeat(250), '"');
  for (let part = 0; part < 30; part += 1) {
    const records = Array.from({ length: 8 }, (_, one) => `"${one}" ${long} ${long}`);
    const rrsets = Array.from({ length: 100 }, (_, one) => ({ name: `n${part}-${one}`, type: 'TXT', records }));
    await replica.expect(200, 'PATCH', '/v1/zones/foo.k8s/rrsets', rrsets);
  }
  const file = await open(join(folder, 'store', 'store.sqlite'), 'r+');
  await file.truncate(8192);
  await file.close();
  let refused = 0;
  for (let i = 0; refused < 3; i += 1) {
    assert.ok(i < 300, 'the damage is not found');
    const { status, body } = await replica.request('DELETE', `/v1/zones/foo.k8s/rrsets/n0-${i % 100}/TXT`);
    if (status !== 503) continue;
    assert.match(String(body.detail), /database is damaged .* restore/);
    refused += 1;
  }
  assert.equal(replica.log().match(/"msg":"the store's database is damaged/g)?.length, 1, replica.log());
  assert.equal((await replica.ask('n29-99.foo.k8s', 'TXT')).rcode, 'NOERROR');
  assert.equal(await replica.stop(), 0);
  const { status, output } = await refusalOf(folder);
  assert.equal(status, 1, output);
  assert.match(
    output,
    /"msg":"The folder [^"]+ cannot be used: the database is damaged [^"]*: restore the whole folder/,
  );
});
