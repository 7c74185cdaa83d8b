// Reads the options of another server's OPT record (RFC 6891 §6.1.2): the extended error (RFC 8914) and the cookie (RFC
// 7873).

import { option } from '../../dns/wire/codes.ts';
import { readUint16 } from '../../dns/wire/header.ts';
import type { WalkedMessage } from './walk-message.ts';

/** Octets of a client's cookie. In the option, the server's cookie of 8 to 32 octets follows. */
export const clientCookieLength = 8;

/** Calls `found` with the place of each option's data. Stops at an incomplete option. */
function eachOption(message: WalkedMessage, found: (code: number, from: number, to: number) => void): void {
  if (message.opt < 0) return;
  const end = message.ends[message.opt] as number;
  for (let at = message.rdataAt(message.opt); at + 4 <= end; ) {
    const to = at + 4 + readUint16(message.octets, at + 2);
    if (to > end) return;
    found(readUint16(message.octets, at), at + 4, to);
    at = to;
  }
}

/** Returns the code of the extended error; −1 if there is none. */
export function extendedErrorOf(message: WalkedMessage): number {
  let code = -1;
  eachOption(message, (which, from, to) => {
    if (which === option.EDE && to - from >= 2 && code < 0) code = readUint16(message.octets, from);
  });
  return code;
}

/**
 * Returns the cookie for the next query: our part and the server's part. Undefined if either is missing or malformed.
 */
export function cookieOf(message: WalkedMessage): Uint8Array | undefined {
  let cookie: Uint8Array | undefined;
  eachOption(message, (which, from, to) => {
    const length = to - from;
    const isWhole = length >= clientCookieLength * 2 && length <= clientCookieLength + 32;
    if (which === option.COOKIE && isWhole) cookie ??= message.octets.slice(from, to);
  });
  return cookie;
}
