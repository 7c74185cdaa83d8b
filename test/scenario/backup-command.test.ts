// `zonewright backup` and `zonewright restore`, as an operator runs them: from one store to another, and their
// refusals. test/backup/ tests the contents of backups.

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { offsetKey, offsetValue } from '../../src/store/kinds/offset.ts';
import { put, write } from '../store/contract.ts';
import { adminToken } from '../support/api-client.ts';
import { backupOf } from '../support/backups.ts';
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { answersOf, type Replica, startReplica } from '../support/replica.ts';
import { runCommand } from '../support/run-command.ts';
import { etcdFlags, stores } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const fast = ['--dns-threads', '1', '--replica', 'test'];
const env = { ZONEWRIGHT_ADMIN_TOKEN: adminToken };

async function folders(t: TestContext) {
  const folder = await temporaryFolder(t);
  const data = join(folder, 'data');
  await mkdir(data);
  return { folder, data, file: join(folder, 'zonewright.backup'), other: join(folder, 'other') };
}

/** Writes some resources: a pool, a zone, a host, records and allocations. */
async function fill(replica: Replica): Promise<void> {
  await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['172.17.200.100-172.17.200.125'] });
  await replica.expect(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await replica.expect(201, 'POST', '/v1/hosts', { name: 'nginx.foo.k8s', aliases: ['www.foo.k8s'] });
  await replica.expect(201, 'PUT', '/v1/zones/foo.k8s/rrsets/@/MX', { records: ['10 mail.example.com.'] });
  await replica.expect(201, 'POST', '/v1/pools/default/allocations', { count: 2, owner: 'rack 7' });
}

/** Returns the resources that users see at a replica, without their revisions, which are higher after a restore. */
async function shownBy(replica: Replica): Promise<unknown> {
  const paths = [
    '/v1/pools',
    '/v1/zones',
    '/v1/hosts',
    '/v1/zones/foo.k8s/rrsets',
    '/v1/pools/default/allocations',
    '/v1/events',
    '/v1/addresses/172.17.200.100/history',
  ];
  const answers = await Promise.all(paths.map((path) => replica.expect(200, 'GET', path)));
  const names = [
    ['www.foo.k8s', 'A'],
    ['foo.k8s', 'MX'],
    ['foo.k8s', 'SOA'],
    ['100.200.17.172.in-addr.arpa', 'PTR'],
  ] as const;
  const dns = await Promise.all(names.map(async ([name, type]) => answersOf(await replica.ask(name, type))));
  const shown = JSON.stringify({ answers, dns }, (field, value) => (field === 'revision' ? undefined : value));
  return JSON.parse(shown);
}

const serialOf = async (replica: Replica) =>
  (await replica.expect<{ serial: number }>(200, 'GET', '/v1/zones/foo.k8s')).serial;

suite('from one store to another in two commands', () => {
  for (const from of stores) {
    for (const to of stores.filter((one) => one !== from)) {
      test(`from ${from.name} to ${to.name}`, { skip: from.skip || to.skip }, async (t) => {
        const { data, file, other } = await folders(t);
        const { flags } = await from.prepare(t);
        const replica = await startReplica(t, data, [...fast, ...flags]);
        await fill(replica);
        const made = await replica.expect<{ token: string }>(201, 'POST', '/v1/tokens', {
          name: 'team',
          role: 'viewer',
        });
        const [shown, serial] = [await shownBy(replica), await serialOf(replica)];
        const backup = await runCommand(['backup', file, '--data-dir', data], { env });
        assert.deepEqual([backup.status, backup.stderr], [0, '']);
        assert.match(
          backup.stdout,
          new RegExp(`^${file}: revision \\d+ of \\S+, \\d+ keys, \\S+ kB, SHA-256 .* \\w{64}; with the ledger\\n$`),
        );
        assert.equal((await stat(file)).mode & 0o777, 0o600);
        await replica.stop();

        const { flags: into } = await to.prepare(t);
        const restored = await runCommand(['restore', file, '--data-dir', other, '--replica', 'test', ...into]);
        assert.deepEqual([restored.status, restored.stderr], [0, ''], restored.stderr);
        assert.match(
          restored.stdout,
          /^restored into .*: \d+ keys \(.*1 pools.*\).*\nThe ledger .*ledger\.db\nStart a replica .*serve\n/,
        );
        const next = await startReplica(t, other, [...fast, ...into]);
        assert.deepEqual(await shownBy(next), shown);
        assert.equal(await serialOf(next), serial);
        const team = await fetch(`${next.url}/v1/zones`, { headers: { authorization: `Bearer ${made.token}` } });
        assert.equal(team.status, 200);
        await next.expect(201, 'POST', '/v1/hosts', { name: 'new.foo.k8s' });
        assert.ok((await serialOf(next)) > serial);
      });
    }
  }
});

