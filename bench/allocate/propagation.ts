// Measures how long after a change on one replica another replica answers it by DNS: creates hosts at a steady rate,
// and asks the other replica for each name, again and again, from the 201 on.

import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import { queryBytes } from '../../test/support/dns-client.ts';
import { Connection } from './connection.ts';

interface Propagation {
  /** The HTTP port of the replica that is written to. */
  port: number;
  /** The DNS port of the replica that is asked. */
  dnsPort: number;
  perSecond: number;
  seconds: number;
}

interface Measured {
  /** Milliseconds from the sending of the request to the answer with the address, sorted. */
  fromRequest: number[];
  /** Milliseconds from the arrival of the 201 to that answer, sorted. */
  fromAnswer: number[];
  /** How many names were not answered in time. */
  lost: number;
}

/** A created host that is asked for. */
interface Asked {
  query: Uint8Array;
  sentAt: number;
  createdAt: number;
}

const askAgainMilliseconds = 1;
const patienceMilliseconds = 3000;
/** The most requests under way at once: a replica takes no more connections of one client. */
const maxUnderWay = 200;
let next = 0;

export async function measurePropagation({ port, dnsPort, perSecond, seconds }: Propagation): Promise<Measured> {
  const asked = new Map<number, Asked>();
  const [fromRequest, fromAnswer]: [number[], number[]] = [[], []];
  const socket = createSocket('udp4');
  socket.on('message', (answer) => {
    const id = answer.readUInt16BE(0);
    const one = asked.get(id);
    const hasAnswer = answer.readUInt16BE(6) > 0;
    if (one === undefined || !hasAnswer) return;
    asked.delete(id);
    fromRequest.push(performance.now() - one.sentAt);
    fromAnswer.push(performance.now() - one.createdAt);
  });
  const ask = () => {
    for (const { query } of asked.values()) socket.send(query, dnsPort, '127.0.0.1');
  };
  const asking = setInterval(ask, askAgainMilliseconds);
  const connections = await Promise.all(Array.from({ length: maxUnderWay }, () => Connection.open(port)));
  const idle = [...connections];
  const create = async (connection: Connection) => {
    const name = `p${next++}.foo.k8s`;
    const query = queryBytes({ name, type: 'A' });
    const sentAt = performance.now();
    const { status, text } = await connection.post('/v1/hosts', { name, pool: 'default' });
    if (status !== 201) throw new Error(text);
    idle.push(connection);
    asked.set(Buffer.from(query).readUInt16BE(0), { query, sentAt, createdAt: performance.now() });
    socket.send(query, dnsPort, '127.0.0.1');
  };
  const begun = performance.now();
  const underWay: Promise<void>[] = [];
  while (performance.now() < begun + seconds * 1000) {
    const due = ((performance.now() - begun) / 1000) * perSecond;
    while (underWay.length < due) {
      const connection = idle.pop();
      if (connection === undefined) break;
      underWay.push(create(connection));
    }
    await delay(1);
  }
  await Promise.all(underWay);
  for (const end = performance.now() + patienceMilliseconds; asked.size > 0 && performance.now() < end; )
    await delay(5);
  clearInterval(asking);
  socket.close();
  for (const connection of connections) connection.close();
  const sorted = (all: number[]) => all.sort((a, b) => a - b);
  return { fromRequest: sorted(fromRequest), fromAnswer: sorted(fromAnswer), lost: asked.size };
}
