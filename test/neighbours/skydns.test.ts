// Real CoreDNS gives the same answers as we do, from the etcd into which we write. Real external-dns writes into this
// etcd too: we serve its values, and leave them unchanged, as it does with ours.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Message } from 'dns-packet';
import { ask, type Server } from '../support/dns-client.ts';
import { etcdOrSkip, type TestEtcd } from '../support/etcd.ts';
import { freePort } from '../support/free-port.ts';
import { findGoBuilt } from '../support/go-built.ts';
import { startPeerProcess } from '../support/peer-process.ts';
import { answersOf, type Replica, startReplica } from '../support/replica.ts';
import { layoutOf, untilFollowing } from '../support/skydns.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const zones = ['lab.test', '10.in-addr.arpa'];

test('CoreDNS gives the same answers as we do', { timeout: 120_000 }, async (t) => {
  const program = findGoBuilt('coredns');
  if (program === undefined) return t.skip('coredns was not built (Go)');
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  const replica = await startZones(t, etcd);
  await writeAll(replica, etcd);
  const coreDns = await startCoreDns(t, program, etcd);

  const same: [name: string, type: string][] = [
    ...['A', 'AAAA', 'TXT', 'MX'].map((type): [string, string] => ['web.lab.test', type]),
    ['www.lab.test', 'CNAME'],
    ['www.lab.test', 'A'],
    ['www.lab.test', 'AAAA'],
    ['many.lab.test', 'A'],
    ['lab.test', 'A'],
    ['text.lab.test', 'TXT'],
    ['long.lab.test', 'TXT'],
    ['odd.lab.test', 'TXT'],
    ['mail.lab.test', 'MX'],
    ['_sip._tcp.lab.test', 'SRV'],
    ['1.0.8.10.in-addr.arpa', 'PTR'],
    ['2.0.8.10.in-addr.arpa', 'PTR'],
    ['nobody.lab.test', 'A'],
    ['9.0.8.10.in-addr.arpa', 'PTR'],
    ['WEB.lab.test', 'A'],
  ];
  const absent = ['web.lab.test TXT', 'web.lab.test MX', 'nobody.lab.test A', '9.0.8.10.in-addr.arpa PTR'];
  // Asks over TCP, so that long answers are not truncated.
  const askBoth = (name: string, type: string) =>
    Promise.all([replica.dns, coreDns].map(async (server) => linesOf(await ask({ server, name, type, tcp: true }))));
  for (const [name, type] of same) {
    await t.test(`${name} ${type}`, async () => {
      const [ours = [], theirs] = await askBoth(name, type);
      assert.deepEqual(ours, theirs);
      assert.ok(ours.length > 1 || absent.includes(`${name} ${type}`), 'the name has no answer');
    });
  }

  await t.test('the nameservers at the apex have the same addresses, and names below ns.dns of the zone', async () => {
    const message = await ask({ server: coreDns, name: 'lab.test', type: 'NS' });
    const addresses = ({ additionals = [] }: Message) =>
      additionals.flatMap((one) => (one.type === 'A' ? [String(one.data)] : []));
    assert.deepEqual(answersOf(message), ['NS ns-self.ns.dns.lab.test']);
    const ours = await replica.ask('lab.test', 'NS');
    assert.deepEqual(answersOf(ours), ['NS ns-self.lab.test']);
    assert.deepEqual(addresses(message), addresses(ours));
  });

  await t.test('a change and a deletion are answered by both', async () => {
    await replica.expect(200, 'PATCH', '/v1/hosts/web.lab.test', { addresses: ['10.8.0.3'], aliases: [] });
    for (const [name, type] of [...same, ['3.0.8.10.in-addr.arpa', 'PTR']] as const) {
      if (name.startsWith('www')) continue;
      const [ours = [], theirs] = await askBoth(name, type);
      assert.deepEqual(ours, theirs, `${name} ${type}`);
    }
    await replica.expect(204, 'DELETE', '/v1/hosts/web.lab.test');
    assert.equal((await ask({ server: coreDns, name: 'web.lab.test', type: 'A' })).rcode, 'NXDOMAIN');
  });
});

