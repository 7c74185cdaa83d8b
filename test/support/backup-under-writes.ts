// A store of any size is backed up while clients write, and restored into etcd. Then the hosts and the zones of both
// replicas are compared, record by record and serial by serial. The backup must contain the writes up to its revision,
// and no later ones: the clients note the revision of each answer.

import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { adminToken } from './api-client.ts';
import { startEtcd } from './etcd.ts';
import { type Replica, startReplica } from './replica.ts';
import { runCommand } from './run-command.ts';
import { etcdFlags } from './stores.ts';
import { type Cleanup, temporaryFolder } from './temporary.ts';

export interface Scale {
  /** The RRsets of one large zone. */
  names: number;
  hosts: number;
  writesPerSecond: number;
  /** How long clients write before the backup, and how long after it. */
  seconds: number;
}

export interface BackedUp {
  fillSeconds: number;
  backupSeconds: number;
  restoreSeconds: number;
  octets: number;
  /** The number of writes up to the revision of the backup. */
  before: number;
  /** The number of later writes. */
  after: number;
}

/** Runs the work of one phase. The bench measures meanwhile. */
export type Phase = <T>(name: 'writes alone' | 'backup', replica: Replica, work: () => Promise<T>) => Promise<T>;

const names = { large: 'large.example', hosts: 'hosts.example', records: 'records.example', live: 'live.example' };
/** The zones that the writers do not change. */
const still = [names.large, names.hosts, '10.in-addr.arpa'];
const clients = 32;
const rrsetsOfWriters = 200;
const replicaFlags = ['--replica', 'bench', '--advertise', '192.0.2.1:53'];

/** Fills the store, backs it up under writes, restores it and compares. Fails if anything differs. */
export async function backUpUnderWrites(
  cleanup: Cleanup,
  { names: count, hosts, writesPerSecond, seconds }: Scale,
  phase: Phase = (_, __, work) => work(),
): Promise<BackedUp> {
  const folder = await temporaryFolder(cleanup);
  const replica = await startReplica(cleanup, join(folder, 'data'), replicaFlags);
  const [, fillSeconds] = await timed(() => fill(replica, count, hosts));
  const writers = new Writers(replica, writesPerSecond);
  await phase('writes alone', replica, () => delay(seconds * 1000));
  const file = join(folder, 'file');
  const backup = ['backup', file, '--data-dir', replica.folder];
  const env = { ZONEWRIGHT_ADMIN_TOKEN: adminToken };
  const [made, backupSeconds] = await timed(() => phase('backup', replica, () => runCommand(backup, { env })));
  assert.equal(made.status, 0, made.stderr);
  await delay(seconds * 1000);
  await writers.stop();
  const revision = Number(/: revision (\d+) of/.exec(made.stdout)?.[1]);
  const expected = await contentsOf(replica);
  assert.ok((expected.zones.get(names.large)?.length ?? 0) > count && expected.hosts.size > hosts);
  await replica.stop();

  const etcd = await startEtcd(['--quota-backend-bytes', '8589934592']);
  cleanup.after(() => etcd.close());
  const restore = ['restore', file, '--data-dir', join(folder, 'new'), '--replica', 'bench', ...etcdFlags(etcd)];
  const [restored, restoreSeconds] = await timed(() => runCommand(restore));
  assert.equal(restored.status, 0, restored.stderr);
  const flags = [...replicaFlags, ...etcdFlags(etcd)];
  const next = await startReplica(cleanup, join(folder, 'new'), flags, 'ready', 300_000);
  const { before, after } = compare(await contentsOf(next), expected, writers.written, revision);
  const { size: octets } = await stat(file);
  return { fillSeconds, backupSeconds, restoreSeconds, octets, before, after };
}

async function timed<T>(work: () => Promise<T>): Promise<[T, seconds: number]> {
  const since = performance.now();
  return [await work(), (performance.now() - since) / 1000];
}

async function fill(replica: Replica, count: number, hosts: number): Promise<void> {
  await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.0.0.0/8'] });
  for (const name of [...Object.values(names), '10.in-addr.arpa'])
    await replica.expect(201, 'POST', '/v1/zones', { name });
  const answer = await fetch(`${replica.url}/v1/zones/${names.large}/zonefile`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'text/dns' },
    body: Readable.toWeb(Readable.from(zoneFile(count))) as ReadableStream,
    duplex: 'half',
  } as RequestInit);
  assert.equal(answer.status, 200, await answer.text());
  let next = 0;
  const create = async () => {
    for (let host = next++; host < hosts; host = next++)
      await replica.expect(201, 'POST', '/v1/hosts', {
        name: `host-${host}.${names.hosts}`,
        owner: `rack ${host % 40}`,
      });
  };
  await Promise.all(Array.from({ length: clients }, create));
}

function* zoneFile(count: number): Generator<Buffer> {
  yield Buffer.from('$TTL 300\nsteady A 192.0.2.1\n');
  for (let start = 0; start < count; start += 1000) {
    let text = '';
    for (let i = start; i < Math.min(count, start + 1000); i += 1)
      text +=
        i % 10 === 0
          ? `name-${i} TXT "number ${i}"\n`
          : `name-${i} A 172.${16 + ((i >> 16) & 15)}.${(i >> 8) & 255}.${i & 255}\n`;
    yield Buffer.from(text);
  }
}

