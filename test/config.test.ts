// Wrong settings are all reported in one message, without secrets, before anything else starts.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { startApp } from '../src/app.ts';
import { ConfigFaults, describeSettings, readConfig } from '../src/config.ts';
import type * as settingsFile from '../src/settings.ts';
import { makeCertificate, withoutOpenssl } from './support/certificate.ts';
import { temporaryFolder } from './support/temporary.ts';

/** Returns the faults of these settings. */
function faultsOf(flags: string[], environment: Record<string, string> = {}): string[] {
  try {
    readConfig(flags, environment);
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults;
    throw error;
  }
  return [];
}

test('all wrong settings are reported together', () => {
  const flags = [
    '--store',
    'disk',
    '--dns-threads',
    '99',
    '--log-level',
    'loud',
    '--etcd-endpoints',
    'https://[::1]:2379',
  ];
  assert.deepEqual(faultsOf(flags, { ZONEWRIGHT_DNS_RATE_LIMIT: '-1', ZONEWRIGHT_NOPE: '1' }), [
    "--store: 'disk' must be embedded or etcd",
    "--etcd-endpoints: 'https://[::1]:2379' needs a host name instead of the IP address: TLS checks the name",
    "--dns-threads: '99' must be a number from 1 to 32",
    "ZONEWRIGHT_DNS_RATE_LIMIT: '-1' must be a number from 0 to 1000000",
    "--log-level: 'loud' must be trace or debug or info or warn or error or fatal or silent",
    'ZONEWRIGHT_NOPE is not a variable of Zonewright: see --help',
  ]);
});

test('a flag that is given again with another value is a fault', () => {
  const twice = ['--http', '127.0.0.1:1', '--http=127.0.0.1:2', '--data-dir', 'a', '--data-dir', 'a'];
  assert.deepEqual(faultsOf(twice), ['--http is given more than once, with different values']);
});

test('an endpoint of etcd with TLS must be a host name, because TLS checks the name', () => {
  const etcd = (endpoints: string) => ['--store', 'etcd', '--etcd-endpoints', endpoints];
  assert.equal(faultsOf(etcd('https://etcd-a.example:2379,https://127.0.0.1:2379')).length, 1);
  assert.deepEqual(readConfig(etcd('https://etcd.example:2379,http://[::1]:1'), {}).etcd.endpoints, [
    'https://etcd.example:2379',
    'http://[::1]:1',
  ]);
});

test('a setting of etcd without --store etcd is a fault, so that no data for etcd is written into a file', () => {
  assert.deepEqual(faultsOf(['--etcd-endpoints', 'http://127.0.0.1:2379'], { ZONEWRIGHT_ETCD_USERNAME: 'u' }), [
    'ZONEWRIGHT_ETCD_USERNAME and ZONEWRIGHT_ETCD_PASSWORD go together',
    '--etcd-endpoints, ZONEWRIGHT_ETCD_USERNAME: no effect without --store etcd: add that, or leave them out',
  ]);
  assert.equal(faultsOf(['--store', 'embedded'], { ZONEWRIGHT_ETCD_PREFIX: '/x' }).length, 1);
  assert.deepEqual(faultsOf([], { ZONEWRIGHT_ETCD_PREFIX: '/x', ZONEWRIGHT_STORE: 'etcd' }), []);
});

test('variables that Kubernetes sets in pods beside a Service named zonewright are ignored', () => {
  const links = [
    'ZONEWRIGHT_SERVICE_HOST',
    'ZONEWRIGHT_SERVICE_PORT',
    'ZONEWRIGHT_SERVICE_PORT_DNS_TCP',
    'ZONEWRIGHT_PORT',
    'ZONEWRIGHT_PORT_53_UDP',
    'ZONEWRIGHT_PORT_8053_TCP_PROTO',
    'ZONEWRIGHT_PORT_8053_TCP_PORT',
    'ZONEWRIGHT_DNS_PORT_53_SCTP_ADDR',
    'ZONEWRIGHT_ETCD_SERVICE_HOST',
  ];
  assert.deepEqual(faultsOf([], Object.fromEntries(links.map((name) => [name, 'tcp://10.96.0.7:8053']))), []);
  assert.equal(
    faultsOf([], { ZONEWRIGHT_DNS_PORTS: '53', ZONEWRIGHT_PORT_X: '1', ZONEWRIGHT_HTTP_PORT_: '' }).length,
    3,
  );
});

