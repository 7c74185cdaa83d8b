// Kubeconfigs and service accounts: what is read of them, what is read again, and the errors of faulty ones.

import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { RereadAccess } from '../../../src/interop/kubernetes/client/cluster-access.ts';
import { inClusterAccess } from '../../../src/interop/kubernetes/client/in-cluster.ts';
import { readKubeconfig } from '../../../src/interop/kubernetes/client/read-kubeconfig.ts';
import { makeCertificate, withoutOpenssl } from '../../support/certificate.ts';
import { type Cleanup, temporaryFolder } from '../../support/temporary.ts';

const kubeconfig = `
apiVersion: v1
kind: Config
clusters:
- name: one
  cluster: {server: "https://one.example:6443", certificate-authority: ca/one.cert.pem, tls-server-name: kubernetes}
- name: two
  cluster: {server: "https://[2001:db8::1]/path/", insecure-skip-tls-verify: true}
users:
- {name: anna, user: {token: token-of-anna}}
- {name: file, user: {tokenFile: token, token: unused}}
contexts:
- {name: at-one, context: {cluster: one, user: anna}}
- {name: at-two, context: {cluster: two, user: file}}
current-context: at-one
`;

/** Writes the kubeconfig and its files. Returns the folder and the path. */
async function writeFiles(test: Cleanup, text = kubeconfig) {
  const folder = await temporaryFolder(test);
  await mkdir(join(folder, 'ca'));
  const certificate = await makeCertificate(join(folder, 'ca'), 'one');
  await writeFile(join(folder, 'token'), 'first\n');
  const path = join(folder, 'config');
  await writeFile(path, text);
  return { folder, path, certificate };
}

test('the current context is read, with paths relative to the file', { skip: withoutOpenssl }, async (t) => {
  const { path, certificate } = await writeFiles(t);
  const { server, tls, token } = await (await readKubeconfig(path)).credentials();
  assert.equal(server.href, 'https://one.example:6443/');
  assert.equal(token, 'token-of-anna');
  assert.equal(tls.ca, certificate.ca);
  assert.equal(tls.servername, 'kubernetes');
  assert.equal(tls.rejectUnauthorized, undefined);
});

test('another context is read by its name; the file of a token wins over the token', {
  skip: withoutOpenssl,
}, async (t) => {
  const { path } = await writeFiles(t);
  const { server, tls, token } = await (await readKubeconfig(path, { context: 'at-two' })).credentials();
  assert.equal(server.href, 'https://[2001:db8::1]/path/');
  assert.equal(token, 'first');
  assert.deepEqual(tls, { rejectUnauthorized: false });
});

test('data in the file win over other files', { skip: withoutOpenssl }, async (t) => {
  const { folder, path, certificate } = await writeFiles(t);
  const base64 = async (file: string) => (await readFile(file)).toString('base64');
  const [cert, key] = [await base64(certificate.cert), await base64(certificate.key)];
  const user = { 'client-certificate-data': cert, 'client-certificate': 'missing', 'client-key-data': key };
  const cluster = { server: 'https://one', 'certificate-authority-data': cert, 'certificate-authority': 'missing' };
  const config = {
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    clusters: [{ name: 'x', cluster }],
    users: [{ name: 'x', user }],
  };
  await writeFile(path, JSON.stringify(config));
  const { tls, token } = await (await readKubeconfig(path)).credentials();
  assert.equal(token, undefined);
  assert.equal(tls.ca, certificate.ca);
  assert.equal(tls.cert, certificate.ca);
  assert.match(tls.key ?? '', /BEGIN (EC )?PRIVATE KEY/);
  await rm(folder, { recursive: true });
});

