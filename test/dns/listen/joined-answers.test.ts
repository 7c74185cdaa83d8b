// Several answers are sent as one message that the kernel splits into datagrams. Each client gets each answer as its
// own datagram, also if the kernel refuses some messages.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { closeSync } from 'node:fs';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Answerer } from '../../../src/dns/listen/answerer.ts';
import { type Libc, linux, openLibc } from '../../../src/dns/listen/libc.ts';
import { CounterCells, counterCell, newListenCounters } from '../../../src/dns/listen/listen-counters.ts';
import { headerBytes } from '../../../src/dns/listen/message-layout.ts';
import { boundPort, openBatchedSocket } from '../../../src/dns/listen/open-batched-socket.ts';
import { type Address, parseAddress } from '../../../src/model/address.ts';
import type { Endpoint } from '../../../src/model/endpoint.ts';
import { batchedHere, loopback, loopback6 } from './running-server.ts';

const greatestAnswer = 1_232;
/** The errno EINVAL. */
const invalid = 22;

interface Question {
  /** The index of the client that asks. */
  client: number;
  /** Which of the server's addresses is asked: an index, modulo their number. */
  asked: number;
  /** The length of the answer in octets. */
  length: number;
}

interface Case {
  listen: Endpoint;
  /** The addresses to ask. A server that listens on a wildcard has several. */
  addresses: readonly string[];
}

const cases: Record<string, Case> = {
  IPv4: { listen: loopback, addresses: ['127.0.0.1'] },
  IPv6: { listen: loopback6, addresses: ['::1'] },
  'every IPv4 address': {
    listen: { address: parseAddress('0.0.0.0'), port: 0 },
    addresses: ['127.0.0.1', '127.9.9.9'],
  },
  'every IPv6 address': { listen: { address: '::' as Address, port: 0 }, addresses: ['::1'] },
};

/** Random questions with few lengths and few clients, so that many answers in a row can be joined. */
const questions = fc.array(
  fc.record({
    client: fc.constantFrom(0, 0, 0, 0, 1, 2),
    asked: fc.nat(1),
    length: fc.constantFrom(50, 50, 50, 51, 200, greatestAnswer),
  }),
  { minLength: 1, maxLength: 64 },
);

/** Answers with as many octets as the first two octets of the query say. Each has the number in the next two. */
const echo: Answerer = {
  respond(query, _length, response) {
    const view = new DataView(query.buffer, query.byteOffset);
    response.fill(view.getUint16(2), 0, view.getUint16(0));
    return view.getUint16(0);
  },
  wake: () => undefined,
  sleep: () => undefined,
};

/** Returns the number of answers (msg_iovlen) in the message whose header is at this address. */
function segmentsAt(headers: bigint): number {
  return process.getBuiltinModule('node:ffi').getInt32(headers, 24);
}

interface Exchanged {
  /** How often sendmmsg was called. */
  calls: number;
  /** How many messages sendmmsg sent. */
  messages: number;
  /** How many answers could not be sent. */
  failures: number;
}

/**
 * Asks all questions at once. Checks every answer, unless some could not be sent. `refuse` returns the errno with which
 * the kernel refuses a message of so many answers; 0: the message is sent.
 */
