// Asks a DNS server for a SOA over UDP, with a time limit. dns2 writes the query and reads the answer. This file
// decides which datagram is the answer: one from the server, with our id and our question (RFC 5452 §9).

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Packet } from 'dns2';
import { familyOf } from '../../model/address.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { type Fqdn, nameToWire } from '../../model/name.ts';

interface Question {
  name: Fqdn;
  milliseconds: number;
  /** True: the query has RD, for a resolver, which shall ask other servers. */
  recursive?: boolean;
  /** True: the query has CD: the resolver shall not validate (RFC 4035 §3.2.2). */
  withoutValidation?: boolean;
}

/** A SOA record in an answer. Names are in lower case, without their last dot. */
export interface AnsweredSoa {
  owner: string;
  primary: string;
  serial: number;
  ttl: number;
}

export interface ServerAnswer {
  rcode: number;
  /** True: the server has the zone itself. */
  isAuthoritative: boolean;
  /** True: records are missing, since the answer did not fit or the server limits its answers (TC). */
  isTruncated: boolean;
  /** True: the answer section has records: the name has a SOA or an alias. */
  hasAnswers: boolean;
  /** The SOA of the name, in the answer section. */
  soa: AnsweredSoa | undefined;
  /** The SOA in the authority section: the zone of this SOA has no such name, or no such type at the name. */
  denial: AnsweredSoa | undefined;
}

const soaType = 6;
/**
 * The longest answer that is read. Pointers in a longer one could cost dns2 seconds; answers to a SOA question are
 * short.
 */
const maxAnswer = 4096;

/** Returns whether dns2 can send the name. It cannot send a dot inside a label, or octets above 0x7e. */
export function canAskFor(name: Fqdn): boolean {
  return textOf(name) !== undefined;
}

/** Returns the name without escapes, as dns2 takes it; undefined if dns2 cannot send the name. */
function textOf(name: Fqdn): string | undefined {
  const wire = nameToWire(name);
  const labels: string[] = [];
  for (let at = 0, length = wire[0] ?? 0; length > 0; at += length + 1, length = wire[at] ?? 0) {
    const label = wire.subarray(at + 1, at + 1 + length);
    if (label.some((octet) => octet === 0x2e || octet > 0x7e)) return undefined;
    labels.push(String.fromCharCode(...label));
  }
  return labels.join('.');
}

/** Resolves with the answer. Rejects if no answer comes in time. */
export async function askServer(server: Endpoint, question: Question): Promise<ServerAnswer> {
  const { name, milliseconds, recursive = false, withoutValidation = false } = question;
  const text = textOf(name);
  if (text === undefined) throw new Error(`cannot ask for ${name}`);
  // dns2 is loaded with the first question: a replica that asks none saves its memory.
  const { Packet } = await import('dns2');
  const query = new Packet();
  query.header.id = randomInt(0x10000);
  query.header.rd = recursive ? 1 : 0;
  // The types of dns2 lack the bit CD.
  Object.assign(query.header, { cd: withoutValidation ? 1 : 0 });
  query.questions.push(new Packet.Question(text, soaType, Packet.CLASS.IN));
  const isAnswer = ({ header, questions: [asked], errors }: Packet) =>
    header.qr === 1 &&
    header.id === query.header.id &&
    errors.length === 0 &&
    asked?.name.toLowerCase() === text &&
    Number(asked.type) === soaType;
  const packet = await exchange(server, query.toBuffer(), milliseconds, (octets) => {
    const parsed = Packet.parse(octets);
    return isAnswer(parsed) ? parsed : undefined;
  });
  return {
    rcode: packet.header.rcode,
    isAuthoritative: packet.header.aa === 1,
    isTruncated: packet.header.tc === 1,
    hasAnswers: packet.answers.length > 0,
    soa: soaIn(packet.answers.filter((record) => record.name.toLowerCase() === text)),
    denial: soaIn(packet.authorities),
  };
}

/**
 * Sends a query. Resolves with the first datagram from the server for which `read` returns a value; `read` may throw.
 */
async function exchange<T>(
  { address, port }: Endpoint,
  query: Buffer,
  milliseconds: number,
  read: (octets: Buffer) => T | undefined,
): Promise<T> {
  const socket = createSocket(familyOf(address) === 'ipv6' ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(new Error('no answer in time')), milliseconds);
  socket.on('error', reject);
  socket.on('message', (octets) => {
    if (octets.length > maxAnswer) return;
    try {
      const found = read(octets);
      if (found !== undefined) resolve(found);
    } catch {
      // The datagram is no DNS message.
    }
  });
  try {
    // A connected socket gets only datagrams of this server, and learns at once if the server's port is closed.
    socket.once('connect', () => socket.send(query));
    socket.connect(port, address);
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

function soaIn(records: readonly { name: string; type: unknown }[]): AnsweredSoa | undefined {
  const found = records.find(({ type }) => Number(type) === soaType) as
    | { name: string; serial?: number; primary?: string; ttl?: number }
    | undefined;
  if (found?.serial === undefined) return undefined;
  const { name, serial, primary = '', ttl = 0 } = found;
  return { owner: name.toLowerCase(), primary: primary.toLowerCase(), serial, ttl };
}
