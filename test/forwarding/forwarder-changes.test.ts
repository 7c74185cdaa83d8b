// A forwarder is deleted while many of its questions are under way: each client gets an answer.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import { good, reply, startBadUpstream } from '../support/bad-upstream.ts';
import { queryBytes, TcpClient } from '../support/dns-client.ts';
import { startReplica } from '../support/replica.ts';
import { temporaryFolder } from '../support/temporary.ts';

const questions = 1_000;

test('no client waits in vain when the only forwarder is deleted, and with it the thread that forwards', async (t) => {
  const replica = await startReplica(t, join(await temporaryFolder(t), 'replica'), ['--dns-threads', '1']);
  const slow = await startBadUpstream(t, (query) => [
    { octets: reply(query, { answers: [good()] }), afterMilliseconds: 1_000 },
  ]);
  await replica.expect(201, 'PUT', '/v1/forwarders/corp.test', { targets: [`127.0.0.1:${slow.port}`] });
  const clients = await Promise.all(Array.from({ length: 20 }, () => TcpClient.open(replica.dns)));
  t.after(() => {
    for (const client of clients) client.destroy();
  });
  const deleted = replica.expect(204, 'DELETE', '/v1/forwarders/corp.test');
  const codes = new Set<string>();
  await Promise.all(
    clients.map(async (client, place) => {
      const each = questions / clients.length;
      for (let i = 0; i < each; i += 1)
        client.send(queryBytes({ name: `h${i}-${place}.corp.test`, type: 'A', recursionDesired: true }));
      for (let i = 0; i < each; i += 1) codes.add(decode(await client.next()).rcode);
    }),
  );
  await deleted;
  for (const code of codes) assert.match(code, /^(NOERROR|SERVFAIL|REFUSED)$/);
});