test('a backup has the ledger and a restore restores it, unless it is left out', {
  skip: skipWithoutEtcd(),
}, async (t) => {
  const { folder, data, file, other } = await folders(t);
  const replica = await startReplica(t, data, fast);
  await fill(replica);
  const events = await replica.expect<{ items: unknown[] }>(200, 'GET', '/v1/events');
  assert.ok(events.items.length > 3);
  const backup = async (...flags: string[]) =>
    (await runCommand(['backup', file, '--force', '--data-dir', data, ...flags], { env })).stdout;
  assert.match(await backup('--without-ledger'), /; without the ledger\n$/);
  const without = await runCommand(['restore', file, '--data-dir', other]);
  assert.deepEqual([without.status, /ledger\.db/.test(without.stdout)], [0, false]);
  assert.match(await backup(), /; with the ledger\n$/);
  const intoItsFolder = await runCommand(['restore', file, '--data-dir', data]);
  assert.match(intoItsFolder.stderr, /another process/);
  await replica.stop();
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const restore = (dataDir: string, ...flags: string[]) =>
    runCommand([
      'restore',
      file,
      '--data-dir',
      join(folder, dataDir),
      '--replica',
      'new',
      ...etcdFlags(etcd),
      ...flags,
    ]);
  assert.match(
    (await restore('data')).stderr,
    /there is a ledger already, \S+data\/ledger\.db: choose another --data-dir/,
  );
  const restored = await restore('new');
  assert.equal(restored.status, 0, restored.stderr);
  assert.match(restored.stdout, /\nThe ledger of the replica 'new' is \S+new\/ledger\.db\n/);
  // The second replica starts before the one with the ledger. It must not begin a new ledger.
  const second = await startReplica(t, join(folder, 'second'), ['--replica', 'second', ...etcdFlags(etcd)], 'ready');
  assert.equal((await second.request('GET', '/v1/events')).status, 503);
  const first = await startReplica(t, join(folder, 'new'), ['--replica', 'new', ...etcdFlags(etcd)]);
  assert.deepEqual(await first.expect(200, 'GET', '/v1/events'), events);
  await second.expect(201, 'POST', '/v1/zones', { name: 'later' });
  const isThere = async () =>
    (await first.expect<{ items: { name: string }[] }>(200, 'GET', '/v1/events?limit=1')).items[0]?.name === 'later';
  await until(isThere, 'the event of another replica is not in the ledger');
  const elsewhere = await runCommand(['backup', '-', '--data-dir', second.folder], { env });
  assert.match(
    elsewhere.stderr,
    /the ledger, which has the history, is at the replica 'new': ask that one, or .*--without-ledger/,
  );
});

