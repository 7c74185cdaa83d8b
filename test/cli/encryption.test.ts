// Backups in the format of age: the program `age` reads what we write, and we read what it writes.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { checkBackup } from '../../src/backup/read-backup.ts';
import { type DecryptOptions, decrypting, type EncryptOptions, encrypted } from '../../src/cli/encryption.ts';
import { openOutput } from '../../src/cli/output-file.ts';
import { put, write } from '../store/contract.ts';
import { backupOf } from '../support/backups.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { findProgram } from '../support/peer-process.ts';
import { startReplica } from '../support/replica.ts';
import { command, runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary.ts';

const run = promisify(execFile);
const programs = ['age', 'age-keygen', 'script'].filter((program) => findProgram(program) === undefined);
const skip = programs.length > 0 && process.env.CI !== 'true' ? `not installed: ${programs.join(', ')}` : false;
const plain: EncryptOptions = {
  encrypt: false,
  recipients: undefined,
  passphraseFile: undefined,
  passphrase: undefined,
};
const noKey: DecryptOptions = { identity: undefined, passphraseFile: undefined, passphrase: undefined };

async function someBackup(t: TestContext): Promise<Buffer> {
  const store = await embeddedStore(t);
  for (let key = 0; key < 2000; key += 100)
    await write(store, ...Array.from({ length: 100 }, (_, one) => put(`hosts/${key + one}`, 'x'.repeat(100))));
  return backupOf(store);
}

/** Makes an identity of age. Returns the path of its file, and its recipient. */
async function makeIdentity(folder: string, name: string): Promise<{ file: string; recipient: string }> {
  const file = join(folder, name);
  await run('age-keygen', ['-o', file]);
  const recipient = /age1\w+/.exec(await readFile(file, 'utf8'))?.[0];
  assert.ok(recipient);
  return { file, recipient };
}

async function encryptInto(file: string, backup: Buffer, options: Partial<EncryptOptions>): Promise<void> {
  const output = await encrypted(() => openOutput(file, { force: true }), { ...plain, ...options });
  for (let start = 0; start < backup.length; start += 10_000)
    await output.write(backup.subarray(start, start + 10_000));
  await output.finish();
}

async function read(file: string, options: Partial<DecryptOptions>): Promise<Buffer> {
  const handle = await open(file);
  try {
    const stored = () => handle.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>;
    const chunks = await decrypting(handle, stored, { ...noKey, ...options });
    const twice = [[], []] as Buffer[][];
    for (const parts of twice) for await (const chunk of chunks()) parts.push(Buffer.from(chunk));
    const [first, second] = twice.map((parts) => Buffer.concat(parts)) as [Buffer, Buffer];
    assert.deepEqual(first, second);
    return first;
  } finally {
    await handle.close();
  }
}

/** Runs a shell command on a terminal of its own. Types each answer when its question appears. */
async function onTerminal(line: string, typed: [question: RegExp, answer: string][], env: NodeJS.ProcessEnv = {}) {
  const child = spawn('script', ['-qec', line, '/dev/null'], { env: { ...process.env, ...env } });
  let output = '';
  let answered = 0;
  child.stdout.on('data', (text) => {
    output += text;
    const [question, answer] = typed[answered] ?? [];
    if (question === undefined || !question.test(output)) return;
    output = '';
    answered += 1;
    child.stdin.write(`${answer}\r`);
  });
  const [status] = await once(child, 'close');
  return { status, output, answered };
}

test('age decrypts our backups for recipients, and we decrypt those that age has encrypted', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  const backup = await someBackup(t);
  const [one, two, other] = await Promise.all(['one', 'two', 'other'].map((name) => makeIdentity(folder, name)));
  const file = join(folder, 'backup.age');
  await encryptInto(file, backup, { recipients: [one!.recipient, two!.recipient] });
  for (const { file: identity } of [one!, two!]) {
    const { stdout } = await run('age', ['-d', '-i', identity, file], { encoding: 'buffer', maxBuffer: 1e8 });
    assert.deepEqual(stdout, backup);
    assert.deepEqual(await read(file, { identity }), backup);
  }
  await assert.rejects(read(file, { identity: other!.file }), {
    name: 'BackupFault',
    message: /identity is not one of/,
  });
  await assert.rejects(read(file, { passphrase: 'x' }), /is not one of/);
  const input = join(folder, 'plain');
  await writeFile(input, backup);
  await run('age', ['-r', two!.recipient, '-o', file, input]);
  assert.deepEqual(await read(file, { identity: two!.file }), backup);
  assert.deepEqual(await read(input, {}), backup);
});

