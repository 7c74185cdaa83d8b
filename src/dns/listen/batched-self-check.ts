// Before batched sockets are trusted: datagrams through one and back, compared octet by octet. Wrong layouts or numbers show here, not in service.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { on } from 'node:events';
import { closeSync } from 'node:fs';
import { type Address, familyOf } from '../../model/address.ts';
import { type Endpoint, isWildcard } from '../../model/endpoint.ts';
import type { Answerer } from './answerer.ts';
import { openBatchedSocket } from './batched-socket.ts';
import { type Libc, LibcError } from './libc.ts';
import { CounterCells, newListenCounters } from './listen-counters.ts';

/** For the answer to one datagram, in milliseconds. */
const longestWait = 1_000;
/** Of several lengths, so that a length in the wrong place is seen. */
const payloads = [3, 500, 1_400].map(payload);
/** Of equal lengths, as answers that go out together. */
const twins = [500, 500, 3].map(payload);

function payload(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i + seed) * 7);
}

/** Throws unless batched sockets work for every kind of address in the list: family, and wildcard or not. */
export async function checkBatchedSockets(libc: Libc, addresses: readonly Endpoint[]): Promise<void> {
  const kinds = new Map(addresses.map((address) => [`${familyOf(address.address)} ${isWildcard(address)}`, address]));
  for (const { address } of kinds.values()) {
    const ipv6 = familyOf(address) === 'ipv6';
    const loopback = (ipv6 ? '::1' : '127.0.0.1') as Address;
    await checkOne(libc, { address: isWildcard({ address, port: 0 }) ? address : loopback, port: 0 }, loopback);
  }
}

async function checkOne(libc: Libc, listen: Endpoint, loopback: Address): Promise<void> {
  const socket = openBatchedSocket(libc, listen, new CounterCells(newListenCounters()));
  const client = createSocket(familyOf(loopback) === 'ipv6' ? 'udp6' : 'udp4');
  try {
    const server = { address: loopback, port: boundPort(libc, socket.descriptor) };
    for (const batch of [...payloads.map((payload) => [payload]), twins]) {
      for (const payload of batch) await new Promise((sent) => client.send(payload, server.port, server.address, sent));
      const count = socket.receive(true);
      if (count !== batch.length) {
        throw new Error(`self-check: ${count} datagrams were received instead of ${batch.length}`);
      }
      const echoes = checkEchoes(client, batch, server);
      socket.answer(count, echo);
      await echoes;
    }
  } finally {
    client.close();
    closeSync(socket.descriptor);
  }
}

async function checkEchoes(client: Socket, batch: readonly Uint8Array[], server: Endpoint): Promise<void> {
  const timeout = AbortSignal.timeout(longestWait);
  const echoes = on(client, 'message', { signal: timeout }) as AsyncIterable<[Buffer, RemoteInfo]>;
  let next = 0;
  try {
    for await (const [answer, from] of echoes) {
      if (!answer.equals(batch[next]!)) throw new Error('self-check: an answer came back changed');
      if (from.address !== server.address || from.port !== server.port) {
        throw new Error('self-check: an answer came from another address than the one that was asked');
      }
      next += 1;
      if (next === batch.length) return;
    }
  } catch (error) {
    throw timeout.aborted ? new Error('self-check: an answer did not arrive') : error;
  }
}

/** Sends back what came, if it came as it should. */
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

function boundPort(libc: Libc, descriptor: number): number {
  // Room for sockaddr_in6; the port stands at the same place in sockaddr_in.
  const name = new ArrayBuffer(28);
  const length = Int32Array.of(name.byteLength).buffer;
  if (libc.getsockname(descriptor, name, length) < 0) throw new LibcError('getsockname', libc.errno());
  return new DataView(name).getUint16(2);
}
