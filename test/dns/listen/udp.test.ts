// DNS over UDP: both kinds of socket, one and several addresses and threads.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { suite, test } from 'node:test';
import { type Address, parseAddress } from '../../../src/model/address.ts';
import { ask, exchange, queryBytes, type Server } from '../../support/dns-client.ts';
import { counted, loopback, loopback6, runServer, socketKinds } from './running-server.ts';

/** The rcode FORMERR (RFC 1035 §4.1.1). */
const formatError = 1;

/** Sends `total` queries from eight ports, `window` under way at each. Returns how many of them were answered. */
async function askMany(server: Server, total: number, window = 25): Promise<number> {
  const answered = new Set<number>();
  const clients = 8;
  let asked = 0;
  const askOnOnePort = () =>
    new Promise<void>((done) => {
      const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
      let open = 0;
      const giveUp = setTimeout(finish, 60_000);
      function finish() {
        clearTimeout(giveUp);
        socket.close();
        done();
      }
      function send() {
        if (asked >= total) return;
        const query = queryBytes({ name: `n${asked}.example`, type: 'A' });
        asked += 1;
        open += 1;
        socket.send(query, server.port, server.address);
      }
      socket.on('message', (answer) => {
        answered.add(answer.readUInt16BE(0));
        open -= 1;
        send();
        if (open === 0) finish();
      });
      for (let i = 0; i < window; i += 1) send();
    });
  await Promise.all(Array.from({ length: clients }, askOnOnePort));
  return answered.size;
}

for (const socket of socketKinds) {
  suite(`UDP, ${socket} socket`, () => {
    for (const [name, addresses] of [
      ['one address', [loopback]],
      ['two addresses', [loopback, loopback6]],
    ] as const) {
      test(`the server answers if it listens on ${name}`, async (t) => {
        const server = await runServer(t, { socket, addresses });
        for (const address of server.addresses) {
          const answer = await ask({ server: address, name: 'host.example', type: 'A' });
          assert.equal(answer.type, 'response');
          assert.deepEqual(answer.questions[0]?.name, 'host.example');
        }
        assert.equal(counted(server, 'dns_udp_answered_total'), addresses.length);
      });
    }

    test('the server answers 10,000 queries over two threads on one port, and loses none', async (t) => {
      const server = await runServer(t, { socket, threads: 2 });
      assert.equal(await askMany(server.addresses[0]!, 10_000), 10_000);
      assert.equal(counted(server, 'dns_udp_received_total'), 10_000);
      assert.equal(counted(server, 'dns_udp_answered_total'), 10_000);
      assert.equal(counted(server, 'dns_udp_send_failures_total'), 0);
    });

    test('the server answers 2,000 queries over IPv6 beside IPv4, and loses none', async (t) => {
      const server = await runServer(t, { socket, threads: 2, addresses: [loopback, loopback6] });
      const [v4, v6] = await Promise.all(server.addresses.map((address) => askMany(address, 2_000)));
      assert.deepEqual([v4, v6], [2_000, 2_000]);
    });

    test('a server on a wildcard answers from the address that was asked', async (t) => {
      const server = await runServer(t, {
        socket,
        addresses: [
          { address: parseAddress('0.0.0.0'), port: 0 },
          { address: '::' as Address, port: 0 },
        ],
      });
      const [v4, v6] = server.addresses;
      const own = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
      // All of 127/8 is local. Without a source address the kernel would answer from 127.0.0.1.
      for (const address of [
        '127.0.0.1',
        ...own.filter((each) => each.family === 'IPv4').map((each) => each.address),
      ]) {
        await ask({ server: { address, port: v4!.port }, name: 'host.example', type: 'A' });
      }
      if (socket === 'batched')
        await ask({ server: { address: '127.9.9.9', port: v4!.port }, name: 'host.example', type: 'A' });
      const global6 = own.filter((each) => each.family === 'IPv6' && !each.address.startsWith('fe80:'));
      for (const { address } of global6) {
        await ask({ server: { address, port: v6!.port }, name: 'host.example', type: 'A' });
      }
    });

    test('the server answers a query that is larger than any ordinary one', async (t) => {
      const server = await runServer(t, { socket });
      const target = server.addresses[0]!;
      const query = Buffer.concat([queryBytes({ name: 'host.example', type: 'A' }), Buffer.alloc(5_000)]);
      assert.equal((await exchange(target, query)).readUInt8(3) & 0x0f, formatError);
    });

    test('the server sends no response to garbage, and answers the queries after it', async (t) => {
      const server = await runServer(t, { socket });
      const target = server.addresses[0]!;
      const client = createSocket('udp4');
      t.after(() => client.close());
      const garbage = [
        new Uint8Array(0),
        Uint8Array.of(1),
        new Uint8Array(11),
        new Uint8Array(12).fill(255),
        new Uint8Array(60_000).fill(0xc0),
        ...Array.from({ length: 50 }, (_, seed) =>
          Uint8Array.from({ length: 12 + seed }, (_, i) => (i * 37 + seed * 101) | 0x80),
        ),
      ];
      for (const datagram of garbage) {
        await new Promise((sent) => client.send(datagram, target.port, target.address, sent));
      }
      const answer = await ask({ server: target, name: 'host.example', type: 'A' });
      assert.equal(answer.type, 'response');
      assert.equal(counted(server, 'dns_udp_received_total'), garbage.length + 1);
      assert.equal(counted(server, 'dns_udp_silent_total'), garbage.length);
    });
  });
}
