// Sockets to servers through libc: the system does not take all queries at once, the port of the server is closed, or
// the event loop takes over the receiving of answers.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { BatchedServerSockets } from '../../../src/dns/ask/batched-server-sockets.ts';
import { type Libc, linux, openLibc } from '../../../src/dns/listen/libc.ts';
import { header, headerBytes } from '../../../src/dns/listen/message-layout.ts';
import { type Address, parseAddress } from '../../../src/model/address.ts';
import { socketKinds } from '../../forwarding/forwarders/socket-kinds.ts';
import type { Cleanup } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';

const skip = socketKinds[1]?.skip ?? false;
const loopback = parseAddress('127.0.0.1');

/** A server that sends each query back. */
async function startEcho(t: Cleanup, address: Address = loopback) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const queries: string[] = [];
  socket.on('message', (query, from) => {
    queries.push(query.toString());
    socket.send(query, from.port, from.address);
  });
  socket.bind(0, address);
  await once(socket, 'listening');
  let isOpen = true;
  const close = () => {
    if (isOpen) socket.close();
    isOpen = false;
  };
  t.after(close);
  return { queries, close, endpoint: { address, port: socket.address().port } };
}

/** Returns a listener of a socket. It notes what the socket receives, and why it fails. */
function newListener() {
  const [received, failed]: [string[], string[]] = [[], []];
  return {
    received,
    failed,
    listener: {
      received: (octets: Uint8Array) => void received.push(Buffer.from(octets).toString()),
      failed: (why: string) => void failed.push(why),
    },
  };
}

/**
 * Returns libc with another sendmmsg. `calls` has, for each call, its errno or the number of messages that it sends.
 */
function limited(calls: ({ errno: number } | number)[]): Libc {
  const libc = openLibc();
  let errno = 0;
  return {
    ...libc,
    errno: () => errno || libc.errno(),
    sendmmsg: (descriptor, headers, count, flags) => {
      const call = calls.shift() ?? count;
      errno = typeof call === 'number' ? 0 : call.errno;
      return typeof call === 'number' ? libc.sendmmsg(descriptor, headers, Math.min(call, count), flags) : -1;
    },
  };
}

const EPERM = 1;
const full = { errno: linux.EAGAIN };

for (const [name, calls] of Object.entries({
  'if the system takes only some at a time': [1, 2],
  'after a signal interrupted the call': [{ errno: linux.EINTR }],
  'when a full socket has room again': [2, full, full, { errno: linux.ENOBUFS }],
})) {
  test(`all queries are sent, in their order, ${name}`, { skip }, async (t) => {
    const echo = await startEcho(t);
    const { received, failed, listener } = newListener();
    const socket = new BatchedServerSockets(limited([...calls])).open(echo.endpoint, listener);
    t.after(() => socket.close());
    const queries = Array.from({ length: 150 }, (_, i) => `query ${i}`);
    for (const query of queries) socket.send(Buffer.from(query));
    await until(() => received.length === queries.length, 'answers are missing');
    assert.deepEqual(echo.queries, queries);
    assert.deepEqual(received, queries);
    assert.deepEqual(failed, []);
  });
}

for (const [name, replaced] of Object.entries<(libc: Libc, sizes: number[]) => Partial<Libc>>({
  'share messages': () => ({}),
  'have a message each, if the kernel does not know UDP_SEGMENT': () => ({ setsockopt: () => -1 }),
  'have a message each after a failure, if the interface cannot cut messages': (libc, sizes) => ({
    errno: () => linux.EIO,
    sendmmsg: (...call) => {
      if (sizes.every((size) => size < 7)) return libc.sendmmsg(...call);
      sizes.length = 0;
      return -1;
    },
  }),
})) {
  test(`queries of one length ${name}`, { skip }, async (t) => {
    const echo = await startEcho(t);
    const { received, failed, listener } = newListener();
    const libc = openLibc();
    const memories: DataView[] = [];
    /** The number of queries in each message. */
    const messages: number[] = [];
    const counted: Libc = {
      ...libc,
      pointerTo: (buffer) => {
        memories.push(new DataView(buffer));
        return libc.pointerTo(buffer);
      },
    };
    const { sendmmsg = libc.sendmmsg, ...rest } = replaced(libc, messages);
    counted.sendmmsg = (descriptor, headers, count, flags) => {
      const iovs = Array.from({ length: count }, (_, i) =>
        memories[0]!.getUint32(i * headerBytes + header.iovLength * 4, true),
      );
      messages.push(...iovs);
      return sendmmsg(descriptor, headers, count, flags);
    };
    const socket = new BatchedServerSockets(Object.assign(counted, rest)).open(echo.endpoint, listener);
    t.after(() => socket.close());
    const queries = ['abc', 'bcd', 'x', 'longer', 'cde', 'y', 'def', 'longest', 'efg', 'fgh', 'ghi'];
    for (const query of queries) socket.send(Buffer.from(query));
    await until(() => received.length === queries.length, 'answers are missing');
    const inOrder = queries.toSorted((a, b) => a.length - b.length);
    assert.deepEqual(echo.queries, inOrder);
    assert.deepEqual(received, inOrder);
    assert.deepEqual(failed, []);
    assert.deepEqual(messages, name === 'share messages' ? [2, 7, 1, 1] : queries.map(() => 1));
  });
}