test('the token of the first start is found, also beside that of another store', async (t) => {
  const { data, file } = await folders(t);
  await writeFile(join(data, 'admin-token'), 'zw_admin_of-another-store\n');
  const replica = await startReplica(t, data, [...fast, '--ledger', 'off']);
  await replica.stop();
  // Without a token in its environment, a replica makes one.
  const serving = Promise.withResolvers<void>();
  const ran = runCommand(['serve', '--data-dir', data, '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0', ...fast], {
    onStart: (child) => {
      t.after(() => child.kill('SIGKILL'));
      child.stdout?.on('data', (text) => String(text).includes('"serving"') && serving.resolve());
    },
  });
  await Promise.race([serving.promise, ran.then(({ stderr, stdout }) => assert.fail(stdout + stderr))]);
  assert.deepEqual((await readdir(data)).filter((name) => name.startsWith('admin')).sort(), [
    'admin-token',
    'admin-token-2',
  ]);
  const found = await runCommand(['backup', file, '--data-dir', data]);
  assert.deepEqual([found.status, found.stderr], [0, '']);
  const { http } = JSON.parse(await readFile(join(data, 'endpoints.json'), 'utf8'));
  const named = ['--api', `http://${http}`, '--token-file', join(data, 'admin-token-2'), '--force'];
  assert.equal((await runCommand(['backup', file, ...named])).status, 0);
  const written = await runCommand(['backup', '-', ...named]);
  assert.equal(written.status, 0);
  assert.match(written.stdout, /^\{"zonewright":"backup"[\s\S]*"sha256":"\w{64}"\}\n$/);
  assert.match(written.stderr, /^revision \d+ of /);
});

