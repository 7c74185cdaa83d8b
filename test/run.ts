// Runs the tests: `npm test` for all, `npm test -- <files…>` for some. Installs the missing programs that they start.
// `npm test` runs neither test/neighbours/ nor test/kubernetes/ nor test/lab/ (which needs containers): each has a
// command of its own.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { buildWithGo, kubernetesPrograms, neighbourPrograms } from './support/go-built.ts';
import { buildNewestEtcd } from './support/newest-etcd.ts';
import { findProgram } from './support/peer-process.ts';
import { findPostgresql } from './support/postgresql.ts';

/** The programs that tests start, each with its Debian package. */
const peers = [
  ['etcd', 'etcd-server'],
  ['etcdctl', 'etcd-client'],
  ['named', 'bind9'],
  ['dig', 'bind9-dnsutils'],
  ['kdig', 'knot-dnsutils'],
  ['drill', 'ldnsutils'],
  ['chromium', 'chromium'],
  ['openssl', 'openssl'],
  ['nsd', 'nsd'],
  ['knotd', 'knot'],
  ['promtool', 'prometheus'],
  ['postgres', 'postgresql'],
  ['age', 'age'],
  ['script', 'bsdutils'],
] as const;

/** The programs that only the tests in test/neighbours start, each with its Debian package. */
const neighbours = [
  ['unbound', 'unbound'],
  ['dnsmasq', 'dnsmasq-base'],
  ['kresd', 'knot-resolver'],
  ['pdns_recursor', 'pdns-recursor'],
] as const;

const named = process.argv.slice(2);
const hasNeighbours = named.some((file) => file.includes('test/neighbours/'));
const hasKubernetes = named.some((file) => file.includes('test/kubernetes/'));
const missing = [...peers, ...(hasNeighbours ? neighbours : [])]
  .filter(([program]) => !isInstalled(program))
  .map(([, name]) => name);
if (missing.length > 0) installPeers(missing);

const withOwnCommand = ['test/lab/**', 'test/neighbours/**', 'test/kubernetes/**'];
const files = named.length > 0 ? named : globSync('test/**/*.test.ts', { exclude: withOwnCommand }).sort();
if (files.length === 0) {
  console.error('there are no tests to run');
  process.exit(1);
}
if (hasKubernetes || files.some((file) => file.includes('etcd-cluster'))) buildNewestEtcd();
if (hasNeighbours) buildWithGo(neighbourPrograms);
if (hasKubernetes) buildWithGo(kubernetesPrograms);
// Many tests start processes, and many wait for time to pass. Running three files at a time keeps two cores busy.
const concurrency = Math.min(4, Math.max(3, availableParallelism() - 1));
/** A test that hangs fails with its name after this time. A test that needs longer sets its own limit. */
const limit = '--test-timeout=300000';
const options = ['--disable-warning=ExperimentalWarning', '--test', `--test-concurrency=${concurrency}`, limit];
const run = spawn(process.execPath, [...options, ...files], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => run.kill(signal));
run.on('exit', (code) => process.exit(code ?? 1));

function isInstalled(program: string): boolean {
  if (program === 'etcd' && process.env.ZONEWRIGHT_TEST_ETCD) return true;
  if (program === 'postgres') return findPostgresql() !== undefined;
  return findProgram(program) !== undefined;
}

/** Installs Debian packages, if this user may. Tests of a program that is missing are skipped, or fail under CI. */
function installPeers(names: string[]): void {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const may = existsSync('/usr/bin/apt-get') && (sudo.length === 0 || succeeds(['sudo', '-n', 'true']));
  if (!may) {
    console.error(`not installed, and we may not install: ${names.join(', ')}`);
    return;
  }
  // Debian starts the services that it installs, unless this policy exits with 101. An existing policy stays as it is.
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) succeeds([...sudo, 'sh', '-c', `printf '#!/bin/sh\\nexit 101\\n' > ${policy} && chmod 755 ${policy}`]);
  try {
    const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...names];
    const command = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', ...install];
    console.error(`installing ${names.join(', ')}`);
    if (succeeds(command)) return;
    console.error('refreshing the package lists');
    succeeds([...sudo, 'apt-get', 'update', '-q']);
    console.error(`installing ${names.join(', ')} again`);
    if (!succeeds(command)) console.error(`could not install ${names.join(', ')}: their tests will not run`);
  } finally {
    if (ours) succeeds([...sudo, 'rm', '-f', policy]);
  }
}

function succeeds([program, ...rest]: string[]): boolean {
  return spawnSync(program!, rest, { stdio: ['ignore', 'ignore', 'pipe'] }).status === 0;
}
