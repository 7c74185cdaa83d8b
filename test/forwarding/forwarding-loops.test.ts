// Loops of forwarding, between two replicas and through a real BIND, and servers that stop and start again.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBadUpstream } from '../support/bad-upstream.ts';
import { ask, type Server } from '../support/dns-client.ts';
import { freePort } from '../support/free-port.ts';
import { skipWithoutNamed, startNamed } from '../support/named.ts';
import { type Replica, startReplica } from '../support/replica.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { targetOf } from './corp-upstream.ts';

const skip = skipWithoutNamed();

async function replicaIn(t: Cleanup, ...flags: string[]): Promise<Replica> {
  return startReplica(t, join(await temporaryFolder(t), 'replica'), ['--dns-threads', '1', ...flags]);
}

async function forward(replica: Replica, target: Server, settings: object = {}): Promise<void> {
  const { status } = await replica.request('PUT', '/v1/forwarders/loop.test', {
    targets: [targetOf(target)],
    ...settings,
  });
  assert.ok(status < 300, `${status}`);
}

async function rcodeFrom(server: Server, name: string): Promise<string> {
  return (await ask({ server, name, type: 'A', recursionDesired: true })).rcode;
}

test('a loop between two replicas ends in SERVFAIL, and the log names both ends', async (t) => {
  const [one, two] = await Promise.all([replicaIn(t), replicaIn(t)]);
  await forward(one, two.dns);
  await forward(two, one.dns);
  assert.equal(await rcodeFrom(one.dns, 'a.loop.test'), 'SERVFAIL');
  const told = ({ dns }: Replica) =>
    new RegExp(`"target":"${targetOf(dns).replaceAll('.', '\\.')}","asker":"127\\.0\\.0\\.1"`);
  await until(() => /a forwarding loop/.test(one.log() + two.log()), 'no loop is logged');
  const log = one.log() + two.log();
  assert.ok(told(one).test(log) || told(two).test(log), log);
  assert.equal(await rcodeFrom(one.dns, 'b.loop.test'), 'SERVFAIL');
});

test('a loop through BIND ends in SERVFAIL, and the log names both ends', { skip }, async (t) => {
  const replica = await replicaIn(t);
  const named = await startNamed(t, await temporaryFolder(t), ['loop.test'], [replica.dns]);
  await forward(replica, named);
  assert.equal(await rcodeFrom(replica.dns, 'a.loop.test'), 'SERVFAIL');
  await until(() => /a forwarding loop/.test(replica.log()), 'no loop is logged');
  assert.match(replica.log(), new RegExp(`"target":"${targetOf(named).replaceAll('.', '\\.')}"`));
  const { upstreams } = await replica.expect<{ upstreams: { loops: boolean }[] }>(
    200,
    'GET',
    '/v1/forwarders/loop.test',
  );
  assert.equal(upstreams[0]?.loops, true);
});

for (const socket of ['batched', 'datagram'])
  test(`a server that stops and starts again is asked again, and the log has a line for each: ${socket}`, (t) =>
    goAway(t, socket));

async function goAway(t: Cleanup, socket: string): Promise<void> {
  const replica = await replicaIn(t, '--dns-socket', socket);
  const port = await freePort();
  await forward(replica, { address: '127.0.0.1', port }, { timeoutMilliseconds: 500 });
  assert.equal(await rcodeFrom(replica.dns, 'a.loop.test'), 'SERVFAIL');
  await until(() => /does not answer/.test(replica.log()), 'no line says that it went away');
  await startBadUpstream(t, ({ octets }) => [answerTo(octets)], port);
  let n = 0;
  await until(
    async () => (await rcodeFrom(replica.dns, `n${n++}.loop.test`)) === 'NOERROR',
    'it is not asked again',
    15_000,
  );
  await until(() => /answers again/.test(replica.log()), 'no line says that it came back');
  assert.equal(replica.log().match(/does not answer/g)?.length, 1);
}

/** Returns the query as a response with an empty, authoritative answer. */
function answerTo(query: Buffer): Buffer {
  const response = Buffer.from(query);
  response[2] = 0x84 | ((query[2] as number) & 1);
  return response;
}
