// Random octets for ids and for the case of names (RFC 5452 §9.2). One system call makes the octets of many queries.

import { randomFillSync } from 'node:crypto';

const pool = new Uint8Array(4_096);
let used = pool.length;

/** Returns a random octet that cannot be guessed. */
export function randomOctet(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const octet = pool[used] as number;
  used += 1;
  return octet;
}