test('a backup command that fails changes no file and leaves none, and --force replaces only a file', async (t) => {
  const { folder, data, file } = await folders(t);
  const replica = await startReplica(t, data, fast);
  const link = join(folder, 'link');
  await symlink('zonewright.backup', link);
  const refused = async (path: string, message: RegExp, ...flags: string[]) => {
    const before = await readdir(folder);
    const ran = await runCommand(['backup', path, '--data-dir', data, ...flags], { env });
    assert.equal(ran.status, 1, ran.stdout);
    assert.match(ran.stderr, message);
    assert.match(ran.stderr, /^zonewright backup: [^\n]*\n$/);
    assert.deepEqual(await readdir(folder), before);
  };
  await writeFile(file, 'of yesterday');
  await refused(file, /exists: choose another file, or replace it with --force/);
  await refused(data, /is a folder: name a file in it/, '--force');
  await refused('/dev/null', /is not a file: use - for standard output/, '--force');
  await refused(join(folder, 'no', 'file'), /cannot be written: ENOENT/);
  await refused(join(folder, 'x'), /no token|cannot be read/, '--token-file', '/nowhere');
  await writeFile(join(folder, 'wrong'), 'zw_admin_wrong');
  await refused(file, /the token is not valid/, '--token-file', join(folder, 'wrong'), '--force');
  const { token } = await replica.expect<{ token: string }>(201, 'POST', '/v1/tokens', { name: 'v', role: 'viewer' });
  await writeFile(join(folder, 'viewer'), token);
  await refused(file, /role/, '--token-file', join(folder, 'viewer'), '--force');
  const noToken = await runCommand(['backup', join(folder, 'x'), '--api', replica.url]);
  assert.equal(noToken.status, 1);
  assert.match(noToken.stderr, /a replica elsewhere needs a token: give its file with --token-file/);
  assert.equal(await readFile(file, 'utf8'), 'of yesterday');
  const forced = await runCommand(['backup', link, '--force', '--data-dir', data], { env });
  assert.equal(forced.status, 0, forced.stderr);
  assert.match(await readFile(file, 'utf8'), /^\{"zonewright":"backup"/);
  await replica.stop();
  await refused(join(folder, 'x'), /no replica answers: http:\S+ connect ECONNREFUSED.*--data-dir or --http.*--api/);
  const wrong = await runCommand(['backup', '--force=1', '--tls-cert', 'x', '--api', 'here', 'a', 'b']);
  assert.equal(wrong.status, 2);
  for (const fault of [/--force takes no value/, /--tls-key go together/, /--api: 'here' must be a URL/, /'b' is not/])
    assert.match(wrong.stderr, fault);
  assert.match((await runCommand(['backup'])).stderr, /the file is missing: name it after the command/);
});

/** Serves the answers of the listener, in place of a replica on another machine. Returns the flags for `backup`. */
async function serveElsewhere(t: TestContext, answer: RequestListener): Promise<string[]> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return ['--api', `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
}

async function someBackup(t: TestContext, keys: number): Promise<Buffer> {
  const store = await embeddedStore(t);
  for (let key = 0; key < keys; key += 100)
    await write(store, ...Array.from({ length: 100 }, (_, one) => put(`hosts/${key + one}`, 'x'.repeat(100))));
  return backupOf(store);
}

test('a backup that is cut short or altered on its way leaves an earlier file unchanged', async (t) => {
  const { folder, file } = await folders(t);
  const whole = await someBackup(t, 2000);
  let sent: Buffer = whole;
  let announced = whole.length;
  const api = await serveElsewhere(t, (_, response) => {
    response.writeHead(200, { 'content-length': announced });
    response.write(sent);
    if (sent.length < announced) setTimeout(() => response.destroy(), 50);
    else response.end();
  });
  const run = () => runCommand(['backup', file, '--force', ...api], { env });
  await writeFile(file, 'of yesterday');
  for (const [octets, message] of [
    [0, /the connection ended after 0 of \d+ octets/],
    [100_000, /the connection ended after 100000 of \d+ octets/],
  ] as const) {
    sent = whole.subarray(0, octets);
    const cut = await run();
    assert.equal(cut.status, 1);
    assert.match(cut.stderr, message);
  }
  announced = 100_000;
  sent = whole.subarray(0, announced);
  assert.match((await run()).stderr, /what was received is not whole: the backup was cut short/);
  announced = whole.length;
  for (const place of [0, 1000, Math.floor(whole.length / 2), whole.length - 2]) {
    sent = Buffer.from(whole);
    sent[place] = (sent[place] ?? 0) ^ 1;
    const altered = await run();
    assert.equal(altered.status, 1);
    assert.match(altered.stderr, /what was received is not whole: /);
    assert.equal(await readFile(file, 'utf8'), 'of yesterday');
  }
  assert.deepEqual((await readdir(folder)).sort(), ['data', 'zonewright.backup']);
  sent = whole;
  assert.equal((await run()).status, 0);
  assert.deepEqual(await readFile(file), whole);
});

test('a backup to standard output fails if the reader of standard output has gone', async (t) => {
  const whole = await someBackup(t, 20_000);
  const api = await serveElsewhere(t, (_, response) => {
    response.writeHead(200, { 'content-length': whole.length }).end(whole);
  });
  const { status, stderr } = await runCommand(['backup', '-', ...api], {
    env,
    onStart: ({ stdout }) => stdout?.once('data', () => stdout.destroy()),
  });
  assert.equal(status, 1);
  assert.equal(stderr, 'zonewright backup: standard output cannot be written: its reader has gone\n');
});

test('a backup that is interrupted leaves nothing', async (t) => {
  const { folder, file } = await folders(t);
  const whole = await someBackup(t, 500);
  const asked = Promise.withResolvers<void>();
  const api = await serveElsewhere(t, (_, response) => {
    response.writeHead(200, { 'content-length': whole.length });
    response.write(whole.subarray(0, 1000), () => asked.resolve());
  });
  let stop = () => {};
  const running = runCommand(['backup', file, ...api], {
    env,
    onStart: (child) => (stop = () => child.kill('SIGINT')),
  });
  await asked.promise;
  const hasPart = async () => (await readdir(folder)).some((name) => name.endsWith('.part'));
  await until(hasPart, 'nothing was written');
  stop();
  const { status, stderr } = await running;
  assert.deepEqual([status, stderr], [1, 'zonewright backup: interrupted by SIGINT: no backup was written\n']);
  assert.deepEqual(await readdir(folder), ['data']);
});

test('a token is sent only to a replica whose certificate is trusted', { skip: withoutOpenssl }, async (t) => {
  const { folder, data, file } = await folders(t);
  const [api, client] = await Promise.all([makeCertificate(folder, 'api'), makeCertificate(folder, 'client')]);
  const tls = ['--http-tls-cert', api.cert, '--http-tls-key', api.key, '--http-tls-client-ca', client.cert];
  const serving = Promise.withResolvers<void>();
  const ran = runCommand(
    ['serve', '--data-dir', data, '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0', ...fast, ...tls],
    {
      onStart: (child) => {
        t.after(() => child.kill('SIGKILL'));
        child.stdout?.on('data', (text) => String(text).includes('"serving"') && serving.resolve());
      },
    },
  );
  await Promise.race([serving.promise, ran.then(({ stderr, stdout }) => assert.fail(stdout + stderr))]);
  const { http } = JSON.parse(await readFile(join(data, 'endpoints.json'), 'utf8'));
  const own = ['--tls-cert', client.cert, '--tls-key', client.key];
  const token = ['--token-file', join(data, 'admin-token')];
  const cases: [flags: string[], message: RegExp | undefined][] = [
    [['--data-dir', data, ...own], /certificate.*--tls-ca.*--http-tls-cert/],
    [['--data-dir', data, '--http-tls-cert', client.cert, ...own], /certificate/],
    [['--data-dir', data, '--http-tls-cert', api.cert], /needs a client certificate .*\(no certificate was sent\)/],
    [['--data-dir', data, '--http-tls-cert', api.cert, ...own], undefined],
    [['--http', http, '--http-tls-cert', api.cert, ...token, ...own], undefined],
    [['--http', http, '--tls-ca', api.cert, ...token, ...own], undefined],
    [['--api', `https://localhost:${http.split(':')[1]}`, '--tls-ca', api.cert, ...token, ...own], undefined],
    [['--api', `https://${http}`, ...token, ...own], /certificate.*--tls-ca/],
  ];
  for (const [flags, message] of cases) {
    const { status, stderr } = await runCommand(['backup', file, '--force', ...flags]);
    assert.equal(status, message === undefined ? 0 : 1, `${flags}: ${stderr}`);
    assert.match(stderr, message ?? /^$/, `${flags}`);
  }
});

