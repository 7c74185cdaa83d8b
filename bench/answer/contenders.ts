// Starts each contender with the bench's zone, with one answering thread if it has such a setting. Contenders that are
// not installed are left out, with a message.

import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fqdn } from '../../src/model/name.ts';
import type { RecordType } from '../../src/model/rdata/record-types.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { nameKey, nameValue } from '../../src/store/kinds/name.ts';
import { serialKey } from '../../src/store/kinds/serial.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import { maxOperations, type Operation, type Store } from '../../src/store/store.ts';
import { startPeerOnFiles } from '../../test/differential/peers.ts';
import { findEtcd, startEtcd } from '../../test/support/etcd.ts';
import { freePort } from '../../test/support/free-port.ts';
import { findProgram, startPeerProcess } from '../../test/support/peer-process.ts';
import { startReplica } from '../../test/support/replica.ts';
import type { Cleanup } from '../../test/support/temporary.ts';
import { hostAddress, hostLabel, kinds, type QuestionKind, zoneName } from './zone.ts';

export interface Contender {
  name: string;
  port: number;
  /** All processes that take part in an answer. */
  pids: number[];
  kinds: readonly QuestionKind[];
}

interface Bench {
  cleanup: Cleanup;
  folder: string;
  zoneFile: string;
  names: number;
}

/** The time limit of a start, in milliseconds. Loading a million names takes some time. */
const startMilliseconds = 300_000;

/** Says why a contender does not take part. */
export class LeftOut extends Error {}

/** Starts a contender. Rejects with LeftOut if it does not take part. */
type Start = (bench: Bench) => Promise<Contender>;

/** The starts of the contenders. Zonewright is the first, because the ratios refer to the first contender. */
export const contenders: Start[] = [startOurs, startKnot, startPowerDns, startCoreDnsFile, startCoreDnsEtcd];

async function startOurs({ cleanup, folder, names }: Bench): Promise<Contender> {
  const dataDir = join(folder, 'ours');
  await fillDataDir(dataDir, names);
  const flags = ['--dns-threads', '1', '--log-level', 'warn'];
  const replica = await startReplica(cleanup, dataDir, flags, 'ready', startMilliseconds);
  return { name: 'zonewright', port: replica.dns.port, pids: [replica.pid], kinds };
}

/** Makes a data directory whose embedded store holds the bench's zone. */
export async function fillDataDir(dataDir: string, names: number): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const store = await openEmbeddedStore({ folder: join(dataDir, 'store') });
  await fill(store, ourEntries(names));
  await store.close();
}

function* ourEntries(names: number): Generator<Operation> {
  const zone = zoneName as Fqdn;
  const put = (key: string, value: string): Operation => ({ kind: 'put', key, value });
  const record = (label: string, address: string): Operation => {
    const name = `${label}.${zone}` as Fqdn;
    const rrset = { type: 'A' as RecordType, ttl: 300, records: [address] };
    return put(nameKey(zone, 1, name), nameValue.encode({ name, rrsets: [rrset] }));
  };
  yield put(
    zoneKey(zone),
    zoneValue.encode({
      name: zone,
      ...zoneDefaults,
    }),
  );
  yield put(serialKey(zone), '');
  yield record('*.apps', '192.0.2.2');
  for (let i = 0; i < names; i += 1) yield record(hostLabel(i), hostAddress(i));
}

async function fill(store: Store, entries: Iterable<Operation>): Promise<void> {
  let operations: Operation[] = [];
  for (const operation of entries) {
    operations.push(operation);
    if (operations.length < maxOperations) continue;
    await store.commit({ compares: [], operations });
    operations = [];
  }
  if (operations.length > 0) await store.commit({ compares: [], operations });
}

async function startKnot({ cleanup, folder, zoneFile }: Bench): Promise<Contender> {
  const version = versionOf(installed('knotd'), '--version');
  const zones = [{ apex: zoneName, file: zoneFile }];
  const { port, pid } = await startPeerOnFiles(cleanup, 'knot', join(folder, 'knot'), zones);
  return { name: `knot ${version}`, port, pids: [pid], kinds };
}

