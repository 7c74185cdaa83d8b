// Queries for names of a zone in the table, through sockets: dig asks over UDP and TCP, our own client while the zone
// changes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { ask, type Server } from '../../support/dns-client.ts';
import { exampleTable, host, large, put, rrset } from './example-zone.ts';
import { loopback, loopback6, runServer, socketKinds } from './running-server.ts';

/** Returns the lines that dig prints. Rejects if dig gets no answer: for any answer, its exit code is 0. */
async function dig({ address, port }: Server, ...question: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)('dig', [
    `@${address}`,
    ...['-p', String(port), '+tries=1', '+time=5', '+noall', '+comments', '+answer', '+norecurse'],
    ...question,
  ]);
  return stdout.split('\n');
}

const digHere = await promisify(execFile)('dig', ['-v']).then(
  () => true,
  () => false,
);

for (const socket of socketKinds) {
  suite(`a zone served, ${socket} socket`, () => {
    test('dig gets right answers over UDP and TCP, IPv4 and IPv6', {
      skip: !digHere && 'dig is not installed',
    }, async (t) => {
      const { table } = exampleTable();
      const server = await runServer(t, { table, socket, addresses: [loopback, loopback6] });
      for (const address of server.addresses) {
        for (const transport of ['+notcp', '+tcp']) {
          const found = await dig(address, 'host.example', 'A', transport);
          assert.ok(found.some((line) => /status: NOERROR/.test(line)));
          assert.ok(found.includes('host.example.\t\t300\tIN\tA\t192.0.2.1'), found.join('\n'));
          assert.ok((await dig(address, 'none.example', 'A', transport)).some((line) => /status: NXDOMAIN/.test(line)));
        }
      }
    });

    test('if an answer is too large for UDP, dig gets the whole answer over TCP', {
      skip: !digHere && 'dig is not installed',
    }, async (t) => {
      const { table } = exampleTable();
      const server = await runServer(t, { table, socket });
      const [address] = server.addresses;
      const cut = await ask({ server: address!, name: large, type: 'TXT', edns: {} });
      assert.equal(cut.flag_tc, true);
      const lines = await dig(address!, large, 'TXT');
      assert.ok(lines.some((line) => /Truncated, retrying in TCP mode/.test(line)));
      assert.equal(lines.filter((line) => line.startsWith('large.example.')).length, 40);
    });

    test('after a change, the next query to any thread gets the new records', async (t) => {
      const { table, writer, zone } = exampleTable();
      const server = await runServer(t, { table, socket, threads: 2 });
      const [address] = server.addresses;
      for (let i = 1; i <= 100; i += 1) {
        put(writer, zone, host, rrset('A', `192.0.2.${i}`));
        // Each query comes from a new port, so any thread may get it.
        const answer = await ask({ server: address!, name: host, type: 'A', tcp: i % 5 === 0 });
        assert.deepEqual(
          answer.answers.map(({ data }) => data),
          [`192.0.2.${i}`],
        );
      }
    });

    test('the memory of replaced records is freed while threads are idle or answering', async (t) => {
      const { table, writer, zone } = exampleTable();
      const server = await runServer(t, { table, socket, threads: 2 });
      const [address] = server.addresses;
      await ask({ server: address!, name: host, type: 'A' });
      const before = writer.usedBytes;
      for (let i = 0; i < 10_000; i += 1) put(writer, zone, large, rrset('TXT', `"${i} ${'x'.repeat(200)}"`));
      await ask({ server: address!, name: host, type: 'A' });
      while (writer.collect()) await new Promise(setImmediate);
      assert.ok(writer.usedBytes <= before, `${writer.usedBytes} octets in use, ${before} before`);
    });
  });
}
