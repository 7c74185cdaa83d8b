// ULIDs: 48 bits of time and 80 random bits, in 26 characters of Crockford's base 32. They sort by their times.

import { randomFillSync } from 'node:crypto';

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** The time takes 48 of the 50 bits of its ten characters, so the first character is at most 7. */
export const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

const randomOctets = 16;
/** Random octets for the next ULIDs. One call of the system for all of them is cheaper than one for each. */
const pool = new Uint8Array(randomOctets * 128);
let used = pool.length;

/** Makes a ULID. `now`: milliseconds since the epoch. */
export function newUlid(now: number): string {
  let time = '';
  for (let left = now; time.length < 10; left = Math.floor(left / 32)) time = digits.charAt(left % 32) + time;
  let random = '';
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  for (const end = used + randomOctets; used < end; used += 1) random += digits.charAt((pool[used] as number) % 32);
  return time + random;
}
