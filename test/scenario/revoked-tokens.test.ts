// A change of a token at one replica takes effect at the others: two processes on one etcd.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { etcdOrSkip } from '../support/etcd.ts';
import { openStream } from '../support/event-stream.ts';
import { startReplica } from '../support/replica.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

test('a token works at every replica, and is refused at every replica soon after it was rotated or revoked', async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  const folder = await temporaryFolder(t);
  const flags = ['--store', 'etcd', '--etcd-endpoints', etcd.endpoint];
  const [a, b] = await Promise.all(
    ['a', 'b'].map((name) => startReplica(t, join(folder, name), [...flags, '--replica', name])),
  );
  assert.ok(a !== undefined && b !== undefined);
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const statusAt = async (replica: typeof a, token: string) =>
    (await replica.request('GET', '/v1/pools', undefined, bearer(token))).status;
  const soon = (replica: typeof a, token: string, status: number) =>
    until(async () => (await statusAt(replica, token)) === status, `not yet ${status}`);

  const { token: first } = await a.expect<{ token: string }>(201, 'POST', '/v1/tokens', {
    name: 'team',
    role: 'viewer',
  });
  await soon(b, first, 200);
  const following = await Promise.all([a, b].map(({ url }) => openStream(t, url, '/v1/watch', { token: first })));
  const { token: second } = await b.expect<{ token: string }>(200, 'POST', '/v1/tokens/team/rotate');
  await soon(a, first, 401);
  await soon(a, second, 200);
  assert.equal(await statusAt(b, first), 401);
  for (const stream of following) assert.equal((await stream.ended())?.reason, 'unauthorized');
  await a.expect(204, 'DELETE', '/v1/tokens/team');
  assert.equal(await statusAt(a, second), 401);
  await soon(b, second, 401);
  for (const replica of [a, b]) for (const token of [first, second]) assert.ok(!replica.log().includes(token));
});
