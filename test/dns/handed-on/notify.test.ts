// NOTIFY over every transport: the answering thread hands it on, the main thread answers it, and the answer is sent by
// the socket of the query.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, parseAddress } from '../../../src/model/address.ts';
import { optionsOf, wholeRcode } from '../../support/answers.ts';
import { withoutOpenssl } from '../../support/certificate.ts';
import { ask, exchange, queryBytes } from '../../support/dns-client.ts';
import { exampleTable } from '../listen/example-zone.ts';
import { counted, runServer, socketKinds } from '../listen/running-server.ts';
import { askOver, notifyBytes, openStream, runWithTenant, transports } from './late-client.ts';

const [FORMERR, REFUSED, NOTAUTH] = [1, 5, 9];

for (const socket of socketKinds) {
  suite(`NOTIFY, ${socket} socket`, { skip: withoutOpenssl }, () => {
    test('NOTIFY is answered over every transport, and so are ordinary questions', async (t) => {
      const running = await runWithTenant(t, undefined, { socket });
      for (const transport of transports) {
        for (const [name, type, rcode, extended] of [
          ['example', 'SOA', REFUSED, '0015'],
          ['elsewhere.test', 'SOA', NOTAUTH, '0014'],
          ['host.example', 'SOA', NOTAUTH, '0014'],
          ['example', 'A', FORMERR, '001e'],
        ] as const) {
          const query = notifyBytes(name, type);
          const answer = await askOver(t, running, transport, query);
          assert.equal(wholeRcode(answer), rcode, `${name} ${type} over ${transport}`);
          assert.equal(optionsOf(answer).get(15), extended);
          assert.equal(answer.readUInt16BE(0), query.readUInt16BE(0));
          const ordinary = await askOver(t, running, transport, queryBytes({ name: 'host.example', type: 'A' }));
          assert.equal(ordinary.readUInt16BE(6), 1);
        }
        const plain = await askOver(t, running, transport, notifyBytes('example', 'SOA', false));
        assert.deepEqual(
          [wholeRcode(plain), plain.readUInt16BE(10)],
          [REFUSED, 0],
          'the response to a query without OPT has an OPT record',
        );
      }
      const { server } = running;
      assert.equal(counted(server, 'dns_handed_on_total'), 20);
      assert.equal(counted(server, 'dns_handed_on_answered_total'), 20);
      assert.equal(counted(server, 'dns_udp_answered_total'), 9);
      assert.equal(counted(server, 'dns_udp_silent_total'), 0);
      assert.equal(counted(server, 'dns_tcp_answered_total'), 9);
      assert.equal(counted(server, 'dns_https_answered_total'), 9);
      const queries = server.counters().find(({ name }) => name === 'dns_queries_total')?.values;
      assert.deepEqual(queries, { udp: 9, tcp: 9, tls: 9, https: 9 });
    });

    test('the answer to NOTIFY comes from the address that was asked', async (t) => {
      const addresses = [
        { address: parseAddress('0.0.0.0'), port: 0 },
        { address: '::' as Address, port: 0 },
      ];
      const server = await runServer(t, { socket, addresses, table: exampleTable().table });
      const [v4, v6] = server.addresses;
      const asked = ['127.0.0.1', ...(socket === 'batched' ? ['127.9.9.9'] : [])];
      for (const address of asked) {
        // exchange() rejects an answer from another address.
        const answer = await exchange({ address, port: v4!.port }, notifyBytes('example'));
        assert.equal(wholeRcode(answer), REFUSED, address);
      }
      const answer = await exchange({ address: '::1', port: v6!.port }, notifyBytes('example'));
      assert.equal(wholeRcode(answer), REFUSED);
    });

    test('NOTIFY and ordinary questions in one batch each get their answer', async (t) => {
      const server = await runServer(t, { socket, table: exampleTable().table });
      const { address, port } = server.addresses[0]!;
      const client = createSocket('udp4');
      t.after(() => client.close());
      const expected = new Map<number, number>();
      const got = new Map<number, number>();
      client.on('message', (answer) => got.set(answer.readUInt16BE(0), wholeRcode(answer)));
      for (let i = 0; i < 200; i += 1) {
        const query =
          i % 3 === 0 ? notifyBytes('example') : Buffer.from(queryBytes({ name: 'host.example', type: 'A' }));
        expected.set(query.readUInt16BE(0), i % 3 === 0 ? REFUSED : 0);
        client.send(query, port, address);
      }
      for (let i = 0; got.size < expected.size && i < 1_000; i += 1) await delay(10);
      assert.deepEqual([...got].sort(), [...expected].sort());
    });

    test('NOTIFY with a wrong cookie is not handed on in strict mode', async (t) => {
      const responses = { cookies: { strict: true, secrets: [new Uint8Array(16)] } };
      const server = await runServer(t, { socket, responses, table: exampleTable().table });
      const query = notifyBytes('example');
      const cookie = Buffer.from([0, 10, 0, 16, ...new Array(16).fill(7)]);
      query.writeUInt16BE(cookie.length, query.length - 2);
      const answer = await exchange(server.addresses[0]!, Buffer.concat([query, cookie]));
      assert.equal(wholeRcode(answer), 23);
      assert.equal(counted(server, 'dns_handed_on_total'), 0);
    });
  });
}

test('pipelined NOTIFY over TCP and TLS each get their answer', { skip: withoutOpenssl }, async (t) => {
  const running = await runWithTenant(t, undefined);
  for (const transport of ['tcp', 'tls'] as const) {
    const client = await openStream(t, running, transport);
    const queries = Array.from({ length: 150 }, (_, i) =>
      i % 2 === 0 ? notifyBytes('example') : Buffer.from(queryBytes({ name: 'host.example', type: 'A' })),
    );
    client.send(...queries);
    // The client closes its side, because it has no more questions. Late answers must still come (RFC 7766 §6.2.4).
    client.socket.end();
    const got: [number, number][] = [];
    for (const _ of queries) {
      const answer = await client.next();
      got.push([answer.readUInt16BE(0), wholeRcode(answer)]);
    }
    const expected = queries.map((query, i) => [query.readUInt16BE(0), i % 2 === 0 ? REFUSED : 0]);
    const byId = (a: number[], b: number[]) => a[0]! - b[0]!;
    assert.deepEqual(got.sort(byId), expected.sort(byId));
    await client.end();
  }
});

test('a frame that is not DNS ends the connection after the late answers to the queries before it', {
  skip: withoutOpenssl,
}, async (t) => {
  const running = await runWithTenant(t, undefined);
  for (const transport of ['tcp', 'tls'] as const) {
    const client = await openStream(t, running, transport);
    client.send(notifyBytes('example'), notifyBytes('elsewhere.test'), new Uint8Array(3), notifyBytes('example'));
    const rcodes = [wholeRcode(await client.next()), wholeRcode(await client.next())];
    assert.deepEqual(rcodes.sort(), [REFUSED, NOTAUTH]);
    await client.end();
  }
});

test('NOTIFY waits while the main thread is busy, and ordinary answers do not', async (t) => {
  const server = await runServer(t, { table: exampleTable().table });
  const [address] = server.addresses;
  const answer = exchange(address!, notifyBytes('example'));
  await ask({ server: address!, name: 'host.example', type: 'A' });
  const end = performance.now() + 500;
  while (performance.now() < end);
  assert.equal(wholeRcode(await answer), REFUSED);
});
