// Real resolvers with the rendered configuration, and with Debian's setting for DNSSEC validation, forward our zones
// and reverse zones, also after the first target has died. A replica without its lease is in no configuration.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { RendererName } from '../../src/forwarding/render/renderers.ts';
import { type Address, parseAddress, reverseName } from '../../src/model/address.ts';
import type { Server } from '../support/dns-client.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { answersOf, type Replica, startReplica } from '../support/replica.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { askResolver } from './ask-resolver.ts';
import { resolverPrograms, startBind, startResolver, whyNotStarted } from './resolver-programs.ts';

const names = Object.keys(resolverPrograms) as RendererName[];

test('resolvers forward to two replicas, and then to the second one alone', { timeout: 280_000 }, async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  const folder = await temporaryFolder(t);
  const start = (name: string, dns: string) => {
    const flags = ['--store', 'etcd', '--etcd-endpoints', etcd.endpoint, '--replica', name, '--dns', `${dns}:0`];
    return startReplica(t, join(folder, name), flags);
  };
  const first = await start('first', '127.0.0.1');
  const second = await start('second', '127.0.0.2');
  await second.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/22', 'fd00:8::/112'] });
  // `test` is no top-level domain of the Internet, and the reverse zones are private. Without the configuration,
  // resolvers find out that these names do not exist, or answer for them themselves.
  await second.expect(201, 'POST', '/v1/zones', { name: 'lab.test' });
  const before = await createHost(second, 'before');
  const text = (replica: Replica, resolver: RendererName) => async (part?: string) => {
    const path = `/v1/zones/lab.test/forwarding/${resolver}${part === undefined ? '' : `?part=${part}`}`;
    return replica.expect<string>(200, 'GET', path);
  };
  await until(async () => (await targetsOf(first)).every(({ healthy }) => healthy), 'a target does not answer');
  assert.equal((await targetsOf(first)).length, 2);

  const started = new Map<RendererName, Server>();
  for (const resolver of names) {
    await t.test(`${resolver}: forward and reverse names resolve`, async (part) => {
      const reason = whyNotStarted(resolver);
      if (reason !== undefined) return part.skip(reason);
      const server = await startResolver(t, resolver, join(folder, resolver), text(first, resolver));
      started.set(resolver, server);
      await resolves(server, before);
      assert.equal((await askResolver(server, 'nobody.lab.test', 'A')).rcode, 'NXDOMAIN');
      assert.equal(await verdictOf(second, server), 'forwards');
    });
  }
  assert.ok(started.size > 0 || process.env.CI !== 'true', 'no resolver could be started');

  await t.test('without the exceptions from validation, BIND does not resolve the names', async (part) => {
    if (whyNotStarted('bind') !== undefined) return part.skip(whyNotStarted('bind'));
    const server = await startBind(t, join(folder, 'bind-alone'), text(first, 'bind'), { withOptions: false });
    const { rcode } = await askResolver(server, before.name, 'A', 20);
    assert.ok(['SERVFAIL', 'NXDOMAIN'].includes(rcode), rcode);
    assert.equal(await verdictOf(second, server), 'validation_fails');
  });

  const firstTarget = (await targetsOf(second))[0];
  assert.equal(firstTarget?.replica, 'first');
  await first.kill();
  const after = await createHost(second, 'after');
  for (const [resolver, server] of started)
    await t.test(`${resolver}: new names resolve while the first target is dead`, () => resolves(server, after));

  await t.test('a replica whose lease has ended is in no configuration', async () => {
    await until(async () => (await targetsOf(second)).length === 1, 'the dead replica is still a target', 60_000);
    for (const resolver of names) {
      const configuration = await text(second, resolver)();
      assert.ok(!configuration.includes(String(firstTarget?.port)), resolver);
      assert.ok(configuration.includes('127.0.0.2'), resolver);
    }
  });
});

interface Created {
  name: string;
  addresses: { address: string; ptr: string }[];
}

async function createHost(replica: Replica, label: string): Promise<Created> {
  const body = { name: `${label}.lab.test`, families: ['ipv4', 'ipv6'], aliases: [`alias-${label}.lab.test`] };
  const host = await replica.expect<Created>(201, 'POST', '/v1/hosts', body);
  assert.equal(host.addresses.length, 2);
  return host;
}

async function targetsOf(replica: Replica): Promise<{ replica: string; healthy: boolean; port: number }[]> {
  const path = '/v1/zones/lab.test/forwarding';
  return (await replica.expect<{ targets: { replica: string; healthy: boolean; port: number }[] }>(200, 'GET', path))
    .targets;
}

/** Returns the verdict of the replica about the resolver. */
async function verdictOf(replica: Replica, { address, port }: Server): Promise<string> {
  const added = await replica.request('PUT', '/v1/resolvers/real', { address, port, kind: 'other' });
  assert.ok([200, 201].includes(added.status), JSON.stringify(added.body));
  const path = '/v1/zones/lab.test/forwarding?verify=real';
  const { verification } = await replica.expect<{ verification: { verdict: string } }>(200, 'GET', path);
  return verification.verdict;
}

/** Asserts that the resolver answers with the addresses of the host, by its name and its alias, and with its PTRs. */
async function resolves(server: Server, { name, addresses }: Created): Promise<void> {
  const [ipv4, ipv6] = addresses.map(({ address }) => parseAddress(address)).sort() as [Address, Address];
  await answers(server, name, 'A', [`A ${ipv4}`]);
  await answers(server, name, 'AAAA', [`AAAA ${ipv6}`]);
  await answers(server, `alias-${name}`, 'A', [`A ${ipv4}`, `CNAME ${name}`]);
  for (const address of [ipv4, ipv6]) await answers(server, reverseName(address), 'PTR', [`PTR ${name}`]);
}

/**
 * Asks until the answer is as expected: a resolver may fail while it starts, and until it knows that a target is dead.
 */
async function answers(server: Server, name: string, type: string, expected: string[]): Promise<void> {
  let last: unknown;
  const ask = async () => {
    const message = await askResolver(server, name, type).catch((error: unknown) => String(error));
    last = typeof message === 'string' ? message : message.rcode;
    if (typeof message !== 'string' && message.rcode === 'NOERROR') last = answersOf(message);
    return isDeepStrictEqual(last, expected);
  };
  await until(ask, 'no right answer', 40_000).catch(() => assert.deepEqual(last, expected, `${name} ${type}`));
}
