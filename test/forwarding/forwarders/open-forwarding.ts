// Opens the part that forwards, with its cache, but without the threads and sockets of clients. Answers come as text.

import assert from 'node:assert/strict';
import { decode, type Message } from 'dns-packet';
import { type OpenServerSocket, openNodeSocket } from '../../../src/dns/ask/server-socket.ts';
import { AnswerReader } from '../../../src/forward-cache/answer-reader.ts';
import { createForwardCache } from '../../../src/forward-cache/create-forward-cache.ts';
import { ForwardCacheReader } from '../../../src/forward-cache/forward-cache-reader.ts';
import { type CachedQuestion, ForwardCacheWriter } from '../../../src/forward-cache/forward-cache-writer.ts';
import type { OwnZones } from '../../../src/forwarding/forwarders/forward-request.ts';
import { Forwarding } from '../../../src/forwarding/forwarders/forwarding.ts';
import { addressRdata, parseAddress } from '../../../src/model/address.ts';
import { type Forwarder, forwarderDefaults, parseForwarderTarget } from '../../../src/model/forwarder.ts';
import type { Logger } from '../../../src/model/logger.ts';
import { nameToWire, parseName } from '../../../src/model/name.ts';
import type { Cleanup } from '../../support/temporary.ts';

type Given = Partial<Omit<Forwarder, 'zone' | 'targets'>> & { zone?: string; targets: (number | string)[] };

export interface Answer {
  rcode: number;
  /** The code of the extended error; −1 without one. */
  extendedError: number;
  message: Message;
  /** Each record of the answer section, as text. */
  answers: string[];
  milliseconds: number;
}

export const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * Forwards these zones. A target is a port of 127.0.0.1, or a text. The zones have the numbers 1, 2, 3 … in their
 * order.
 */
export function openForwarding(
  test: Cleanup,
  given: readonly Given[],
  {
    ownZones = noZones,
    logger = quiet,
    maxQuestions,
    openSocket = openNodeSocket,
  }: { ownZones?: OwnZones; logger?: Logger; maxQuestions?: number; openSocket?: OpenServerSocket } = {},
) {
  const buffer = createForwardCache(2 ** 20);
  const cache = new ForwardCacheWriter(buffer);
  const reader = new ForwardCacheReader(buffer, 1);
  const forwarding = new Forwarding({
    cache,
    ownZones,
    logger,
    openSocket,
    ...(maxQuestions !== undefined && { maxQuestions }),
  });
  test.after(() => forwarding.close());
  const listed = given.map(({ zone = 'bad.test', targets, ...rest }, place) => ({
    id: place + 1,
    forwarder: {
      ...forwarderDefaults,
      ...rest,
      allowFrom: [...(rest.allowFrom ?? forwarderDefaults.allowFrom)],
      zone: parseName(zone),
      targets: targets.map((one) => parseForwarderTarget(typeof one === 'number' ? `127.0.0.1:${one}` : one)),
    },
  }));
  forwarding.setForwarders(listed);
  const idOf = (name: string) => {
    const of = listed.filter(({ forwarder }) => name === forwarder.zone || name.endsWith(`.${forwarder.zone}`));
    return of.sort((a, b) => b.forwarder.zone.length - a.forwarder.zone.length)[0]?.id ?? 0;
  };
  const ask = async (
    name: string,
    { type = 1, flags = 0, client = '127.0.0.1', seconds = 0 } = {},
  ): Promise<Answer> => {
    const question = { name: nameToWire(parseName(name)), type, class: 1, flags };
    const started = performance.now();
    const request = { forwarder: idOf(name), question, client: addressRdata(parseAddress(client)) };
    const block = await new Promise<Uint8Array>((give) => forwarding.forward(request, give));
    const milliseconds = performance.now() - started;
    const answer = new AnswerReader();
    answer.open(block);
    return { ...read(answer, question, seconds), milliseconds };
  };
  /**
   * Returns the cached answer as an answering thread would give it after `later` seconds; undefined if the cache does
   * not have it.
   */
  const cached = (name: string, { type = 1, flags = 0, later = 0 } = {}): Omit<Answer, 'milliseconds'> | undefined => {
    const question = { name: nameToWire(parseName(name)), type, class: 1, flags };
    const seconds = Math.floor(Date.now() / 1_000) + later;
    reader.enter();
    const found = reader.find(idOf(name), question.name, question.name.length, type, 1, flags, seconds);
    const answer = found ? read(reader.answer, question, later) : undefined;
    reader.leave();
    return answer;
  };
  return { forwarding, cache, ask, cached, listed };
}

function read(answer: AnswerReader, question: CachedQuestion, later: number): Omit<Answer, 'milliseconds'> {
  const octets = Buffer.alloc(65_535);
  octets.set(question.name, 12);
  octets.writeUInt16BE(question.type, 12 + question.name.length);
  octets.writeUInt16BE(question.class, 14 + question.name.length);
  const end = answer.copy(octets, octets.length, Math.floor(Date.now() / 1_000) + later);
  octets[2] = 0x80;
  octets[3] = answer.rcode;
  octets.writeUInt16BE(1, 4);
  octets.writeUInt16BE(answer.answers, 6);
  octets.writeUInt16BE(answer.authorities, 8);
  octets.writeUInt16BE(answer.additionals, 10);
  const message = decode(octets.subarray(0, end));
  const { rcode, extendedError } = answer;
  return { rcode, extendedError, message, answers: texts(message.answers) };
}

/** Returns records as text: name, TTL, type, data. */
export function texts(records: Message['answers']): string[] {
  return records.map(({ name, ttl, type, data }) => [name, ttl, type, data].map(String).join(' '));
}

/**
 * Asserts the records of an answer, written as {@link texts} writes them. A TTL may be one less, because a second can
 * end while the answer is put together.
 */
export function assertAnswers(answers: readonly string[], expected: readonly string[]): void {
  const ttlOf = (record = '') => Number(record.split(' ')[1]);
  const inThatSecond = answers.map((record, place) => {
    const ttl = ttlOf(expected[place]);
    return ttlOf(record) === ttl - 1 ? record.replace(` ${ttl - 1} `, ` ${ttl} `) : record;
  });
  assert.deepEqual(inThatSecond, expected);
}

const noZones: OwnZones = { labelsOfZone: () => -1, answer: () => undefined };
