// Late answers that are sent together: to several clients, from several sockets, and if the system takes only some.

import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { test } from 'node:test';
import type { LateDatagram } from '../../../src/dns/handed-on/line.ts';
import { openLateDatagrams } from '../../../src/dns/listen/late-datagrams.ts';
import { type Libc, linux, openLibc } from '../../../src/dns/listen/libc.ts';
import { CounterCells, counterCell, newListenCounters } from '../../../src/dns/listen/listen-counters.ts';
import { openBatchedSocket } from '../../../src/dns/listen/open-batched-socket.ts';
import { parseAddress } from '../../../src/model/address.ts';
import type { Cleanup } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';

/** Returns the descriptor of a batched socket on loopback, such as an answering thread has. */
function openSender(t: Cleanup): number {
  const address = { address: parseAddress('127.0.0.1'), port: 0 };
  const counters = new CounterCells(newListenCounters());
  const { descriptor } = openBatchedSocket(openLibc(), address, counters, { joins: false });
  t.after(() => closeSync(descriptor));
  return descriptor;
}

/** Opens a socket on loopback. Returns it with the list of messages that it receives. */
async function openClient(t: Cleanup) {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  const received: string[] = [];
  socket.on('message', (message) => received.push(message.toString()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, received };
}

/** Returns a struct sockaddr_in of 127.0.0.1. */
function addressOf(port: number): Uint8Array {
  const name = Buffer.alloc(16);
  name.writeUInt16LE(linux.AF_INET, 0);
  name.writeUInt16BE(port, 2);
  name.set([127, 0, 0, 1], 4);
  return name;
}

function datagram(descriptor: number, to: Socket, message: string): LateDatagram {
  const envelope = { name: addressOf(to.address().port), control: new Uint8Array(0) };
  return { descriptor, envelope, message: Buffer.from(message) };
}

test('many datagrams are sent, in their order', async (t) => {
  const [one, other] = [openSender(t), openSender(t)];
  const clients = [await openClient(t), await openClient(t)] as const;
  const cells = newListenCounters();
  const send = openLateDatagrams(new CounterCells(cells));
  const expected: string[][] = [[], []];
  const all = Array.from({ length: 100 }, (_, i) => {
    const to = i % 2;
    // The messages are so many, and so long, that they need several batches.
    const message = `${i} ${'x'.repeat(1_300)}`;
    expected[to]!.push(message);
    return datagram(i < 30 ? one : other, clients[to]!.socket, message);
  });
  send(all);
  await until(() => clients.every(({ received }) => received.length === 50), 'datagrams are missing');
  assert.deepEqual(
    clients.map(({ received }) => received),
    expected,
  );
  assert.equal(new Float64Array(cells)[counterCell.udpAnswered], 100);
});

/**
 * Returns libc with another sendmmsg. `calls` has, for each call, its errno or the number of messages that it sends.
 */
function limited(calls: ({ errno: number } | number)[]): Libc {
  const libc = openLibc();
  let errno = 0;
  return {
    ...libc,
    errno: () => errno,
    sendmmsg: (descriptor, headers, count, flags) => {
      const call = calls.shift() ?? count;
      if (typeof call === 'number') return libc.sendmmsg(descriptor, headers, Math.min(call, count), flags);
      errno = call.errno;
      return -1;
    },
  };
}

const EPERM = 1;
const cases = {
  'the system takes only some at a time': { calls: [2, 1], arrive: ['a', 'b', 'c', 'd', 'e'] },
  'a signal interrupts': { calls: [{ errno: linux.EINTR }], arrive: ['a', 'b', 'c', 'd', 'e'] },
  'one is refused': { calls: [1, { errno: EPERM }], arrive: ['a', 'c', 'd', 'e'] },
  'the buffer is full': { calls: [3, { errno: linux.EAGAIN }], arrive: ['a', 'b', 'c'] },
};

for (const [name, { calls, arrive }] of Object.entries(cases)) {
  test(`${name}: every datagram is counted as sent or failed`, async (t) => {
    const [descriptor, client] = [openSender(t), await openClient(t)];
    const cells = newListenCounters();
    const send = openLateDatagrams(new CounterCells(cells), () => limited([...calls]));
    send(['a', 'b', 'c', 'd', 'e'].map((message) => datagram(descriptor, client.socket, message)));
    send([datagram(descriptor, client.socket, 'end')]);
    await until(() => client.received.includes('end'), 'the last datagram is missing');
    assert.deepEqual(client.received, [...arrive, 'end']);
    const counted = new Float64Array(cells);
    assert.equal(counted[counterCell.udpAnswered], arrive.length + 1);
    assert.equal(counted[counterCell.udpSendFailed], 5 - arrive.length);
  });
}
