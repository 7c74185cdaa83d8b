// `zonewright forwarding`, as an operator runs it: it prints what the API renders, and writes it into the files that a
// resolver includes, only where something changed.

import assert from 'node:assert/strict';
import { chmod, chown, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { applied } from '../../src/cli/forwarding.ts';
import { rendererNames, renderers } from '../../src/forwarding/render/renderers.ts';
import { parseEndpoint } from '../../src/model/endpoint.ts';
import { parseName } from '../../src/model/name.ts';
import { adminToken } from '../support/api-client.ts';
import { freePort } from '../support/free-port.ts';
import { type Replica, startReplica } from '../support/replica.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary.ts';

const env = { ZONEWRIGHT_ADMIN_TOKEN: adminToken };

async function started(t: TestContext): Promise<{ replica: Replica; folder: string; run: typeof runHere }> {
  const folder = await temporaryFolder(t);
  const data = join(folder, 'data');
  await mkdir(data);
  const replica = await startReplica(t, data, ['--dns-threads', '1', '--ledger', 'off']);
  await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/22'] });
  await replica.expect(201, 'POST', '/v1/zones', { name: 'one.example' });
  await replica.expect(201, 'POST', '/v1/zones', { name: 'two.example' });
  await replica.expect(201, 'POST', '/v1/hosts', { name: 'a.one.example' });
  const runHere = (...args: string[]) => runCommand(['forwarding', ...args, '--data-dir', data], { env });
  return { replica, folder, run: runHere };
}
declare const runHere: (...args: string[]) => ReturnType<typeof runCommand>;

test('the command prints the text of the API: for one zone, for several, and for one part', async (t) => {
  const { replica, run } = await started(t);
  for (const [args, path] of [
    [['one.example', '--resolver', 'bind'], '/v1/zones/one.example/forwarding/bind'],
    [['one.example,two.example', '--resolver', 'unbound'], '/v1/forwarding/unbound?zones=one.example,two.example'],
    [['one.example', '--resolver', 'bind', '--part', 'options'], '/v1/zones/one.example/forwarding/bind?part=options'],
  ] as const) {
    const { status, stdout, stderr } = await run(...args);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.equal(stdout, await replica.expect<string>(200, 'GET', path));
  }
});

test('files get their block, keep the text around it, and are not touched if nothing changed', async (t) => {
  const { replica, folder, run } = await started(t);
  const [zones, options] = [join(folder, 'zones.conf'), join(folder, 'options.conf')];
  await writeFile(zones, '// mine, above');
  await chmod(zones, 0o640);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chown(zones, 12345, 23456);
  const args = ['one.example', '--resolver', 'bind', '--apply', zones, '--apply-options', options];
  const first = await run(...args);
  assert.deepEqual(first, { status: 0, stdout: `changed: ${zones}\nchanged: ${options}\n`, stderr: '' });
  const text = (part: string) =>
    replica.expect<string>(200, 'GET', `/v1/zones/one.example/forwarding/bind?part=${part}`);
  const block = (inside: string) =>
    `// BEGIN Zonewright: written by \`zonewright forwarding\`; what is changed here is lost\n${inside}// END Zonewright\n`;
  assert.equal(await readFile(zones, 'utf8'), `// mine, above\n${block(await text('zones'))}`);
  assert.equal(await readFile(options, 'utf8'), block(await text('options')));
  const { mode, uid, gid } = await stat(zones);
  assert.equal(mode & 0o777, 0o640);
  if (isRoot) assert.deepEqual([uid, gid], [12345, 23456]);
  assert.equal((await stat(options)).mode & 0o777, 0o644);

  await writeFile(zones, `${await readFile(zones, 'utf8')}// mine, below\n`);
  const before = await stat(zones);
  const again = await run(...args);
  assert.deepEqual(again, { status: 0, stdout: `unchanged: ${zones}\nunchanged: ${options}\n`, stderr: '' });
  assert.deepEqual([(await stat(zones)).ino, (await stat(zones)).mtimeMs], [before.ino, before.mtimeMs]);

  // This host gets a new reverse zone.
  await replica.expect(201, 'POST', '/v1/hosts', { name: 'b.one.example', addresses: ['10.8.3.7'] });
  assert.deepEqual((await run(...args)).status, 0);
  assert.equal(await readFile(zones, 'utf8'), `// mine, above\n${block(await text('zones'))}// mine, below\n`);
  assert.match(await readFile(options, 'utf8'), /"3\.8\.10\.in-addr\.arpa";/);
  assert.deepEqual((await readdir(folder)).sort(), ['data', 'options.conf', 'zones.conf']);
});

test('the command changes no file if it is refused, or if no replica answers', async (t) => {
  const { replica, folder, run } = await started(t);
  const file = join(folder, 'zones.conf');
  const options = join(folder, 'options.conf');
  const link = join(folder, 'link.conf');
  await writeFile(file, 'mine\n');
  await symlink(file, link);
  await mkdir(join(folder, 'folder'));
  const mixed = '// END Zonewright\n';
  await writeFile(options, mixed);
  const refusals: [args: string[], reason: RegExp][] = [
    [['--resolver', 'bind', '--apply', link], /link\.conf is a symbolic link/],
    [['--resolver', 'bind', '--apply', join(folder, 'folder')], /is not a file/],
    [
      ['--resolver', 'bind', '--apply', file, '--apply-options', options],
      /options\.conf does not have one pair of the markers/,
    ],
    [['--resolver', 'bind', '--apply', file, '--apply-options', link], /link\.conf is a symbolic link/],
    [['--resolver', 'bind', '--apply', join(folder, 'gone', 'x')], /cannot be written/],
    [['--resolver', 'windows', '--apply', file], /windows has no file .* bind, .*unbound/],
    [
      ['--resolver', 'unbound', '--apply', file, '--apply-options', options],
      /one file only: leave out --apply-options/,
    ],
    [['--resolver', 'nope'], /must be one of .*bind/],
  ];
  for (const [args, reason] of refusals) {
    const { status, stdout, stderr } = await run('one.example', ...args);
    assert.deepEqual([status, stdout], [1, ''], stderr);
    assert.match(stderr, reason);
  }
  assert.match((await run('gone.example', '--resolver', 'bind')).stderr, /there is no zone gone\.example/);
  await replica.kill();
  const dead = await run('one.example', '--resolver', 'bind', '--apply', file);
  assert.deepEqual([dead.status, dead.stdout], [1, '']);
  assert.match(dead.stderr, /no replica answers/);
  assert.equal(await readFile(file, 'utf8'), 'mine\n');
  assert.equal(await readFile(options, 'utf8'), mixed);
  assert.ok((await lstat(link)).isSymbolicLink());
  assert.deepEqual((await readdir(folder)).sort(), ['data', 'folder', 'link.conf', 'options.conf', 'zones.conf']);
});

test('the command changes no file if no target answers', async (t) => {
  const folder = await temporaryFolder(t);
  const data = join(folder, 'data');
  await mkdir(data);
  const advertise = `127.0.0.1:${await freePort()}`;
  const replica = await startReplica(t, data, ['--dns-threads', '1', '--ledger', 'off', '--advertise', advertise]);
  await replica.expect(201, 'POST', '/v1/zones', { name: 'one.example' });
  const file = join(folder, 'zones.conf');
  await writeFile(file, 'mine\n');
  const args = ['forwarding', 'one.example', '--resolver', 'unbound', '--apply', file, '--data-dir', data];
  const { status, stdout, stderr } = await runCommand(args, { env });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /none of the replicas answers .*--advertise/);
  assert.equal(await readFile(file, 'utf8'), 'mine\n');
});