test('age decrypts what is encrypted with a passphrase, and the other way round', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  const backup = await someBackup(t);
  const [file, out, passphraseFile] = ['backup.age', 'out', 'passphrase'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(passphraseFile, 'correct horse\r\n');
  await encryptInto(file, backup, { passphraseFile });
  const decrypts = await onTerminal(`age -d -o ${out} ${file}`, [[/passphrase/i, 'correct horse']]);
  assert.equal(decrypts.status, 0, decrypts.output);
  assert.deepEqual(await readFile(out), backup);
  assert.deepEqual(await read(file, { passphrase: 'correct horse' }), backup);
  await assert.rejects(read(file, { passphrase: 'wrong' }), /passphrase or the identity is not one of/);
  const typed: [RegExp, string][] = [
    [/passphrase/i, 'battery staple'],
    [/Confirm/i, 'battery staple'],
  ];
  const encrypts = await onTerminal(`age -p -o ${file} ${out}`, typed);
  assert.equal(encrypts.status, 0, encrypts.output);
  assert.deepEqual(await read(file, { passphrase: 'battery staple' }), backup);
});

test('an encrypted backup that was cut short or altered anywhere is refused', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  const backup = await someBackup(t);
  const { file: identity, recipient } = await makeIdentity(folder, 'identity');
  const file = join(folder, 'backup.age');
  await encryptInto(file, backup, { recipients: [recipient] });
  const whole = await readFile(file);
  const isRefused = async (content: Buffer, what: string) => {
    await writeFile(file, content);
    const handle = await open(file);
    try {
      const stored = () => handle.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>;
      const check = async () => checkBackup((await decrypting(handle, stored, { ...noKey, identity }))());
      await assert.rejects(check, { name: 'BackupFault' }, what);
    } finally {
      await handle.close();
    }
  };
  // The payload begins after the header, and a nonce of 16 octets. Its parts have 64 KiB and 16 octets.
  const payload = whole.indexOf('\n', whole.indexOf('\n---') + 1) + 1;
  const ends = [
    0,
    16,
    17,
    16 + 65_552,
    16 + 65_551,
    16 + 2 * 65_552,
    whole.length - payload - 1,
    whole.length - payload - 17,
  ];
  const places = Array.from({ length: 60 }, (_, number) => Math.floor((number * (whole.length - 1)) / 59));
  for (const end of [...ends.map((one) => payload + one), ...places])
    await isRefused(whole.subarray(0, end), `cut at ${end}`);
  for (const place of [...places, ...Array.from({ length: payload + 20 }, (_, one) => one)]) {
    const altered = Buffer.from(whole);
    altered[place] = (altered[place] ?? 0) ^ 1;
    await isRefused(altered, `octet ${place}`);
  }
  await isRefused(Buffer.concat([whole, Buffer.from('x')]), 'longer');
});

test('encrypted octets are passed on at once, and are not kept in memory', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  const { recipient } = await makeIdentity(folder, 'identity');
  let written = 0;
  let most = 0;
  let into = 0;
  const output = await encrypted(
    async () => ({
      write: async (text) => {
        await new Promise((resolve) => setImmediate(resolve));
        written += text.length;
        most = Math.max(most, into - written);
      },
      finish: async () => {},
      discard: async () => {},
    }),
    { ...plain, recipients: [recipient] },
  );
  const chunk = Buffer.alloc(65_536, 'x');
  for (let number = 0; number < 200; number++) {
    into += chunk.length;
    await output.write(chunk);
  }
  await output.finish();
  assert.ok(written > into);
  assert.ok(most < 2_000_000, `${most} octets were kept in memory`);
});

