// Makes an answer of a forwarded zone, in the form that the cache keeps.

import { encodeAnswer } from '../../../src/forward-cache/answer-block.ts';
import type { CachedQuestion } from '../../../src/forward-cache/forward-cache-writer.ts';
import { nameToWire, parseName } from '../../../src/model/name.ts';

/** Returns the A record 192.0.2.9 of a name, which had a TTL of 300 a hundred seconds ago. */
export function keptAnswer(name: string, now: number): { question: CachedQuestion; octets: Uint8Array } {
  const wire = Buffer.from(nameToWire(parseName(name)));
  const rest = Buffer.from('00010001c00c000100010000012c0004c0000209', 'hex');
  const message = Buffer.concat([Buffer.alloc(12), wire, rest]);
  const end = message.length;
  const fields = {
    ...{ stored: now - 100, expires: now + 200, staleUntil: 0, extendedError: -1, rcode: 0, flags: 0 },
    ...{ answers: 1, authorities: 0, additionals: 0, answersEnd: end, authoritiesEnd: end, end },
    nameLength: wire.length,
  };
  return { question: { name: wire, type: 1, class: 1, flags: 0 }, octets: encodeAnswer(fields, message, [end - 10]) };
}