/** A text of the kubeconfig, its replacement, and the fault that the error must name. */
const faults: [from: string | RegExp, to: string, fault: RegExp][] = [
  ['current-context: at-one', '', /config: current-context is missing$/],
  ['current-context: at-one', 'current-context: nowhere', /contexts has no 'nowhere' \(it has at-one, at-two\)$/],
  ['cluster: one, user', 'cluster: none, user', /clusters has no 'none' \(it has one, two\)$/],
  ['user: anna', 'user: nobody', /users has no 'nobody'/],
  ['https://one.example:6443', 'http://one.example', /clusters\['one'\]\.cluster\.server must begin with https:\/\/$/],
  ['https://one.example:6443', 'one', /clusters\['one'\]\.cluster\.server must be a URL$/],
  ['https://one.example:6443', 'https://a:b@one', /server must have only a host, a port and a path$/],
  ['server: "https://one.example:6443", ', '', /clusters\['one'\]\.cluster\.server is missing$/],
  ['ca/one.cert.pem', 'ca/none.pem', /certificate-authority cannot be read: ENOENT.*ca\/none\.pem/],
  ['ca/one.cert.pem', 'token', /certificate-authority must be certificates of authorities, in PEM: it has no/],
  ['tls-server-name: kubernetes', 'insecure-skip-tls-verify: true', /contradicts certificate-authority/],
  ['tls-server-name: kubernetes', 'insecure-skip-tls-verify: "yes"', /must be true or false$/],
  ['tls-server-name: kubernetes', 'proxy-url: http://x', /proxy-url is not supported: the API server must be/],
  ['tls-server-name: kubernetes', 'certificate-authority-data: "*"', /certificate-authority-data must be base64$/],
  ['token: token-of-anna', 'token: 12', /users\['anna'\]\.user\.token must be a text: put it in quotes$/],
  ['token: token-of-anna', 'token: "a\\nb"', /user\.token must have a token of printable ASCII characters$/],
  ['token: token-of-anna', 'tokenFile: none', /user\.tokenFile cannot be read: ENOENT/],
  ['token: token-of-anna', 'username: anna', /user\.username is not supported/],
  ['token: token-of-anna', 'as: anna', /user\.as is not supported/],
  ['token: token-of-anna', 'auth-provider: {name: gcp}', /user\.auth-provider is not supported: use exec$/],
  ['token: token-of-anna', 'client-certificate: ca/one.cert.pem', /user\.client-key is missing$/],
  ['token: token-of-anna', 'client-key: ca/one.key.pem', /user\.client-certificate is missing$/],
  [
    'token: token-of-anna',
    'client-certificate: ca/one.cert.pem, client-key: token',
    /user\.client-certificate must be a certificate and its own unencrypted key/,
  ],
  ['token: token-of-anna', 'exec: {command: x}', /user\.exec\.apiVersion is missing$/],
  ['token: token-of-anna', 'exec: {apiVersion: v1, command: x}', /user\.exec\.apiVersion must be one of client/],
  [
    'token: token-of-anna',
    'exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}',
    /user\.exec\.interactiveMode is Always/,
  ],
  [/users:\n(.*\n){2}/, 'users: {}\n', /config: users must be a list$/],
  [/^/, 'a: [\n', /config: is not YAML: .*line/],
  [/^.*$/s, 'text', /config: must be an object$/],
];

test('an error names the file, the field and the fault', { skip: withoutOpenssl }, async (t) => {
  const { path } = await writeFiles(t);
  for (const [from, to, fault] of faults) {
    const changed = kubeconfig.replace(from, to);
    assert.notEqual(changed, kubeconfig, to);
    await writeFile(path, changed);
    await assert.rejects(readKubeconfig(path), (error: Error) => {
      assert.match(error.message, fault);
      assert.ok(error.message.startsWith(`${path}: `), error.message);
      assert.doesNotMatch(error.message, /token-of-anna/);
      return true;
    });
  }
  await rm(path);
  await assert.rejects(readKubeconfig(path), /config: cannot be read: ENOENT/);
});

test('a token, a certificate and the kubeconfig itself are read again', { skip: withoutOpenssl }, async (t) => {
  const { folder, path } = await writeFiles(t);
  const access = await readKubeconfig(path, { context: 'at-two' });
  const first = await access.credentials();
  assert.equal(await access.credentials(), first);
  await writeFile(join(folder, 'token'), 'second\n');
  assert.equal((await access.credentials()).token, 'first', 'the file is not read for each request');
  access.reject(first);
  const second = await access.credentials();
  assert.equal(second.token, 'second');
  access.reject(first);
  assert.equal(await access.credentials(), second, 'a late 401 for old credentials does not reject new ones');
  await writeFile(path, kubeconfig.replace('https://[2001:db8::1]/path/', 'https://two'));
  access.reject(second);
  assert.equal((await access.credentials()).server.host, 'two');
});

test('files are read again after ten seconds, and old credentials stay while that fails', async () => {
  let now = 0;
  let token = 'first';
  const read = async () => {
    if (token === '') throw new Error('no token');
    return { server: new URL('https://one'), tls: {}, token };
  };
  const access = new RereadAccess(read, () => now);
  const first = await access.credentials();
  now = 10_000;
  assert.equal(await access.credentials(), first, 'the same credentials are the same object');
  token = 'second';
  now = 19_999;
  assert.equal((await access.credentials()).token, 'first');
  now = 20_000;
  assert.equal((await access.credentials()).token, 'second');
  token = '';
  now = 40_000;
  const kept = await access.credentials();
  assert.equal(kept.token, 'second');
  access.reject(kept);
  await assert.rejects(access.credentials(), /no token/);
  token = 'third';
  assert.equal((await access.credentials()).token, 'third');
});

/** Writes a plugin in shell, and a kubeconfig that names it. The plugin notes each run in the file `runs`. */
async function withPlugin(t: Cleanup, script: string, more: object = {}) {
  const folder = await temporaryFolder(t);
  const plugin = join(folder, 'plugin');
  await writeFile(plugin, `#!/bin/sh\ncd ${folder}\necho run >> runs\n${script}\n`);
  await chmod(plugin, 0o755);
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin', ...more };
  const config = {
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    clusters: [{ name: 'x', cluster: { server: 'https://one' } }],
    users: [{ name: 'x', user: { exec } }],
  };
  const path = join(folder, 'config');
  await writeFile(path, JSON.stringify(config));
  const runs = async () => (await readFile(join(folder, 'runs'), 'utf8').catch(() => '')).split('run').length - 1;
  return { folder, access: () => readKubeconfig(path, { environment: process.env }), runs };
}