test('--help has at most one default for each setting', () => {
  for (const line of describeSettings().split('\n')) assert.ok(line.split('default:').length <= 2, line);
});

test('the default of every setting is valid on machines of every size', async (t) => {
  const cores = t.mock.method(os, 'availableParallelism', () => 1);
  t.after(() => {
    cores.mock.restore();
    syncBuiltinESMExports();
  });
  const threads: unknown[] = [];
  for (const count of [1, 2, 33, 34, 128]) {
    cores.mock.mockImplementation(() => count);
    syncBuiltinESMExports();
    // The defaults are computed when the module is loaded. The query in the path makes Node load the module again.
    const { settings }: typeof settingsFile = await import(`../src/settings.ts?cores=${count}`);
    for (const row of Object.values(settings)) if (row.default !== undefined) row.parse(row.default);
    threads.push(settings.dnsThreads.parse(settings.dnsThreads.default ?? ''));
  }
  assert.deepEqual(threads, [1, 1, 32, 32, 32]);
});

test('a wrong secret is not repeated in the message', () => {
  const secrets = describeSettings().match(/\bZONEWRIGHT_\w*(?:TOKEN|SECRET|PASSWORD)\w*/g) ?? [];
  assert.ok(secrets.length >= 3);
  const faults = faultsOf(['--dns-threads', '0'], Object.fromEntries(secrets.map((name) => [name, 'hunter 2'])));
  assert.ok(faults.some((fault) => fault.startsWith('ZONEWRIGHT_ADMIN_TOKEN: ')));
  assert.doesNotMatch(faults.join('\n'), /hunter/);
});

test('a data directory and a certificate that cannot be used are reported together as wrong settings', async (t) => {
  const nowhere = join(await temporaryFolder(t), 'none.pem');
  const config = readConfig(
    ['--data-dir', '/proc/nope', '--dns-tls', '127.0.0.1:0', '--dns-tls-cert', nowhere, '--dns-tls-key', nowhere],
    {},
  );
  await assert.rejects(startApp(config, pino({ level: 'silent' }), '0.0.0-test'), (error: Error) => {
    assert.ok(error instanceof ConfigFaults, error);
    assert.match(
      error.faults.join('\n'),
      /^--data-dir: .*\n--dns-tls-cert: the certificate cannot be read.*\n--dns-tls-key: the private key cannot be read.*$/,
    );
    return true;
  });
});

test('one message names all files of settings that cannot be read, before the log begins', async (t) => {
  const folder = await temporaryFolder(t);
  const nowhere = (name: string) => join(folder, `${name}.pem`);
  const api = ['--http-tls-cert', nowhere('a'), '--http-tls-key', nowhere('b'), '--http-tls-client-ca', nowhere('c')];
  const dns = ['--dns-tls', '127.0.0.1:0', '--dns-tls-cert', nowhere('d'), '--dns-tls-key', nowhere('e')];
  const listen = ['--data-dir', folder, '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0'];
  const { status, stdout, lines } = await refusalOf([...listen, ...api, ...dns]);
  assert.deepEqual([status, stdout], [2, '']);
  const [first, ...faults] = lines;
  assert.equal(first, 'zonewright: some settings are wrong:');
  assert.deepEqual(
    faults.map((fault) => `${/--[a-z-]+/.exec(fault)} ${/(\w)\.pem'$/.exec(fault)?.[1]}`),
    ['--dns-tls-cert d', '--dns-tls-key e', '--http-tls-cert a', '--http-tls-key b', '--http-tls-client-ca c'],
  );
});

