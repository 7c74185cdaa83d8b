// Makes answers of forwarded zones for the tests of the cache.

import { type AnswerFields, encodeAnswer } from '../../src/forward-cache/answer-block.ts';
import type { CachedQuestion } from '../../src/forward-cache/forward-cache-writer.ts';

/** Returns the wire form of a name that is in lower case. */
export function wire(name: string): Uint8Array {
  return Uint8Array.from([...name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]), 0]);
}

export function question(name: string, flags = 0): CachedQuestion {
  return { name: wire(name), type: 16, class: 1, flags };
}

/** Returns a TXT record for the question's name, with this TTL and this text. */
function record(ttl: number, text: Uint8Array): Uint8Array {
  const octets = Buffer.alloc(12 + text.length);
  octets.set([0xc0, 12, 0, 16, 0, 1]);
  octets.writeUInt32BE(ttl, 6);
  octets.writeUInt16BE(text.length, 10);
  octets.set(text, 12);
  return octets;
}

/** Returns an answer with one TXT record in each section. The texts have `length` octets of `fill`. */
export function madeAnswer(
  name: string,
  {
    ttl = 60,
    fill = 0x61,
    length = 20,
    ...changed
  }: { ttl?: number; fill?: number; length?: number } & Partial<AnswerFields> = {},
): Uint8Array {
  const nameWire = wire(name);
  const one = record(ttl, new Uint8Array(length).fill(fill));
  const start = 12 + nameWire.length + 4;
  const message = Uint8Array.from([...Array(12).fill(0), ...nameWire, 0, 16, 0, 1, ...one, ...one, ...one]);
  const [answersEnd, authoritiesEnd, end] = [start + one.length, start + 2 * one.length, start + 3 * one.length];
  const ends = { answersEnd, authoritiesEnd, end, nameLength: nameWire.length };
  const counts = { answers: 1, authorities: 1, additionals: 1, rcode: 0, extendedError: -1, flags: 0 };
  const fields = { stored: 1_000, expires: 1_000 + ttl, staleUntil: 1_000 + ttl, ...counts, ...ends, ...changed };
  return encodeAnswer(fields, message, [start + 6, answersEnd + 6, authoritiesEnd + 6]);
}