test('a restore refuses a file that is not whole, and then opens no store', async (t) => {
  const { folder, file, other } = await folders(t);
  const whole = await someBackup(t, 300);
  const restore = (path: string, ...flags: string[]) => runCommand(['restore', path, '--data-dir', other, ...flags]);
  const cases: [content: Buffer | string, message: RegExp][] = [
    [whole.subarray(0, whole.length - 1), /cut short/],
    [whole.subarray(0, 5000), /cut short/],
    ['', /no backup of Zonewright/],
    [Buffer.concat([whole, Buffer.from('x\n')]), /goes on after its end/],
  ];
  for (const place of [3, 400, 10_000, whole.length - 10]) {
    const altered = Buffer.from(whole);
    altered[place] = (altered[place] ?? 0) ^ 4;
    cases.push([altered, /altered|not as it was written|no backup/]);
  }
  for (const [content, message] of cases) {
    await writeFile(file, content);
    const { status, stderr } = await restore(file);
    assert.equal(status, 1);
    assert.match(stderr, message);
    assert.match(stderr, /^zonewright restore: .*: nothing was written\n$/);
  }
  assert.match((await restore(file, '--check')).stderr, cases.at(-1)?.[1] ?? /^$/);
  assert.match((await restore(join(folder, 'none'))).stderr, /cannot be read: ENOENT/);
  assert.match((await restore(folder)).stderr, /is not a file: a backup is read twice/);
  assert.equal((await restore(file, '--nope')).status, 2);
  await writeFile(file, whole);
  const checked = await restore(file, '--check');
  assert.deepEqual([checked.status, checked.stderr], [0, '']);
  assert.match(checked.stdout, /is whole: 300 keys \(300 hosts\) at revision \d+.*version 0\.0\.0-test\n$/);
  assert.deepEqual((await readdir(folder)).sort(), ['data', 'zonewright.backup']);
});

