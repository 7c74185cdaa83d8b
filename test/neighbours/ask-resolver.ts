// Asks a resolver as the clients of a company do: with EDNS and AD. Repeats the query from the same socket while there
// is no answer: dnsmasq asks another server only after such a repeated query.

import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import { decode, type Message } from 'dns-packet';
import { queryBytes, type Server } from '../support/dns-client.ts';

const repeatMilliseconds = 2000;
const adBit = 0x20;

/** Returns the answer. Rejects if none comes after so many repetitions. */
export async function askResolver(server: Server, name: string, type: string, repetitions = 5): Promise<Message> {
  const query = queryBytes({ name, type, edns: {}, recursionDesired: true });
  query[3] = (query[3] ?? 0) | adBit;
  const socket = createSocket('udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  socket.on('error', reject);
  socket.on('message', (message) => {
    if (message[0] === query[0] && message[1] === query[1]) resolve(message);
  });
  const ended = new AbortController();
  const send = async () => {
    for (let sent = 0; sent <= repetitions; sent += 1) {
      socket.send(query, server.port, server.address);
      await delay(repeatMilliseconds, undefined, { signal: ended.signal });
    }
    reject(new Error(`${server.port} does not answer for ${name} ${type}`));
  };
  send().catch(() => undefined);
  try {
    return decode(await promise);
  } finally {
    ended.abort();
    socket.close();
  }
}
