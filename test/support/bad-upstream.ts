// A DNS server over UDP and TCP with a choice of good and bad behaviours, for tests of forwarders.

import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { freePort } from './free-port.ts';
import type { Cleanup } from './temporary.ts';

export interface Query {
  readonly octets: Buffer;
  readonly isTcp: boolean;
  /** The name, as it was written. */
  readonly name: string;
  readonly type: number;
  /** The question's octets, with type and class. */
  readonly question: Buffer;
  readonly hasEdns: boolean;
  /** The data of the COOKIE option. */
  readonly cookie: Buffer | undefined;
  readonly flags: number;
  readonly from: RemoteInfo | undefined;
  /** The number of queries so far, including this one. Probes are not counted. */
  readonly count: number;
}

/** A message to send. Without the other fields, it is sent at once, from the server's port. */
export interface Reply {
  readonly octets: Buffer;
  readonly afterMilliseconds?: number;
  readonly fromAnotherPort?: boolean;
}

/** Returns the replies to a query. `close`: sends none, and ends the TCP connection. */
export type Behaviour = (query: Query) => readonly (Reply | Buffer)[] | 'close';

export interface BadUpstream {
  readonly port: number;
  readonly queries: Query[];
  /** Changes how the server behaves. */
  behave(behaviour: Behaviour): void;
  close(): void;
}

/** Starts the server on a port of 127.0.0.1 that is free for UDP and TCP. */
export async function startBadUpstream(test: Cleanup, behaviour: Behaviour, onPort?: number): Promise<BadUpstream> {
  const port = onPort ?? (await freePort());
  const udp = createSocket('udp4');
  const other = createSocket('udp4');
  const queries: Query[] = [];
  const connections = new Set<Socket>();
  let behave = behaviour;
  const ask = (octets: Buffer, isTcp: boolean, from?: RemoteInfo) => {
    const query = readQuery(octets, isTcp, queries.filter((one) => !isProbe(one)).length + 1, from);
    queries.push(query);
    return behave(query);
  };
  udp.on('message', (octets, from) => {
    const replies = ask(octets, false, from);
    if (replies === 'close') return;
    for (const reply of replies.map(toReply)) {
      const socket = reply.fromAnotherPort === true ? other : udp;
      later(reply, () => socket.send(reply.octets, from.port, from.address));
    }
  });
  const tcp = createServer((connection) => {
    connections.add(connection);
    let received = Buffer.alloc(0);
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
    connection.on('data', (octets: Buffer) => {
      received = Buffer.concat([received, octets]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const replies = ask(received.subarray(2, end), true);
        received = received.subarray(end);
        if (replies === 'close') return void connection.destroy();
        for (const reply of replies.map(toReply)) later(reply, () => connection.write(framed(reply.octets)));
      }
    });
  });
  let isOpen = true;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    udp.close();
    other.close();
    tcp.close();
    for (const connection of connections) connection.destroy();
  };
  const later = (reply: Reply, send: () => void) => {
    const whenOpen = () => {
      if (isOpen) send();
    };
    if (reply.afterMilliseconds === undefined) whenOpen();
    else setTimeout(whenOpen, reply.afterMilliseconds).unref();
  };
  test.after(close);
  const ready = [once(udp, 'listening'), once(other, 'listening'), once(tcp, 'listening')];
  udp.bind(port, '127.0.0.1');
  other.bind(0, '127.0.0.1');
  tcp.listen(port, '127.0.0.1');
  await Promise.all(ready);
  return {
    port,
    queries,
    behave: (changed) => {
      behave = changed;
    },
    close,
  };
}

/** Returns whether the query is a probe: a forwarder's question that checks whether the server answers. */
export function isProbe({ name }: Query): boolean {
  return name.startsWith('zonewright-probe-');
}

function toReply(reply: Reply | Buffer): Reply {
  return Buffer.isBuffer(reply) ? { octets: reply } : reply;
}

function framed(octets: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(octets.length);
  return Buffer.concat([length, octets]);
}

