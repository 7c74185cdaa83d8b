// Connections over TCP and TLS to servers that end a connection early, or that forget it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import type { Exchange, ExchangeFailure } from '../../../src/forwarding/forwarders/exchange.ts';
import { StreamConnection } from '../../../src/forwarding/forwarders/stream-connection.ts';
import { parseAddress } from '../../../src/model/address.ts';
import { parseName } from '../../../src/model/name.ts';
import { good, type Query, reply } from '../../support/bad-upstream.ts';
import { makeCertificate, withoutOpenssl } from '../../support/certificate.ts';
import { lengthPrefix } from '../../support/dns-client.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { openForwarding } from './open-forwarding.ts';

/** Calls `answered` for each query on the connection, with a function that sends the answer. */
function eachQuery(socket: Socket, answered: (send: () => void) => void): void {
  let received = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (octets: Buffer) => {
    received = Buffer.concat([received, octets]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const message = received.subarray(2, 2 + received.readUInt16BE(0));
      received = received.subarray(2 + message.length);
      const question = message.subarray(12, message.indexOf(0, 12) + 5);
      const answer = reply({ octets: message, question, hasEdns: false } as Query, { answers: [good()] });
      answered(() => void socket.write(Buffer.concat([lengthPrefix(answer.length), answer])));
    }
  });
}

test('all queries are answered although the server ends each connection after one answer', {
  skip: withoutOpenssl,
}, async (t) => {
  const { cert, key, ca } = await makeCertificate(await temporaryFolder(t), 'localhost');
  const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
    let isAnswered = false;
    eachQuery(socket, (send) => {
      if (isAnswered) return;
      isAnswered = true;
      send();
      socket.end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { ask } = openForwarding(t, [
    { zone: 'corp.test', targets: [`127.0.0.1:${port}#localhost`], tlsAuthorities: ca, timeoutMilliseconds: 5_000 },
  ]);
  const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((label) => ask(`${label}.corp.test`)));
  assert.deepEqual(
    answers.map(({ rcode }) => rcode),
    [0, 0, 0, 0, 0],
  );
});

test('the failure of a server that does not speak TLS is a short text', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { ask, forwarding } = openForwarding(t, [{ zone: 'corp.test', targets: [`127.0.0.1:${port}#localhost`] }]);
  assert.equal((await ask('a.corp.test')).rcode, 2);
  const [upstream] = forwarding.state(parseName('corp.test'))?.upstreams ?? [];
  assert.equal(upstream?.failure, 'the connection failed: TLS: wrong version number');
});

test('a connection on which the server no longer answers is replaced after some seconds, although more queries are sent', async (t) => {
  let connections = 0;
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    connections += 1;
    sockets.push(socket);
    const place = connections;
    let queries = 0;
    eachQuery(socket, (send) => {
      queries += 1;
      // On the first connection, the server answers only once.
      if (place > 1 || queries === 1) send();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const stream = new StreamConnection({ address: parseAddress('127.0.0.1'), port }, undefined);
  t.after(() => {
    stream.close();
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  // The queries only claim these times of sending, so the test does not wait.
  const ask = (sentAt: number) => sent(stream, sentAt);
  assert.equal(await ask(0), 'answered');
  const lost = [ask(1_000), ask(2_000), ask(3_000), ask(4_000)];
  assert.equal(await ask(4_500), 'answered');
  assert.deepEqual(await Promise.all(lost), ['ended', 'ended', 'ended', 'ended']);
  assert.equal(connections, 2);
});

/** Sends a query. Resolves with how it ends. */
function sent(stream: StreamConnection, sentAt: number): Promise<ExchangeFailure | 'answered'> {
  const { promise, resolve } = Promise.withResolvers<ExchangeFailure | 'answered'>();
  const exchange: Exchange = {
    query: Buffer.from('00000100000100000000000001610474657374000001' + '0001', 'hex'),
    isStream: true,
    sentAt,
    receive: () => {
      resolve('answered');
      return true;
    },
    fail: resolve,
    waiting: undefined,
    id: 0,
    nextWaiting: undefined,
  };
  stream.send(exchange);
  return promise;
}