const credential = (status: string) =>
  `echo '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": ${status}}'`;

test('a plugin is run for the first request, and again after a 401', async (t) => {
  const { access, runs } = await withPlugin(t, credential('{"token": "of-plugin"}'));
  const opened = await access();
  assert.equal(await runs(), 0);
  const first = await opened.credentials();
  assert.equal(first.token, 'of-plugin');
  await opened.credentials();
  assert.equal(await runs(), 1);
  opened.reject(first);
  const second = await opened.credentials();
  assert.equal(await runs(), 2);
  // The new token is the same one. A late 401 for the first does not run the plugin again.
  opened.reject(first);
  assert.equal(await opened.credentials(), second);
  assert.equal(await runs(), 2);
});

test('a plugin gets its arguments, its variables and the cluster', async (t) => {
  const told = `printf '%s\\n' "$KUBERNETES_EXEC_INFO" > info; echo "$* $ONE" > told; ${credential('{"token": "x"}')}`;
  const more = { args: ['a', 'b'], env: [{ name: 'ONE', value: '1' }], provideClusterInfo: true };
  const { folder, access } = await withPlugin(t, told, more);
  await (await access()).credentials();
  assert.equal(await readFile(join(folder, 'told'), 'utf8'), 'a b 1\n');
  assert.deepEqual(JSON.parse(await readFile(join(folder, 'info'), 'utf8')), {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false, cluster: { server: 'https://one', 'insecure-skip-tls-verify': false } },
  });
});

test('a plugin gives a certificate', { skip: withoutOpenssl }, async (t) => {
  const { cert, key } = await makeCertificate(await temporaryFolder(t), 'client');
  const [certPem, keyPem] = [await readFile(cert, 'utf8'), await readFile(key, 'utf8')];
  const status = JSON.stringify({ clientCertificateData: certPem, clientKeyData: keyPem });
  const { access } = await withPlugin(t, credential(status.replaceAll('\\', '\\\\')));
  const { tls, token } = await (await access()).credentials();
  assert.deepEqual([tls.cert, tls.key, token], [certPem, keyPem, undefined]);
});

test('a plugin that fails says why, without its secrets', async (t) => {
  const cases: [script: string, fault: RegExp, more?: object][] = [
    ['echo reason >&2; exit 3', /users\['x'\]\.user\.exec\.command .*plugin exited with 3: reason$/],
    ['echo secret', /plugin did not print JSON$/],
    ['echo "{}"', /plugin printed no ExecCredential$/],
    [credential('{}'), /plugin printed neither a token nor a certificate$/],
    [credential('{"clientKeyData": "secret"}'), /plugin printed a certificate or a key alone$/],
    [credential('{"token": "secret", "expirationTimestamp": "soon"}'), /an expirationTimestamp that is not a time$/],
    [credential('{"token": "x"}').replace('io/v1', 'io/v1beta1'), /plugin printed apiVersion client.*v1beta1$/],
    [
      '',
      /command no-such-program was not found: install it$/,
      { command: 'no-such-program', installHint: 'install it' },
    ],
  ];
  for (const [script, fault, more] of cases) {
    const { access } = await withPlugin(t, script, more);
    await assert.rejects((await access()).credentials(), (error: Error) => {
      assert.match(error.message, fault);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
});

test('a Pod reads its service account, and reads it again', { skip: withoutOpenssl }, async (t) => {
  const folder = await temporaryFolder(t);
  const { cert, ca } = await makeCertificate(folder, 'ca');
  const environment = { host: '10.96.0.1', port: '443', folder };
  await assert.rejects(inClusterAccess(environment), /in-cluster: ENOENT.*automountServiceAccountToken/);
  await writeFile(join(folder, 'ca.crt'), 'no certificate');
  await writeFile(join(folder, 'token'), 'first\n');
  await assert.rejects(inClusterAccess(environment), /ca\.crt must be certificates of authorities/);
  await writeFile(join(folder, 'ca.crt'), await readFile(cert));
  const access = await inClusterAccess(environment);
  const first = await access.credentials();
  assert.deepEqual([first.server.href, first.token, first.tls], ['https://10.96.0.1/', 'first', { ca: ca.trim() }]);
  await writeFile(join(folder, 'token'), 'second');
  access.reject(first);
  assert.equal((await access.credentials()).token, 'second');
  const ipv6 = await inClusterAccess({ ...environment, host: 'fd00::1' });
  assert.equal((await ipv6.credentials()).server.href, 'https://[fd00::1]/');
});

test('without the variables of a Pod, the missing one is named', async () => {
  const missing = (host?: string, port?: string) => inClusterAccess({ host, port });
  await assert.rejects(missing(), /KUBERNETES_SERVICE_HOST is not set: this process runs in no Pod/);
  await assert.rejects(missing('10.96.0.1'), /KUBERNETES_SERVICE_PORT is not set/);
});