async function startPowerDns({ cleanup, folder, zoneFile }: Bench): Promise<Contender> {
  const program = installed('pdns_server');
  if (!/^bind$/m.test(outputOf(program, '--list-modules')))
    throw new LeftOut("pdns_server's bind backend is not installed");
  const home = join(folder, 'powerdns');
  await mkdir(home);
  const port = await freePort();
  await writeFile(join(home, 'named.conf'), `zone "${zoneName}" { type master; file "${zoneFile}"; };\n`);
  const settings = [
    `--config-dir=${home}`,
    '--launch=bind',
    `--bind-config=${join(home, 'named.conf')}`,
    '--local-address=127.0.0.1',
    `--local-port=${port}`,
    `--socket-dir=${home}`,
    '--receiver-threads=1',
    '--daemon=no',
    '--guardian=no',
  ];
  const { pid } = startPeerProcess(cleanup, program, settings);
  return { name: `powerdns ${versionOf(program, '--version')}`, port, pids: [pid], kinds };
}

async function startCoreDnsFile({ cleanup, folder, zoneFile }: Bench): Promise<Contender> {
  return startCoreDns(cleanup, folder, 'coredns file', `file ${zoneFile}`, [], kinds);
}

/**
 * Starts CoreDNS on etcd, with at most 1,000 names. CoreDNS reads etcd for every question, so the CPU time of etcd
 * counts too. It is not asked for names of a wildcard.
 */
async function startCoreDnsEtcd({ cleanup, folder, names }: Bench): Promise<Contender> {
  if (names > 1000) throw new LeftOut('coredns with etcd takes no more than 1,000 names here');
  if (findEtcd() === undefined) throw new LeftOut('etcd is not installed');
  installed('coredns');
  const etcd = await startEtcd();
  cleanup.after(() => etcd.close());
  const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/unused' });
  await fill(store, skydnsEntries(names));
  await store.close();
  const plugin = `etcd {\n path /skydns\n endpoint ${etcd.endpoint}\n }`;
  return startCoreDns(cleanup, folder, 'coredns etcd', plugin, [etcd.pid], ['existing', 'missing']);
}

function* skydnsEntries(names: number): Generator<Operation> {
  const path = zoneName.split('.').reverse().join('/');
  for (let i = 0; i < names; i += 1) {
    const value = JSON.stringify({ host: hostAddress(i), ttl: 300 });
    yield { kind: 'put', key: `/skydns/${path}/${hostLabel(i)}`, value };
  }
}

async function startCoreDns(
  cleanup: Cleanup,
  folder: string,
  name: string,
  plugin: string,
  pids: number[],
  answers: readonly QuestionKind[],
): Promise<Contender> {
  const program = installed('coredns');
  const home = join(folder, name.replace(' ', '-'));
  await mkdir(home);
  const port = await freePort();
  await writeFile(join(home, 'Corefile'), `${zoneName}:${port} {\n bind 127.0.0.1\n ${plugin}\n}\n`);
  const { pid } = startPeerProcess(cleanup, program, ['-conf', join(home, 'Corefile')]);
  return { name, port, pids: [pid, ...pids], kinds: answers };
}

export function installed(program: string): string {
  const path = findProgram(program);
  if (path === undefined) throw new LeftOut(`${program} is not installed`);
  return path;
}

export function versionOf(program: string, flag: string): string {
  return /\d+\.\d+(\.\d+)?/.exec(outputOf(program, flag))?.[0] ?? '';
}

/** Runs a command and ignores its exit status: PowerDNS never ends these with 0. */
function outputOf(program: string, flag: string): string {
  const { stdout, stderr } = spawnSync(program, [flag], { encoding: 'utf8' });
  return stdout + stderr;
}