async function exchange(
  { listen, addresses }: Case,
  asked: readonly Question[],
  refuse: (segments: number) => number = () => 0,
): Promise<Exchanged> {
  const libc = openLibc();
  const told = { calls: 0, messages: 0 };
  let refused = 0;
  const watched: Libc = {
    ...libc,
    // Waits for all queries, not only for the first, because the batch decides which answers are joined. The socket's
    // own timeout is short.
    recvmmsg: (descriptor, headers, _count, _flags, timeout) => {
      const end = performance.now() + 20_000;
      let received = 0;
      while (received < asked.length && performance.now() < end) {
        const place = headers + BigInt(received * headerBytes);
        received += Math.max(0, libc.recvmmsg(descriptor, place, asked.length - received, 0, timeout));
      }
      return received;
    },
    sendmmsg: (descriptor, headers, count, flags) => {
      told.calls += 1;
      // Like the kernel, sends the messages before the first one that fails.
      let good = 0;
      for (refused = 0; good < count && refused === 0; good += 1) {
        refused = refuse(segmentsAt(headers + BigInt(good * headerBytes)));
        if (refused !== 0) break;
      }
      if (refused !== 0 && good === 0) return -1;
      const sent = libc.sendmmsg(descriptor, headers, good, flags);
      told.messages += sent;
      return sent;
    },
    errno: () => (refused === 0 ? libc.errno() : refused),
  };
  const counters = newListenCounters();
  const server = openBatchedSocket(watched, listen, new CounterCells(counters), { joins: true });
  const clients = [0, 1, 2].map(() => createSocket(addresses[0]!.includes(':') ? 'udp6' : 'udp4'));
  try {
    const port = boundPort(libc, server.descriptor);
    const arrived: string[] = [];
    const all = Promise.withResolvers<void>();
    for (const [client, socket] of clients.entries()) {
      socket.on('message', (answer, from) => {
        assert.ok(answer.every((octet) => octet === answer[0]));
        arrived.push(`${client} ${from.address} ${from.port} ${answer.length} ${answer[0]}`);
        if (arrived.length === asked.length) all.resolve();
      });
    }
    const expected = asked.map((question, number) => {
      const address = addresses[question.asked % addresses.length]!;
      return `${question.client} ${address} ${port} ${question.length} ${number}`;
    });
    for (const [number, question] of asked.entries()) {
      const query = Buffer.alloc(4);
      query.writeUInt16BE(question.length);
      query.writeUInt16BE(number, 2);
      const address = addresses[question.asked % addresses.length]!;
      await new Promise((sent) => clients[question.client]!.send(query, port, address, sent));
    }
    assert.equal(server.receive(true), asked.length);
    server.answer(asked.length, echo);
    const failures = new Float64Array(counters)[counterCell.udpSendFailed]!;
    if (failures === 0) {
      await Promise.race([all.promise, new Promise((late) => setTimeout(late, 20_000).unref())]);
      assert.deepEqual(arrived.sort(), expected.sort());
    }
    return { ...told, failures };
  } finally {
    for (const socket of clients) socket.close();
    closeSync(server.descriptor);
  }
}

const same = (count: number, length: number): Question[] =>
  Array.from({ length: count }, () => ({ client: 0, asked: 0, length }));

suite('answers that are sent together', { skip: !batchedHere }, () => {
  for (const [name, where] of Object.entries(cases)) {
    test(`${name}: every answer arrives unchanged, from the address that was asked`, async () => {
      await fc.assert(
        fc.asyncProperty(questions, async (asked) => {
          assert.equal((await exchange(where, asked)).failures, 0);
        }),
        { numRuns: 40 },
      );
    });

    test(`${name}: a full batch to one socket is one message`, async () => {
      assert.deepEqual(await exchange(where, same(64, 100)), { calls: 1, messages: 1, failures: 0 });
    });

    test(`${name}: answers that the kernel refuses to send together are sent one by one`, async () => {
      for (const errno of [linux.EIO, invalid]) {
        await fc.assert(
          fc.asyncProperty(questions, async (asked) => {
            const { messages, failures } = await exchange(where, asked, (segments) => (segments > 1 ? errno : 0));
            assert.ok(failures === 0 && messages === asked.length);
          }),
          { numRuns: 10 },
        );
      }
    });
  }

  test('answers that would exceed the maximum size of a datagram are sent as two messages', async () => {
    const { messages } = await exchange(cases.IPv4!, same(64, greatestAnswer));
    assert.equal(messages, 2);
  });

  test('a shorter answer joins the longer ones before it, and ends the message', async () => {
    const asked = [...same(3, 60), ...same(1, 50), ...same(2, 60), ...same(1, 61)];
    assert.equal((await exchange(cases.IPv4!, asked)).messages, 3);
  });

  test('answers to two clients in turns are not joined, even if they have the same length', async () => {
    const asked = same(10, 60).map((question, i) => ({ ...question, client: i % 2 }));
    assert.equal((await exchange(cases.IPv4!, asked)).messages, 10);
  });

  test('if the send buffer is full, the server waits once and sends again', async () => {
    const asked = [...same(5, 60), ...same(5, 70)];
    let calls = 0;
    const result = await exchange(cases.IPv4!, asked, () => {
      calls += 1;
      return calls === 1 ? linux.EAGAIN : 0;
    });
    assert.deepEqual(result, { calls: 2, messages: 2, failures: 0 });
  });

  test('if the send buffer stays full, exactly the unsent answers count as lost', async () => {
    const asked = [...same(5, 60), ...same(5, 70)];
    const result = await exchange(cases.IPv4!, asked, () => linux.EAGAIN);
    assert.deepEqual(result, { calls: 2, messages: 0, failures: 10 });
  });

  test('an answer that cannot be sent even alone is counted as lost, and the others are sent', async () => {
    let refusals = 0;
    const result = await exchange(cases.IPv4!, same(4, 60), () => {
      refusals += 1;
      return refusals <= 2 ? invalid : 0;
    });
    assert.deepEqual(result, { calls: 3, messages: 3, failures: 1 });
  });
});