test('all faults of the arguments are told at once, with status 2', async () => {
  const { status, stderr } = await runCommand(['forwarding', '--part', 'zones', '--apply', 'f', '--nope'], {
    env,
  });
  assert.equal(status, 2);
  for (const fault of [
    /the zone is missing/,
    /--nope is not a flag/,
    /--resolver is missing/,
    /--part is for printing/,
  ])
    assert.match(stderr, fault);
});

test('the parts that files take are those of the renderers', () => {
  const wanted = { zones: [parseName('one.example')], targets: [parseEndpoint('10.0.0.1:53')] };
  for (const [name, { apply, applyOptions }] of Object.entries(applied)) {
    const known = rendererNames.find((one) => one === name) ?? assert.fail(name);
    const resolver = renderers[known];
    const parts = resolver.render(wanted).map((part) => ({
      part: part.name,
      comment: part.comment ?? resolver.comment,
    }));
    if (applyOptions === undefined) assert.deepEqual([{ part: parts[0]?.part, ...apply }], parts, name);
    else
      assert.deepEqual(
        [apply, applyOptions].sort((a, b) => ((a.part ?? '') < (b.part ?? '') ? -1 : 1)),
        parts.sort((a, b) => (a.part < b.part ? -1 : 1)),
        name,
      );
  }
});
