// TTLs as zone files write them: seconds, or numbers with units (`1h30m`), which BIND brought and everybody reads.

import { InvalidValue } from '../../errors.ts';
import { greatestTtl } from '../rrset.ts';

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const form = /^(?:\d+[smhdw])*\d+[smhdw]?$/i;

/** Whether a token can be nothing but a TTL: no class or type begins with a digit. */
export function looksLikeTtl(token: string): boolean {
  const first = token.charCodeAt(0);
  return first >= 0x30 && first <= 0x39;
}

/** Seconds below 2^32. Throws InvalidValue. */
export function parseDuration(text: string): number {
  let seconds = 0;
  if (!form.test(text)) throw new InvalidValue(`'${text}' is no TTL: seconds, or numbers with s, m, h, d and w`);
  for (const [, digits, unit = 's'] of text.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)) {
    seconds += Number(digits) * (secondsOf[unit || 's'] ?? 1);
  }
  if (seconds >= 2 ** 32) throw new InvalidValue(`'${text}' is more than 2^32 − 1 seconds`);
  return seconds;
}

/** RFC 2181 §8: a TTL whose highest bit is set counts as 0. */
export function isGreaterThanAllowed(ttl: number): boolean {
  return ttl > greatestTtl;
}
