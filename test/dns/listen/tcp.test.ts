// DNS over TCP (RFC 7766): frames, pipelining, half-close, and clients that are slow, greedy or do not speak DNS.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { lengthPrefix, queryBytes, TcpClient } from '../../support/dns-client.ts';
import { counted, loopback, loopback6, runServer } from './running-server.ts';

const question = { name: 'host.example', type: 'A' };

function idOf(message: Uint8Array): number {
  return (message[0]! << 8) | message[1]!;
}

suite('TCP', { concurrency: 3 }, () => {
  test('the server answers many queries on one connection, over IPv4 and IPv6', async (t) => {
    const server = await runServer(t, { addresses: [loopback, loopback6] });
    for (const address of server.addresses) {
      const client = await TcpClient.open(address, t);
      for (let i = 0; i < 20; i += 1) {
        const query = queryBytes(question);
        client.send(query);
        assert.equal(idOf(await client.next()), idOf(query));
      }
    }
    assert.equal(counted(server, 'dns_tcp_connections_total'), 2);
  });

  test('the server answers all pipelined queries', async (t) => {
    const server = await runServer(t);
    const client = await TcpClient.open(server.addresses[0]!, t);
    const queries = Array.from({ length: 5_000 }, () => queryBytes(question));
    client.send(...queries);
    const answered = new Set<number>();
    while (answered.size < queries.length) answered.add(idOf(await client.next()));
    assert.deepEqual(answered, new Set(queries.map(idOf)));
  });

  test('the server answers a query that arrives octet by octet, and two queries that are cut at any place', async (t) => {
    const server = await runServer(t);
    const client = await TcpClient.open(server.addresses[0]!, t);
    const queries = [queryBytes(question), queryBytes(question)];
    const stream = Buffer.concat(queries.flatMap((query) => [lengthPrefix(query.length), query]));
    for (const octet of stream) {
      await new Promise((sent) => client.socket.write(Uint8Array.of(octet), sent));
    }
    for (const query of queries) assert.equal(idOf(await client.next()), idOf(query));
    for (let cut = 1; cut < stream.length; cut += 1) {
      await new Promise((sent) => client.socket.write(stream.subarray(0, cut), sent));
      client.socket.write(stream.subarray(cut));
      for (const query of queries) assert.equal(idOf(await client.next()), idOf(query));
    }
  });

  test('the server answers a message of 65,535 octets', async (t) => {
    const server = await runServer(t);
    const client = await TcpClient.open(server.addresses[0]!, t);
    const query = Buffer.alloc(65_535);
    query.set(queryBytes(question));
    client.send(query);
    assert.equal(idOf(await client.next()), idOf(query));
    client.send(queryBytes(question));
    await client.next();
  });

  test('the server answers all queries that came before the client closed its side, then closes the connection', async (t) => {
    const server = await runServer(t);
    const client = await TcpClient.open(server.addresses[0]!, t);
    const queries = Array.from({ length: 100 }, () => queryBytes(question));
    client.send(...queries);
    client.socket.end();
    for (const query of queries) assert.equal(idOf(await client.next()), idOf(query));
    await client.end();
  });

  for (const length of [0, 1, 11]) {
    test(`the server answers the queries before a message of ${length} octets, then closes the connection`, async (t) => {
      const server = await runServer(t);
      const client = await TcpClient.open(server.addresses[0]!, t);
      client.send(queryBytes(question), new Uint8Array(length));
      await client.next();
      await client.end();
      assert.equal(counted(server, 'dns_tcp_garbage_closed_total'), 1);
    });
  }

  test('the server cuts off a client that sends nothing, and one that sends a query too slowly', async (t) => {
    const server = await runServer(t, { limits: { idleMilliseconds: 300 } });
    const silent = await TcpClient.open(server.addresses[0]!, t);
    const slow = await TcpClient.open(server.addresses[0]!, t);
    const drip = setInterval(() => slow.socket.write(Uint8Array.of(1)), 20);
    t.after(() => clearInterval(drip));
    await Promise.all([silent.end(), slow.end()]);
    assert.equal(counted(server, 'dns_tcp_idle_closed_total'), 2);
  });

  test('the server keeps the connection of a client that keeps asking for longer than the idle time', async (t) => {
    const server = await runServer(t, { limits: { idleMilliseconds: 3_000 } });
    const asking = await TcpClient.open(server.addresses[0]!, t);
    const idle = await TcpClient.open(server.addresses[0]!, t);
    let idleEnded = false;
    const ended = idle.end().then(() => {
      idleEnded = true;
    });
    while (!idleEnded) {
      asking.send(queryBytes(question));
      await asking.next();
    }
    await ended;
    asking.send(queryBytes(question));
    await asking.next();
  });

  test('the server stops reading from a client that does not read, and cuts it off', async (t) => {
    const server = await runServer(t, { limits: { idleMilliseconds: 500 } });
    const greedy = await TcpClient.open(server.addresses[0]!, t);
    // Far more queries than the buffers of both sockets can hold.
    const query = queryBytes(question);
    const batch = Buffer.concat(Array.from({ length: 2_000 }, () => [lengthPrefix(query.length), query]).flat());
    const total = Math.ceil((64 << 20) / batch.length);
    for (let i = 0; i < total; i += 1) greedy.socket.write(batch);
    await new Promise((closed) => greedy.socket.once('close', closed));
    assert.equal(counted(server, 'dns_tcp_idle_closed_total'), 1);
    const read = counted(server, 'dns_tcp_received_total');
    assert.ok(read < total * 2_000, `${read} of ${total * 2_000} queries were read`);
    const polite = await TcpClient.open(server.addresses[0]!, t);
    polite.send(queryBytes(question));
    await polite.next();
  });

  test('a client that reads late gets every answer', async (t) => {
    const server = await runServer(t);
    const late = await TcpClient.open(server.addresses[0]!, t);
    const query = queryBytes(question);
    const count = 200_000;
    const batch = Buffer.concat(Array.from({ length: 1_000 }, () => [lengthPrefix(query.length), query]).flat());
    const written = Promise.all(
      Array.from({ length: count / 1_000 }, () => new Promise((sent) => late.socket.write(batch, sent))),
    );
    // The client does not read before the server stops reading too. Then the server's count no longer grows.
    let before = -1;
    while (counted(server, 'dns_tcp_received_total') !== before) {
      before = counted(server, 'dns_tcp_received_total');
      await new Promise((later) => setTimeout(later, 50));
    }
    assert.ok(before < count);
    late.socket.end();
    const octets = await late.end(30_000);
    await written;
    assert.equal(counted(server, 'dns_tcp_answered_total'), count);
    assert.ok(octets >= count * (2 + 12));
  });

  test('beyond the limit of connections per client, the connection of this client that was idle longest is closed', async (t) => {
    const server = await runServer(t, { limits: { connectionsPerClient: 2 } });
    const first = await TcpClient.open(server.addresses[0]!, t);
    const second = await TcpClient.open(server.addresses[0]!, t);
    first.send(queryBytes(question));
    await first.next();
    const third = await TcpClient.open(server.addresses[0]!, t);
    // The second connection was idle longest.
    await second.end();
    for (const client of [first, third]) {
      client.send(queryBytes(question));
      await client.next();
    }
    assert.equal(counted(server, 'dns_tcp_limit_closed_total'), 1);
  });

  test('beyond the limit of all connections, the connection that was idle longest is closed', async (t) => {
    const server = await runServer(t, { addresses: [loopback, loopback6], limits: { connections: 2 } });
    const [v4, v6] = server.addresses;
    const first = await TcpClient.open(v4!, t);
    const second = await TcpClient.open(v6!, t);
    const third = await TcpClient.open(v4!, t);
    await first.end();
    for (const client of [second, third]) {
      client.send(queryBytes(question));
      await client.next();
    }
  });
});