/** Runs `serve` with wrong settings. Returns its exit status and the lines that it writes. */
function refusalOf(flags: readonly string[], environment: Record<string, string> = {}) {
  const command = fileURLToPath(new URL('../src/cli/zonewright.js', import.meta.url));
  const args = ['--disable-warning=ExperimentalWarning', command, 'serve', ...flags];
  return new Promise<{ status: unknown; stdout: string; lines: string[] }>((resolve) => {
    execFile(process.execPath, args, { env: { ...process.env, ...environment } }, (error, stdout, stderr) =>
      resolve({ status: error?.code ?? 0, stdout, lines: stderr.trimEnd().split('\n') }),
    );
  });
}

test('one start tells wrong flags, variables, files and folders, one line each', {
  skip: withoutOpenssl,
}, async (t) => {
  const folder = await temporaryFolder(t);
  const [one, two] = [await makeCertificate(folder, 'one'), await makeCertificate(folder, 'two')];
  const noAuthority = join(folder, 'authorities.pem');
  await writeFile(noAuthority, 'nothing');
  const dataDir = join(noAuthority, 'data');
  const nowhere = join(folder, 'none.pem');
  const { status, stdout, lines } = await refusalOf(
    [
      ...['--data-dir', dataDir, '--log-level', 'loud', '--dns', '127.0.0.1,127.0.0.1:0,[::1]', '--dns-threads'],
      ...['--http-tls-cert', one.cert, '--http-tls-key', two.key, '--http-tls-client-ca', noAuthority],
      ...['--dns-tls', '127.0.0.1', '--dns-tls-cert', nowhere, '--dns-tls-key', one.key],
    ],
    { ZONEWRIGHT_NOPE: '1', ZONEWRIGHT_DNS_RATE_LIMIT: 'x', ZONEWRIGHT_ETCD_CA: nowhere },
  );
  assert.deepEqual([status, stdout], [2, '']);
  assert.deepEqual(
    lines.map((line) =>
      line
        .replaceAll(folder, '')
        .replace(/(cannot be used|must be certificates|must be a cert|cannot be read).*/, '$1'),
    ),
    [
      'zonewright: some settings are wrong:',
      '  --dns-threads needs a value',
      "  ZONEWRIGHT_ETCD_CA: '/none.pem' cannot be read",
      "  --dns: '127.0.0.1' must be an address and a port, such as 127.0.0.1:1053 or [::1]:1053",
      "  --dns: '[::1]' must be an address and a port, such as 127.0.0.1:1053 or [::1]:1053",
      "  --dns-tls: '127.0.0.1' must be an address and a port, such as 127.0.0.1:1053 or [::1]:1053",
      "  ZONEWRIGHT_DNS_RATE_LIMIT: 'x' must be a number from 0 to 1000000",
      "  --log-level: 'loud' must be trace or debug or info or warn or error or fatal or silent",
      '  ZONEWRIGHT_NOPE is not a variable of Zonewright: see --help',
      "  --data-dir: '/authorities.pem/data' cannot be used",
      '  --dns-tls-cert: the certificate cannot be read',
      "  --http-tls-cert '/one.cert.pem' and --http-tls-key '/two.key.pem' must be a cert",
      "  --http-tls-client-ca '/authorities.pem' must be certificates",
    ],
  );
});