for (const flags of [[], ['--coredns-strictly-owned']]) {
  test(`we serve names that external-dns ${flags} registers, and it does not change ours`, {
    timeout: 120_000,
  }, async (t) => {
    const program = findGoBuilt('external-dns');
    if (program === undefined) return t.skip('external-dns was not built (Go)');
    const etcd = await etcdOrSkip(t);
    if (etcd === undefined) return;
    t.after(() => etcd.close());
    const replica = await startZones(t, etcd);
    await writeAll(replica, etcd);
    const ours = async () =>
      Object.fromEntries(Object.entries(await layoutOf(etcd)).filter(([, { owner }]) => owner === 'zonewright'));
    const before = await ours();
    const sync = async (endpoints: object[], expected: [name: string, type: string, answers: string[]][]) => {
      await synchronize(program, flags, etcd, endpoints);
      const written = performance.now();
      for (const [name, type, answers] of expected) await untilAnswered(replica, name, type, answers);
      t.diagnostic(`served ${Math.round(performance.now() - written)} ms after external-dns ended`);
      assert.deepEqual(await ours(), before);
    };
    const endpoint = (dnsName: string, recordType: string, ...targets: string[]) => ({
      dnsName,
      recordType,
      targets,
      recordTTL: 60,
    });

    await sync(
      [endpoint('nginx.lab.test', 'A', '10.8.0.21', '10.8.0.22'), endpoint('site.lab.test', 'CNAME', 'nginx.lab.test')],
      [
        ['nginx.lab.test', 'A', ['A 10.8.0.21', 'A 10.8.0.22']],
        ['site.lab.test', 'A', ['A 10.8.0.21', 'A 10.8.0.22', 'CNAME nginx.lab.test']],
      ],
    );
    await sync(
      [endpoint('nginx.lab.test', 'A', '10.8.0.23')],
      [
        ['nginx.lab.test', 'A', ['A 10.8.0.23']],
        ['site.lab.test', 'A', []],
      ],
    );
    // external-dns does not own our names, so it does not change them.
    await sync(
      [endpoint('nginx.lab.test', 'A', '10.8.0.23'), endpoint('web.lab.test', 'A', '10.8.0.99')],
      [['web.lab.test', 'A', ['A 10.8.0.1']]],
    );
    await sync([], [['nginx.lab.test', 'A', []]]);
    const path = '/v1/zones/lab.test/skydns';
    const { orphans } = await replica.expect<{ orphans: { name: string }[] }>(200, 'GET', path);
    t.diagnostic(`orphans: ${orphans.map(({ name }) => name)}`);
    const swept = await replica.expect<{ deleted: number }>(200, 'DELETE', `${path}/orphans`);
    assert.equal(swept.deleted, orphans.length);
    const left = Object.entries(await layoutOf(etcd)).filter(([, { owner }]) => owner !== 'zonewright');
    assert.deepEqual(
      left.filter(([, { text }]) => !String(text).includes('heritage')),
      [],
    );
    assert.deepEqual(await ours(), before);
  });
}

async function startZones(test: Cleanup, etcd: TestEtcd): Promise<Replica> {
  const flags = [
    '--store',
    'etcd',
    '--etcd-endpoints',
    etcd.endpoint,
    '--replica',
    'self',
    '--advertise',
    '127.0.0.1:53',
  ];
  const replica = await startReplica(test, await temporaryFolder(test), flags);
  for (const name of zones) await replica.expect(201, 'POST', '/v1/zones', { name, skydns: true });
  for (const name of zones) await untilFollowing(replica, name);
  return replica;
}