test('if the disk is full, or the reader has gone, the encryption fails with this reason', { skip }, async (t) => {
  const { recipient } = await makeIdentity(await temporaryFolder(t), 'identity');
  let discarded = 0;
  const output = await encrypted(
    async () => ({
      write: () => Promise.reject(new Error('the disk is full')),
      finish: async () => {},
      discard: async () => {
        discarded += 1;
      },
    }),
    { ...plain, recipients: [recipient] },
  );
  const fill = async () => {
    for (let number = 0; number < 100; number++) await output.write(Buffer.alloc(65_536));
  };
  await assert.rejects(fill(), /the disk is full/);
  await output.discard();
  assert.equal(discarded, 1);
});

test('the commands encrypt and decrypt, and say what is missing', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  const { file: identity, recipient } = await makeIdentity(folder, 'identity');
  const replica = await startReplica(t, join(folder, 'data'), ['--dns-threads', '1']);
  await replica.expect(201, 'POST', '/v1/zones', { name: 'secret.test' });
  const env = { ZONEWRIGHT_ADMIN_TOKEN: 'a-token-for-tests-only' };
  const file = join(folder, 'file');
  const backup = (flags: string[], more = {}) =>
    runCommand(['backup', file, '--force', '--data-dir', join(folder, 'data'), ...flags], { env: { ...env, ...more } });
  const check = (flags: string[], more = {}) => runCommand(['restore', file, '--check', ...flags], { env: more });

  const encrypts = await backup(['--recipient', recipient]);
  assert.deepEqual([encrypts.status, encrypts.stderr], [0, '']);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await readFile(file)).includes('secret.test'), false);
  assert.match((await check([])).stderr, /the backup is encrypted: give --identity or --passphrase-file, or set/);
  const checked = await check(['--identity', identity]);
  assert.deepEqual([checked.status, checked.stderr], [0, '']);
  const restored = await runCommand(['restore', file, '--identity', identity, '--data-dir', join(folder, 'restored')]);
  assert.equal(restored.status, 0, restored.stderr);
  assert.match((await check(['--identity', file])).stderr, /has a line that is not an identity of age/);
  assert.match((await check(['--identity', join(folder, 'none')])).stderr, /none cannot be read/);

  const variable = { ZONEWRIGHT_BACKUP_PASSPHRASE: 'from the environment' };
  assert.equal((await backup(['--encrypt'], variable)).status, 0);
  assert.match((await check([], { ZONEWRIGHT_BACKUP_PASSPHRASE: 'wrong' })).stderr, /is not one of those/);
  assert.equal((await check([], variable)).status, 0);
  const before = await readFile(file);
  assert.match((await backup(['--encrypt'])).stderr, /there is no passphrase: give --passphrase-file, or set/);
  assert.match((await backup(['--recipient', 'age1nobody'])).stderr, /'age1nobody' is not a recipient of age/);
  assert.match((await backup(['--recipient', recipient, '--encrypt'])).stderr, /--recipient goes without a passphrase/);
  assert.deepEqual(await readFile(file), before);

  const typed: [RegExp, string][] = [
    [/New passphrase of the backup: /, 'typed'],
    [/Once more: /, 'typed'],
  ];
  const line = `${command} backup ${file} --force --encrypt --data-dir ${join(folder, 'data')}`;
  const asked = await onTerminal(line, typed, env);
  assert.deepEqual([asked.status, asked.answered], [0, 2], asked.output);
  assert.doesNotMatch(asked.output, /typed/);
  const answers = await onTerminal(`${command} restore ${file} --check`, [[/Passphrase of the backup: /, 'typed']]);
  assert.equal(answers.status, 0, answers.output);
  const differs = await onTerminal(line, typed.with(1, [/Once more: /, 'other']), env);
  assert.match(differs.output, /the two passphrases are not the same/);
});