test('with a wrong setting, the data directory is not created, and no fault is told that only follows from it', async (t) => {
  const folder = await temporaryFolder(t);
  const dataDir = join(folder, 'deep', 'data');
  const { status, lines } = await refusalOf(['--data-dir', dataDir, '--log-level', 'loud']);
  assert.deepEqual([status, lines.length], [2, 2]);
  assert.match(lines.join('\n'), /a setting is wrong:\n {2}--log-level/);
  assert.equal(existsSync(join(folder, 'deep')), false);

  const nowhere = join(folder, 'none.pem');
  const names = (flags: string[], environment: Record<string, string> = {}) =>
    faultsOf(['--data-dir', folder, ...flags], environment).map((fault) => /^\S+?(?=:? )/.exec(fault)?.[0]);
  const certificate = ['--dns-tls-cert', nowhere, '--dns-tls-key', nowhere];
  assert.deepEqual(names(['--dns-tls', 'x', ...certificate]), ['--dns-tls']);
  assert.deepEqual(names(['--dns-tls', ...certificate]), ['--dns-tls']);
  assert.deepEqual(names(['--dns-tsl', '127.0.0.1:853', ...certificate]), ['--dns-tsl', "'127.0.0.1:853'"]);
  assert.deepEqual(names(certificate, { ZONEWRIGHT_DNS_TLS: '127.0.0.1:853' }), ['ZONEWRIGHT_DNS_TLS']);
  assert.deepEqual(names(['--dns-tls', '127.0.0.1:853', '--dns-tls=[::1]:853', ...certificate]), ['--dns-tls']);
  const etcd = { ZONEWRIGHT_ETCD_CERT: nowhere, ZONEWRIGHT_ETCD_USERNAME: 'u', ZONEWRIGHT_ETCD_PASSWORD: 'p' };
  assert.deepEqual(names(['--store', 'etcd'], { ...etcd, ZONEWRIGHT_ETCD_KEY: nowhere }), [
    'ZONEWRIGHT_ETCD_CERT',
    'ZONEWRIGHT_ETCD_KEY',
  ]);
  assert.deepEqual(names(['--store', 'etdc'], { ZONEWRIGHT_ETCD_PREFIX: '/x' }), ['--store']);
  assert.deepEqual(names(['--store'], { ZONEWRIGHT_ETCD_PREFIX: '/x' }), ['--store']);
});

test('the ledger is a file of the data directory, a database by URL, or off', () => {
  const ledger = (...flags: string[]) => readConfig(['--data-dir', '/d$&', ...flags], {}).ledger;
  assert.deepEqual(ledger(), { kind: 'sqlite', file: '/d$&/ledger.db' });
  assert.deepEqual(ledger('--ledger', 'file:/var/history.db'), { kind: 'sqlite', file: '/var/history.db' });
  assert.deepEqual(ledger('--ledger', 'off'), { kind: 'off' });
  const url = 'postgresql://ledger:secret@db.example:5432/zonewright?sslmode=verify-full';
  assert.deepEqual(ledger('--ledger', url), { kind: 'postgresql', url });
});

test('a wrong URL of the ledger is a fault that does not show its password', () => {
  for (const wrong of ['mysql://u:secret@h/d', 'file:', 'file://x/y', 'postgresql://u:secret@h', 'on', ''])
    assert.deepEqual(faultsOf(['--ledger', wrong]), [
      '--ledger: must be file:<path>, postgresql://user@host/database or off',
    ]);
});

test('files for TLS with etcd that have wrong contents are faults, which name the files', {
  skip: withoutOpenssl,
}, async (t) => {
  const folder = await temporaryFolder(t);
  const [one, other] = [await makeCertificate(folder, 'one'), await makeCertificate(folder, 'other')];
  const empty = join(folder, 'empty');
  await writeFile(empty, '');
  const faults = (ca: string, cert: string, key: string) =>
    faultsOf(['--store', 'etcd'], {
      ZONEWRIGHT_ETCD_CA: ca,
      ZONEWRIGHT_ETCD_CERT: cert,
      ZONEWRIGHT_ETCD_KEY: key,
    });
  assert.deepEqual(faults(one.cert, one.cert, one.key), []);
  const noCertificate = 'must be certificates of authorities, in PEM: it has no certificate';
  assert.deepEqual(faults(empty, one.cert, one.key), [`ZONEWRIGHT_ETCD_CA: '${empty}' ${noCertificate}`]);
  assert.deepEqual(faults(one.key, one.cert, one.key), [`ZONEWRIGHT_ETCD_CA: '${one.key}' ${noCertificate}`]);
  const noPair = /^ZONEWRIGHT_ETCD_CERT and ZONEWRIGHT_ETCD_KEY must be a certificate and its own unencrypted key/;
  for (const [cert, key] of [
    [one.cert, other.key],
    [one.cert, one.cert],
    [empty, one.key],
    [one.cert, empty],
  ] as const) {
    const [fault = '', ...more] = faults(one.cert, cert, key);
    assert.match(fault, noPair);
    assert.deepEqual(more, []);
  }
});
