// Runs the commands of the README and of docs/ in a fresh copy of the repository, as a new user would. Only the ports
// differ, because the README's ports may be in use on this machine. Some commands are not run: for `npm run check` and
// `npm test`, only the text is compared; test/lab/run.ts runs `docker compose`; no test runs the commands of
// docs/operations.md for Docker and systemd.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask } from '../support/dns-client.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { freePort } from '../support/free-port.ts';
import { dig, skipWithoutNamed, startNamedOn } from '../support/named.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Returns the shell blocks of a document, in their order. */
async function commandsOf(document: string): Promise<string[]> {
  const text = await readFile(join(root, document), 'utf8');
  return [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
}

test('the commands of the README and the docs work in a fresh copy', {
  skip: skipWithoutNamed(),
  timeout: 900_000,
}, async (t) => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const blocks = await commandsOf('README.md');
  const [start = '', tour = '', lookAround = '', more = '', reverse = '', lab = '', work = ''] = blocks;
  const operations = await commandsOf('docs/operations.md');
  const [tls = '', tlsRequest = '', tokens = '', replicas = '', replicasHere = '', , , backup = '', toEtcd = ''] =
    operations;
  const zoneFiles = await commandsOf('docs/zone-files.md');
  const api = await commandsOf('docs/api.md');
  const events = await commandsOf('docs/events.md');
  const counts = [blocks, operations, zoneFiles, api, events].map(({ length }) => length);
  assert.deepEqual(
    counts,
    [7, 11, 1, 1, 1],
    'a document has another number of command blocks: run the added ones here, or remove the deleted ones',
  );
  assert.equal(start, 'npm ci\nnpm start\n', 'the commands of the README for the start have changed');
  assert.equal(lab, 'docker compose up --build\n', 'the command of the README for the laboratory has changed');
  assert.equal(
    work,
    'npm run check\nnpm test\n',
    'the commands of the README for the check and the tests have changed',
  );
  const [resolver = '', ...none] = [...readme.matchAll(/```\n([^`]+)\n```\n/g)].map(([, block]) => block);
  assert.deepEqual(
    none,
    [],
    'the README has a block without a language, beside the configuration of BIND, that this test does not use',
  );

  const folder = await copyOfRepository(await temporaryFolder(t));
  await run(folder, 'npm ci --prefer-offline --no-audit --no-fund', 300);

  await t.test('the tour, on one replica', async (t) => {
    const [http, dns] = [await freePort(), await freePort()];
    await serve(t, folder, 'npm start', listening(http, dns));
    const digOutside = 'dig @127.0.0.1 -p 1053 -x 172.17.3.4 | sed s/status:/outside:/';
    // The stream of changes has no end, so curl ends with status 28 after the time limit.
    const watch = api.map((block) => `${block.trim().replace('curl ', 'curl --max-time 3 ')} || [ $? = 28 ]`);
    const script = [
      tour,
      lookAround,
      more,
      ...watch,
      tokens,
      digOutside,
      reverse,
      digOutside,
      ...zoneFiles,
      ...events,
    ].join('\n');
    const toured = await run(folder, onPorts(script, http, dns), 60);
    assert.doesNotMatch(toured, /urn:zonewright:problem/, 'a command is refused');
    const lines = toured.split('\n');
    assert.ok(lines.includes('172.17.200.100'), toured);
    assert.ok(lines.includes('nginx.foowidgets.k8s.'), toured);
    assert.match(toured, /"items":\["172.17.200.101","172.17.200.102","172.17.200.103"\]/);
    assert.match(toured, /status: NXDOMAIN/);
    assert.ok(lines.includes('10 mail.example.com.'), toured);
    assert.match(toured, /"token":"zw_team-a_/);
    assert.match(toured, /event: start/);
    assert.match(toured, /"stepSeconds":3600/);
    const statuses = [...toured.matchAll(/outside: (\w+)/g)].map(([, status]) => status);
    assert.deepEqual(
      statuses,
      ['REFUSED', 'NXDOMAIN'],
      'dig does not get REFUSED before the reverse zone is created, and NXDOMAIN after it',
    );
    assert.match(toured, /"added":0,"changed":0,"deleted":0/, 'the import of the exported file changes the zone');

    const config = resolver.replaceAll('port 1053', `port ${dns}`);
    const companyResolver = await startNamedOn(t, join(await temporaryFolder(t), 'named'), config);
    assert.equal(await dig(companyResolver, '+short', 'db.foowidgets.k8s'), '172.17.200.110');
    assert.equal(await dig(companyResolver, '+short', '-x', '172.17.200.110'), 'db.foowidgets.k8s.');

    const backedUp = await run(folder, backup, 60);
    assert.match(
      backedUp,
      /^monday\.backup: revision .*\nmonday\.backup is whole: .*\nrestored into .* data-restored: /m,
    );
    const etcd = await etcdOrSkip(t);
    if (etcd === undefined) return;
    t.after(() => etcd.close());
    await run(folder, toEtcd.replace('http://10.240.0.5:2379', etcd.endpoint), 60);
    const [nextHttp, nextDns] = [await freePort(), await freePort()];
    const ofEtcd = `--store etcd --etcd-endpoints ${etcd.endpoint} --data-dir data-etcd`;
    await serve(t, folder, `npx zonewright serve ${ofEtcd}`, listening(nextHttp, nextDns));
    const again = await run(
      folder,
      onPorts(`${tour.split('\n').slice(0, 2).join('\n')}\napi /v1/hosts`, nextHttp, nextDns),
      60,
    );
    assert.match(again, /"name":"db\.foowidgets\.k8s"/);
    assert.match(
      await run(folder, `dig @127.0.0.1 -p ${nextDns} +short db.foowidgets.k8s`, 30),
      /^172\.17\.200\.110$/m,
    );
  });

  await t.test('TLS with certificates of clients', async (t) => {
    const [http, dns] = [await freePort(), await freePort()];
    const onFreePorts = (script: string) =>
      script.trim().replaceAll('127.0.0.1:9443', `127.0.0.1:${http}`).replace('127.0.0.1:2053', `127.0.0.1:${dns}`);
    const steps = onFreePorts(tls).split('\n');
    const serving = steps.pop() ?? '';
    await run(folder, steps.join('\n'), 60);
    await serve(t, folder, serving, {});
    assert.match(await run(folder, onFreePorts(tlsRequest), 30), /^\{"items":\[\]/);
  });

  for (const [where, block] of Object.entries({ 'on two machines': replicas, 'on one machine': replicasHere })) {
    await t.test(`two replicas on one etcd, ${where}`, async (t) => {
      const etcd = await etcdOrSkip(t);
      if (etcd === undefined) return;
      t.after(() => etcd.close());
      const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
      const [httpA, dnsA, httpB, dnsB] = ports as [number, number, number, number];
      const lines = block
        .trim()
        .replaceAll('http://10.240.0.5:2379', etcd.endpoint)
        .replace('10.240.0.10:8053', `127.0.0.1:${httpA}`)
        .replace('10.240.0.10:53', `127.0.0.1:${dnsA}`)
        .replace(/10\.240\.0\.11:8053|127\.0\.0\.1:9053/, `127.0.0.1:${httpB}`)
        .replace(/10\.240\.0\.11:53|127\.0\.0\.1:2053/, `127.0.0.1:${dnsB}`)
        .split('\n');
      assert.equal(lines.length, 2);
      for (const [i, line] of lines.entries()) {
        const home = where === 'on one machine' ? folder : join(folder, `machine-${i}`);
        await mkdir(home, { recursive: true });
        await serve(t, home, line, { ...listening(httpA, dnsA), ZONEWRIGHT_ETCD_ENDPOINTS: etcd.endpoint });
      }
      const token = where === 'on one machine' ? 'data-a/admin-token' : 'machine-0/data/admin-token';
      const made = onPorts(tour.replace('data/admin-token', token), httpA, dnsA);
      await run(folder, made, 60);
      const other = { address: '127.0.0.1', port: dnsB };
      await until(async () => {
        const { answers } = await ask({ server: other, name: 'nginx.foowidgets.k8s', type: 'A' });
        return answers?.some((answer) => answer.type === 'A' && answer.data === '172.17.200.100') ?? false;
      }, 'the other replica does not have the host');
    });
  }
});

/** Returns the settings of a replica that listens on these ports. */
function listening(http: number, dns: number): NodeJS.ProcessEnv {
  return { ZONEWRIGHT_HTTP_LISTEN: `127.0.0.1:${http}`, ZONEWRIGHT_DNS_LISTEN: `127.0.0.1:${dns}` };
}

/** Starts a command that serves. Resolves when it serves. Stops it after the test. */
async function serve(t: TestContext, folder: string, command: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const server = spawn('bash', ['-c', command], {
    cwd: folder,
    env: { ...userEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const exit = once(server, 'exit');
  t.after(async () => {
    if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, 'SIGTERM');
    await exit;
  });
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  const serves = () => {
    assert.equal(server.exitCode, null, `${command}: ${output}`);
    return output.includes('"serving"');
  };
  await until(serves, `${command} does not serve`, 60_000);
}

/** Returns the script with these ports in place of the README's. */
function onPorts(script: string, http: number, dns: number): string {
  return script.replaceAll('127.0.0.1:8053', `127.0.0.1:${http}`).replaceAll('-p 1053', `-p ${dns}`);
}

/**
 * Returns an environment like that of a user's shell: without the folders of node_modules in the path, and without the
 * variables of the test runner.
 */
function userEnvironment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...environment } = process.env;
  const path = (environment.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return { ...environment, PATH: path.join(':') };
}

/** Runs a script to its end. Returns its output. Fails if the script does. */
async function run(folder: string, script: string, seconds: number): Promise<string> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: userEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: seconds * 1000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  const [status] = await once(child, 'close');
  assert.equal(status, 0, `${script}\n${output}`);
  return output;
}

/** Copies the files that a clone would have, with the changes that are not committed yet. Returns the folder. */
async function copyOfRepository(folder: string): Promise<string> {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files.split('\n').filter((name) => name !== '')) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    // Leaves out a file that was deleted without a commit: Git still lists it.
    await cp(join(root, file), join(folder, file)).catch(() => undefined);
  }
  return folder;
}