suite('a restore needs an empty store that no replica runs on', () => {
  for (const { name, skip, prepare } of stores) {
    test(name, { skip }, async (t) => {
      const { data, file, other } = await folders(t);
      const { flags } = await prepare(t);
      await writeFile(file, await someBackup(t, 100));
      const replica = await startReplica(t, data, [...fast, ...flags]);
      const here = name === 'embedded' ? data : other;
      const running = await runCommand(['restore', file, '--data-dir', here, ...flags]);
      assert.equal(running.status, 1);
      const inUse =
        name === 'embedded'
          ? /in use by another process \(pid \d+\): stop that/
          : /a replica is running on this store \(test\).*stop it/;
      assert.match(running.stderr, inUse);
      await replica.expect(201, 'POST', '/v1/zones', { name: 'z' });
      await replica.stop();
      const full = await runCommand(['restore', file, '--data-dir', here, ...flags]);
      assert.equal(full.status, 1);
      const wayOut =
        name === 'embedded' ? /move the folder \S+\/store away, or/ : /choose another --etcd-prefix, or delete/;
      assert.match(full.stderr, /the store is not empty, it has .*zones/);
      assert.match(full.stderr, wayOut);
      await replica.start();
      assert.equal((await replica.ask('z', 'SOA')).rcode, 'NOERROR');
    });
  }
});

test('a restore that is interrupted says so, no replica starts on a part of a backup, and the same command goes on', {
  skip: skipWithoutEtcd(),
}, async (t) => {
  const { file, other } = await folders(t);
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const keys = 60_000;
  await writeFile(file, await someBackup(t, keys));
  const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
  t.after(() => store.close());
  const progress = async () => {
    const entry = await store.get(offsetKey);
    return entry && offsetValue.decode(entry.value).restoring?.written;
  };
  const args = ['restore', file, '--data-dir', other, ...etcdFlags(etcd)];
  let written = 0;
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    let stop = () => {};
    const onStart = (child: ChildProcess) => {
      // This process must run before the restore, when both want the processor: otherwise the restore may end first.
      setPriority(child.pid ?? assert.fail(), 19);
      stop = () => child.kill(signal);
    };
    const running = runCommand(args, { onStart });
    await until(async () => ((await progress()) ?? 0) > written, 'nothing was written');
    stop();
    const { status, stderr } = await running;
    if (signal === 'SIGINT')
      assert.deepEqual(
        [status, stderr],
        [1, 'zonewright restore: interrupted: restore the same file again, to go on\n'],
      );
    const now = (await progress()) ?? 0;
    assert.ok(now > written && now < keys, `${now} of ${keys}`);
    written = now;
  }
  const serve = await runCommand(['serve', '--data-dir', other, '--http', '127.0.0.1:0', ...fast, ...etcdFlags(etcd)]);
  assert.equal(serve.status, 1);
  assert.match(serve.stdout, /run `zonewright restore` again with the same file to finish it/);
  await copyFile(file, `${file}.copy`);
  const ended = await runCommand(['restore', `${file}.copy`, ...args.slice(2)]);
  assert.deepEqual([ended.status, ended.stderr], [0, '']);
  assert.equal(await store.count('hosts/'), keys);
  assert.equal(await progress(), undefined);
});

test('a new data directory is made, with a store that only its owner may read', async (t) => {
  const { file, other } = await folders(t);
  await writeFile(file, await someBackup(t, 100));
  const { status, stdout } = await runCommand(['restore', file], { env: { ZONEWRIGHT_DATA_DIR: other } });
  assert.equal(status, 0);
  assert.match(stdout, new RegExp(`^restored into the embedded store in ${other}: 100 keys`));
  for (const path of [other, join(other, 'store')]) assert.equal((await stat(path)).mode & 0o077, 0);
  const store = await openEmbeddedStore({ folder: join(other, 'store') });
  t.after(() => store.close());
  assert.equal(await store.count('hosts/'), 100);
});