interface Written {
  revision: number;
  /** The host that was created. Undefined: `label` and `value` say which record was replaced. */
  host?: string;
  label?: string;
  value?: number;
}

/** Writes at a steady rate: half of the writes create hosts, half replace the same records again and again. */
class Writers {
  readonly written: Written[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  readonly #replica: Replica;
  #number = 0;
  #failure: unknown;

  constructor(replica: Replica, perSecond: number) {
    this.#replica = replica;
    const since = performance.now();
    this.#timer = setInterval(() => {
      const due = ((performance.now() - since) / 1000) * perSecond;
      while (this.#number < due && this.#underWay.size < clients) this.#begin(this.#number++);
    }, 5);
  }

  #begin(number: number): void {
    const one = this.#write(number)
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#underWay.delete(one));
    this.#underWay.add(one);
  }

  async #write(number: number): Promise<void> {
    const value = Math.floor(number / 2);
    if (number % 2 === 0) {
      const host = `live-${value}.${names.live}`;
      const { status, headers, body } = await this.#replica.request('POST', '/v1/hosts', { name: host, ptr: false });
      assert.equal(status, 201, JSON.stringify(body));
      this.written.push({ revision: revisionIn(headers), host });
      return;
    }
    const label = `r${value % rrsetsOfWriters}`;
    const path = `/v1/zones/${names.records}/rrsets/${label}/TXT`;
    const { status, headers, body } = await this.#replica.request('PUT', path, { records: [`"${value}"`] });
    assert.ok(status === 200 || status === 201, JSON.stringify(body));
    this.written.push({ revision: revisionIn(headers), label, value });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function revisionIn(headers: Headers): number {
  const revision = Number(headers.get('zonewright-revision'));
  assert.ok(revision > 0);
  return revision;
}

interface Contents {
  serials: Map<string, number>;
  /** The lines of each zone's file, without its SOA. */
  zones: Map<string, string[]>;
  /** Each host as text, by its name. */
  hosts: Map<string, string>;
}

async function contentsOf(replica: Replica): Promise<Contents> {
  const serials = new Map<string, number>();
  const zones = new Map<string, string[]>();
  const hosts = new Map<string, string>();
  for await (const { name, serial } of listed<{ name: string; serial: number }>(replica, '/v1/zones'))
    serials.set(name, serial);
  for await (const { revision: _, ...host } of listed<{ name: string; revision: number }>(replica, '/v1/hosts'))
    hosts.set(host.name, JSON.stringify(host));
  for (const zone of serials.keys()) {
    const answer = await fetch(`${replica.url}/v1/zones/${zone}/zonefile`, {
      headers: { authorization: `Bearer ${adminToken}` },
    });
    assert.equal(answer.status, 200);
    const lines = (await answer.text()).split('\n');
    zones.set(
      zone,
      lines.filter((line) => line !== '' && !line.startsWith(';') && !/\bSOA\b/.test(line)),
    );
  }
  return { serials, zones, hosts };
}

async function* listed<T>({ expect }: Replica, path: string): AsyncGenerator<T> {
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: T[]; nextCursor: string | null } = await expect(200, 'GET', `${path}?limit=1000${query}`);
    yield* page.items;
    cursor = page.nextCursor;
  }
}

function compare(found: Contents, expected: Contents, written: readonly Written[], revision: number) {
  for (const zone of still) {
    assert.equal(found.serials.get(zone), expected.serials.get(zone), `the serial of ${zone}`);
    assertSameLines(found.zones.get(zone) ?? [], expected.zones.get(zone) ?? [], zone);
  }
  assert.deepEqual([...found.serials.keys()], [...expected.serials.keys()]);
  const before = written.filter((one) => one.revision <= revision);
  const after = written.filter((one) => one.revision > revision);
  assert.ok(before.length > 0 && after.length > 0, 'nobody wrote before the backup, or after it');
  const later = new Set(after.flatMap(({ host }) => host ?? []));
  assertSameLines(
    [...found.hosts.values()],
    [...expected.hosts].filter(([name]) => !later.has(name)).map(([, host]) => host),
    'the hosts',
  );
  for (const [zone, isOf] of [
    [names.live, ({ host }: Written) => host !== undefined],
    [names.records, ({ label }: Written) => label !== undefined],
  ] as const) {
    const last = Math.max(...before.filter(isOf).map((one) => one.revision));
    assert.equal(found.serials.get(zone), last, `the serial of ${zone}`);
  }
  const values = new Map<string, Written>();
  for (const one of before) {
    const known = values.get(one.label ?? '');
    if (one.label !== undefined && (known === undefined || known.revision < one.revision)) values.set(one.label, one);
  }
  const records = (found.zones.get(names.records) ?? []).flatMap(
    (line) => /^(r\d+)\b.*TXT\s+("\d+")/.exec(line)?.slice(1).join(' ') ?? [],
  );
  assert.deepEqual(records.sort(), [...values].map(([label, { value }]) => `${label} "${value}"`).sort());
  return { before: before.length, after: after.length };
}

/** Names the first line that differs: a difference of a million lines could not be shown. */
function assertSameLines(found: readonly string[], expected: readonly string[], where: string): void {
  const place = found.findIndex((line, index) => line !== expected[index]);
  assert.ok(place < 0, `${where}: '${found[place]}' instead of '${expected[place]}'`);
  assert.equal(found.length, expected.length, where);
}