test('a socket whose send is forbidden reports that it is broken, after send() has returned', { skip }, async (t) => {
  const echo = await startEcho(t);
  const { failed, listener } = newListener();
  const socket = new BatchedServerSockets(limited([{ errno: EPERM }])).open(echo.endpoint, listener);
  socket.send(Buffer.from('query'));
  assert.deepEqual(failed, [], 'the listener was called before send() has returned');
  await until(() => failed.length > 0, 'nobody is told');
  assert.deepEqual(failed, ['broken']);
});

for (const isBusy of [true, false]) {
  test(`a closed port is noticed by a ${isBusy ? 'busy' : 'resting'} thread, and leaves no descriptor`, {
    skip,
  }, async (t) => {
    const echo = await startEcho(t);
    echo.close();
    const sockets = new BatchedServerSockets(openLibc());
    sockets.receive(isBusy);
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 20; i += 1) {
      const { failed, listener } = newListener();
      sockets.open(echo.endpoint, listener).send(Buffer.from('query'));
      await until(() => {
        if (isBusy) sockets.receive(true);
        return failed.length > 0;
      }, 'nobody is told');
      assert.deepEqual(failed, ['refused']);
    }
    const after = readdirSync('/proc/self/fd').length;
    assert.ok(after < before + 10, `${before} descriptors before, ${after} after`);
  });
}

test('answers that arrive while the thread is busy, and after it begins to rest, are received once', {
  skip,
}, async (t) => {
  for (const address of [loopback, '::1' as Address]) {
    const echo = await startEcho(t, address);
    const sockets = new BatchedServerSockets(openLibc());
    const { received, failed, listener } = newListener();
    sockets.receive(true);
    const socket = sockets.open(echo.endpoint, listener);
    t.after(() => socket.close());
    const sendTwo = (first: number) => {
      for (const i of [first, first + 1]) socket.send(Buffer.from(`query ${i}`));
      sockets.send();
    };
    sendTwo(0);
    await until(() => echo.queries.length === 2, 'queries are missing');
    assert.deepEqual(received, []);
    sockets.receive(true);
    assert.equal(received.length, 2);
    sendTwo(2);
    // From here on, the event loop receives answers.
    sockets.receive(false);
    await until(() => received.length === 4, 'answers are missing');
    sendTwo(4);
    await until(() => received.length === 6, 'answers are missing');
    // The thread is busy again. Answers are now received by receive() and by the event loop.
    sockets.receive(true);
    sendTwo(6);
    await until(() => echo.queries.length === 8, 'queries are missing');
    sockets.receive(true);
    await until(() => received.length === 8, 'answers are missing');
    assert.deepEqual(received, echo.queries);
    assert.deepEqual(failed, []);
  }
});

test('a socket that its listener closes receives nothing more', { skip }, async (t) => {
  const echo = await startEcho(t);
  const sockets = new BatchedServerSockets(openLibc());
  sockets.receive(true);
  let received = 0;
  const socket = sockets.open(echo.endpoint, {
    received: () => {
      received += 1;
      socket.close();
    },
    failed: () => assert.fail('the socket has failed'),
  });
  for (const query of ['a', 'b', 'c']) socket.send(Buffer.from(query));
  sockets.send();
  await until(() => echo.queries.length === 3, 'queries are missing');
  sockets.receive(true);
  sockets.receive(false);
  assert.equal(received, 1);
});
