// Durations as zone files write them: seconds, or numbers with BIND's units (`1h30m`).

import { InvalidValue } from './invalid-value.ts';

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const maxText = 100;
const form = /^(?:\d+[smhdw])*\d+[smhdw]?$/i;

/** Returns a duration in seconds, less than 2^32. Throws InvalidValue. */
export function parseDuration(text: string): number {
  let seconds = 0;
  if (text.length > maxText || !form.test(text))
    throw new InvalidValue(`'${text}' is not a duration: write seconds, or numbers with w, d, h, m and s`);
  for (const [, digits, unit] of text.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)) {
    seconds += Number(digits) * (secondsOf[unit || 's'] ?? 1);
  }
  if (seconds >= 2 ** 32) throw new InvalidValue(`'${text}' is more than 2^32 − 1 seconds`);
  return seconds;
}
