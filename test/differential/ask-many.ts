// Sends thousands of questions to one server. Over UDP, many wait for an answer at a time. Over TCP, many are sent
// together on each connection, and one connection follows the other.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Server, TcpClient } from '../support/dns-client.ts';

const inFlight = 64;
const perConnection = 100;
const retryMilliseconds = 1_000;
const triesEach = 3;

/** The server has not answered a query over UDP, in any of the attempts. */
export class Silence extends Error {}

export interface NamedServer extends Server {
  /** The name of the server in messages of errors. */
  readonly name: string;
}

export interface Query {
  bytes: Buffer;
  tcp: boolean;
}

/** Returns the answers in the order of the queries, with id 0. Rejects with Silence if one does not arrive over UDP. */
export async function askMany(server: NamedServer, queries: readonly Query[]): Promise<Buffer[]> {
  const answers: Buffer[] = [];
  const places = queries.map((query, place) => ({ ...query, place }));
  const over = (tcp: boolean) => places.filter((query) => query.tcp === tcp);
  await Promise.all([askUdp(server, over(false), answers), askTcp(server, over(true), answers)]);
  return answers;
}

type Placed = Query & { place: number };

async function askUdp(server: NamedServer, queries: readonly Placed[], answers: Buffer[]): Promise<void> {
  const socket = createSocket('udp4');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const waiting = new Map<number, { query: Placed; timer: NodeJS.Timeout; tries: number }>();
  let next = 0;
  const send = (id: number, query: Placed, tries: number): void => {
    if (tries > triesEach) {
      reject(new Silence(`no answer from ${server.name} to ${query.bytes.toString('hex')}`));
      return;
    }
    waiting.set(id, { query, tries, timer: setTimeout(() => send(id, query, tries + 1), retryMilliseconds) });
    socket.send(withId(query.bytes, id), server.port, server.address);
  };
  const proceed = (): void => {
    for (; waiting.size < inFlight && next < queries.length; next += 1) send(next & 0xffff, queries[next] as Placed, 1);
    if (waiting.size === 0) resolve();
  };
  socket.on('error', reject);
  socket.on('message', (answer) => {
    const id = answer.readUInt16BE(0);
    const asked = waiting.get(id);
    if (asked === undefined) return;
    clearTimeout(asked.timer);
    waiting.delete(id);
    answers[asked.query.place] = withId(answer, 0);
    proceed();
  });
  try {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    proceed();
    await promise;
  } finally {
    for (const { timer } of waiting.values()) clearTimeout(timer);
    socket.close();
  }
}

async function askTcp(server: NamedServer, queries: readonly Placed[], answers: Buffer[]): Promise<void> {
  for (let from = 0; from < queries.length; from += perConnection) {
    const some = queries.slice(from, from + perConnection);
    const client = await TcpClient.open(server);
    try {
      client.send(...some.map(({ bytes }, id) => withId(bytes, id)));
      for (let left = some.length; left > 0; left -= 1) {
        const answer = await client.next();
        const asked = some[answer.readUInt16BE(0)];
        if (asked === undefined) throw new Error(`${server.name} sent an answer to a question that was not asked`);
        answers[asked.place] = withId(answer, 0);
      }
    } finally {
      client.destroy();
    }
  }
}

function withId(message: Buffer, id: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id);
  return copy;
}
