// Checks batched sockets before the server uses them: sends datagrams through a socket and back, and compares each
// octet that comes back. A wrong layout or number is then found at the start. A server checks once for all its threads:
// on a slow machine, threads that check by themselves might get different results.

import { createSocket, type RemoteInfo } from 'node:dgram';
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, familyOf } from '../../model/address.ts';
import { type Endpoint, isWildcard } from '../../model/endpoint.ts';
import { messageOf } from '../../model/thrown.ts';
import type { Answerer } from './answerer.ts';
import type { Libc } from './libc.ts';
import { CounterCells, newListenCounters } from './listen-counters.ts';
import { boundPort, openBatchedSocket } from './open-batched-socket.ts';

/** Milliseconds for the datagrams and answers of one batch. A busy machine may need long. */
const patience = 10_000;
/**
 * Payloads of several lengths, to find a length in the wrong place. Each is longer than the one before, so that no two
 * of their answers share a message.
 */
const payloads = [3, 500, 1_400].map(payload);
/** Batches whose answers each have a message of their own. */
const alone = [...payloads.map((payload) => [payload]), payloads];
/** A batch whose answers share a message. */
const twins = [500, 500, 3].map(payload);

function payload(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i + seed) * 7);
}

/** The result of the check: whether answers may share a message here, and if not, why. */
interface BatchedCheck {
  readonly joins: boolean;
  readonly reason?: string;
}

/**
 * Checks batched sockets for every kind of address in the list: IPv4 or IPv6, wildcard or not. Throws if they do not
 * work.
 */
export async function checkBatchedSockets(
  libc: Libc,
  addresses: readonly Endpoint[],
  milliseconds = patience,
): Promise<BatchedCheck> {
  const kinds = new Map(addresses.map((address) => [`${familyOf(address.address)} ${isWildcard(address)}`, address]));
  const checks = [...kinds.values()].map(({ address }) => {
    const loopback = (familyOf(address) === 'ipv6' ? '::1' : '127.0.0.1') as Address;
    return { address: isWildcard({ address, port: 0 }) ? address : loopback, loopback };
  });
  for (const { address, loopback } of checks) await checkOne(libc, address, loopback, alone, milliseconds);
  try {
    for (const { address, loopback } of checks) await checkOne(libc, address, loopback, [twins], milliseconds);
  } catch (error) {
    return { joins: false, reason: messageOf(error) };
  }
  return { joins: true };
}

async function checkOne(
  libc: Libc,
  address: Address,
  loopback: Address,
  batches: readonly (readonly Uint8Array[])[],
  milliseconds: number,
): Promise<void> {
  const socket = openBatchedSocket(libc, { address, port: 0 }, new CounterCells(newListenCounters()), { joins: true });
  const client = createSocket(familyOf(loopback) === 'ipv6' ? 'udp6' : 'udp4');
  try {
    const arrived: { answer: Buffer; from: RemoteInfo }[] = [];
    client.on('message', (answer, from) => arrived.push({ answer, from }));
    const port = boundPort(libc, socket.descriptor);
    for (const batch of batches) {
      for (const payload of batch) await new Promise((sent) => client.send(payload, port, loopback, sent));
      const end = performance.now() + milliseconds;
      // Not all datagrams of the batch may arrive at once.
      for (let received = 0; arrived.length < batch.length; await delay(1)) {
        if (performance.now() > end) {
          const fault = received < batch.length ? 'a datagram was not received' : 'an answer did not arrive';
          throw new Error(`self-check: ${fault}`);
        }
        if (received === batch.length) continue;
        const count = socket.receive(true);
        socket.answer(count, echo);
        received += count;
      }
      for (const [i, { answer, from }] of arrived.splice(0).entries()) {
        const expected = batch[i];
        if (expected === undefined || !answer.equals(expected)) {
          throw new Error('self-check: an answer came back changed');
        }
        if (from.address !== loopback || from.port !== port) {
          throw new Error('self-check: an answer came from another address than the one that was asked');
        }
      }
    }
  } finally {
    client.close();
    closeSync(socket.descriptor);
  }
}

/** Sends each query back, if its length is that of a payload. Throws if the client's address is not read correctly. */
const echo: Answerer = {
  respond(query, length, response, client) {
    if (!payloads.some((payload) => payload.length === length)) return 0;
    const last = client.address[client.addressLength - 1];
    if (last !== 1) throw new Error('self-check: a client has the wrong address');
    response.set(query.subarray(0, length));
    return length;
  },
  wake: () => undefined,
  sleep: () => undefined,
};