function readQuery(octets: Buffer, isTcp: boolean, count: number, from?: RemoteInfo): Query {
  const labels: string[] = [];
  let at = 12;
  for (; octets[at] !== 0; at += 1 + octets[at]!) labels.push(octets.toString('latin1', at + 1, at + 1 + octets[at]!));
  const end = at + 5;
  const hasEdns = octets.readUInt16BE(10) === 1;
  let cookie: Buffer | undefined;
  for (let option = end + 11; hasEdns && option + 4 <= octets.length; option += 4 + octets.readUInt16BE(option + 2)) {
    if (octets.readUInt16BE(option) === 10)
      cookie = octets.subarray(option + 4, option + 4 + octets.readUInt16BE(option + 2));
  }
  const type = octets.readUInt16BE(at + 1);
  const question = octets.subarray(12, end);
  return {
    octets,
    isTcp,
    name: labels.join('.'),
    type,
    question,
    hasEdns,
    cookie,
    flags: octets.readUInt16BE(2),
    from,
    count,
  };
}

/** Returns the wire form of a name. */
export function wireName(name: string): Buffer {
  const labels = name
    .split('.')
    .flatMap((label) => (label === '' ? [] : [label.length, ...Buffer.from(label, 'latin1')]));
  return Buffer.from([...labels, 0]);
}

/** Returns a record of class IN. Default of `owner`: the name of the question. */
export function record(type: number, ttl: number, rdata: Uint8Array, owner?: string): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(rdata.length, 8);
  return Buffer.concat([owner === undefined ? Buffer.from([0xc0, 12]) : wireName(owner), fixed, rdata]);
}

export const goodAddress = Buffer.from([192, 0, 2, 1]);
export const evilAddress = Buffer.from([192, 0, 2, 66]);

/** Returns an A record of the question's name with the address of a good answer. */
export function good(ttl = 60): Buffer {
  return record(1, ttl, goodAddress);
}

/** Returns the SOA record of a zone, with this minimum. */
export function soa(zone: string, ttl = 300, minimum = 30): Buffer {
  const times = Buffer.alloc(20);
  for (const [i, value] of [1, 3_600, 600, 86_400, minimum].entries()) times.writeUInt32BE(value, 4 * i);
  return record(6, ttl, Buffer.concat([wireName(`ns.${zone}`), wireName(`host.${zone}`), times]), zone);
}

interface ReplyParts {
  readonly rcode?: number;
  readonly answers?: readonly Buffer[];
  readonly authorities?: readonly Buffer[];
  readonly additionals?: readonly Buffer[];
  readonly truncated?: boolean;
  readonly authoritative?: boolean;
  /** Default: the question of the query. */
  readonly question?: Buffer;
  /** Options of the OPT record. The response has an OPT record if the query has one, unless `withoutEdns` is true. */
  readonly options?: readonly Buffer[];
  readonly withoutEdns?: boolean;
}

export function reply(query: Query, parts: ReplyParts = {}): Buffer {
  const { rcode = 0, answers = [], authorities = [], additionals = [], options = [] } = parts;
  const opt = query.hasEdns && parts.withoutEdns !== true ? [optRecord(rcode, options)] : [];
  const question = parts.question ?? query.question;
  const header = Buffer.alloc(12);
  query.octets.copy(header, 0, 0, 2);
  header[2] = 0x81 | (parts.authoritative === false ? 0 : 0x04) | (parts.truncated === true ? 0x02 : 0);
  header[3] = 0x80 | (rcode & 15);
  header.writeUInt16BE(question.length > 0 ? 1 : 0, 4);
  header.writeUInt16BE(answers.length, 6);
  header.writeUInt16BE(authorities.length, 8);
  header.writeUInt16BE(additionals.length + opt.length, 10);
  return Buffer.concat([header, question, ...answers, ...authorities, ...additionals, ...opt]);
}

function optRecord(rcode: number, options: readonly Buffer[]): Buffer {
  const fixed = Buffer.from([0, 0, 41, 4, 208, rcode >> 4, 0, 0, 0, 0, 0]);
  const rdata = Buffer.concat([...options]);
  fixed.writeUInt16BE(rdata.length, 9);
  return Buffer.concat([fixed, rdata]);
}

/** Returns one option of an OPT record. */
export function option(code: number, data: Uint8Array): Buffer {
  const fixed = Buffer.alloc(4);
  fixed.writeUInt16BE(code, 0);
  fixed.writeUInt16BE(data.length, 2);
  return Buffer.concat([fixed, data]);
}