async function writeAll(replica: Replica, etcd: TestEtcd): Promise<void> {
  const web = { name: 'web.lab.test', addresses: ['10.8.0.1', 'fd00:8::1'], aliases: ['www.lab.test'], ttl: 60 };
  await replica.expect(201, 'POST', '/v1/hosts', web);
  await replica.expect(201, 'POST', '/v1/hosts', { name: 'other.lab.test', addresses: ['10.8.0.2'] });
  await replica.expect(200, 'PATCH', '/v1/zones/lab.test/rrsets', [
    { name: '@', type: 'A', ttl: 120, records: ['10.8.0.1', '10.8.0.2'] },
    { name: 'many', type: 'A', records: Array.from({ length: 20 }, (_, index) => `10.8.1.${index}`) },
    { name: 'text', type: 'TXT', records: [{ text: 'v=spf1 -all' }, { text: 'two' }] },
    { name: 'long', type: 'TXT', records: [{ text: 'x'.repeat(600) }] },
    { name: 'odd', type: 'TXT', records: ['"a \\"b\\" \\\\ \\009 \\195\\188 ;c"'] },
    { name: 'mail', type: 'MX', records: ['10 web.lab.test.', '20 other.lab.test.'] },
    { name: '_sip._tcp', type: 'SRV', records: ['10 50 5060 web.lab.test.', '10 50 5061 other.lab.test.'] },
  ]);
  // The keys of the nameservers of both zones and of the automatic zone are written a moment later.
  const nameservers = async () => Object.keys(await layoutOf(etcd)).filter((key) => key.includes('/dns/ns/'));
  await until(async () => (await nameservers()).length === 3, 'the nameservers have no values');
}

async function startCoreDns(test: Cleanup, program: string, etcd: TestEtcd): Promise<Server> {
  const port = await freePort();
  const folder = await temporaryFolder(test);
  const zone = zones.map((name) => `${name}:${port}`).join(' ');
  const etcdPlugin = `etcd {\n path /skydns\n endpoint ${etcd.endpoint}\n }`;
  await writeFile(join(folder, 'Corefile'), `${zone} {\n bind 127.0.0.1\n errors\n ${etcdPlugin}\n}\n`);
  const server = { address: '127.0.0.1', port };
  const { hasEnded, output } = startPeerProcess(test, program, ['-conf', join(folder, 'Corefile')], folder);
  await until(async () => {
    if (hasEnded()) throw new Error(`CoreDNS ended: ${output()}`);
    const message = await ask({ server, name: 'lab.test', type: 'SOA', timeoutMilliseconds: 500 }).catch(
      () => undefined,
    );
    return message?.rcode === 'NOERROR';
  }, 'CoreDNS does not answer');
  return server;
}

/** Returns the rcode and the answers with their TTLs, sorted. Joins the strings of a TXT record. */
function linesOf({ rcode, answers = [] }: Message): string[] {
  const lines = answers.map((answer) => {
    const { name, type, ttl, data } = answer as { name: string; type: string; ttl: number; data: unknown };
    const rdata = type === 'TXT' ? Buffer.concat([data].flat() as Buffer[]).toString('hex') : JSON.stringify(data);
    return `${name.toLowerCase()} ${ttl} ${type} ${rdata}`;
  });
  return [rcode, ...lines.sort()];
}

/** Runs one synchronization of external-dns, to its end. */
async function synchronize(program: string, flags: string[], etcd: TestEtcd, endpoints: object[]): Promise<void> {
  const environment = { ...process.env, ETCD_URLS: etcd.endpoint };
  const child = spawn(program, flags, { env: environment, stdio: ['pipe', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (text) => {
    output += text;
  });
  child.stdin.end(JSON.stringify(endpoints));
  const [code] = await once(child, 'close');
  assert.equal(code, 0, output);
}

async function untilAnswered(replica: Replica, name: string, type: string, expected: string[]): Promise<void> {
  let last: string[] = [];
  const isAnswered = async () => {
    last = answersOf(await replica.ask(name, type));
    return isDeepStrictEqual(last, expected);
  };
  await until(isAnswered, '', 10_000).catch(() => assert.deepEqual(last, expected, `${name} ${type}`));
}
