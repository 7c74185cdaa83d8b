// Fields that are IP addresses, and lists of address prefixes (APL). Addresses are octets here, and not the numbers of
// model/address.ts: octets are faster, and an import reads a million addresses.

import { isIPv6 } from 'node:net';
import { InvalidValue } from '../../invalid-value.ts';
import type { TokenReader } from '../tokens.ts';
import type { WireReader, WireWriter } from '../wire.ts';
import type { FieldCodec } from './codec.ts';

export function parseIpv4(text: string): Uint8Array {
  const octets = tryIpv4(text);
  if (octets === undefined) throw new InvalidValue(`'${text}' is not an ipv4 address`);
  return octets;
}

/**
 * Returns the octets of an IPv4 address: four numbers up to 255 without leading zeros. Undefined for any other text.
 */
function tryIpv4(text: string): Uint8Array | undefined {
  const octets = new Uint8Array(4);
  let octet = 0;
  let digits = 0;
  let value = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x2e) {
      if (digits === 0) return undefined;
      octets[octet] = value;
      octet += 1;
      digits = 0;
      value = 0;
    } else {
      const digit = code - 0x30;
      if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return undefined;
      value = value * 10 + digit;
      digits += 1;
      if (value > 255) return undefined;
    }
  }
  if (octet !== 3 || digits === 0) return undefined;
  octets[3] = value;
  return octets;
}

export function formatIpv4(octets: Uint8Array): string {
  return `${octets[0]}.${octets[1]}.${octets[2]}.${octets[3]}`;
}

export function parseIpv6(text: string): Uint8Array {
  if (!isIPv6(text) || text.includes('%')) throw new InvalidValue(`'${text}' is not an ipv6 address`);
  const octets = new Uint8Array(16);
  const [head = '', tail] = text.split('::');
  writeGroups(octets, 0, head);
  if (tail !== undefined && tail !== '') {
    const groups = tail.split(':').length + Number(tail.includes('.'));
    writeGroups(octets, 16 - groups * 2, tail);
  }
  return octets;
}

function writeGroups(octets: Uint8Array, start: number, text: string): void {
  if (text === '') return;
  let at = start;
  for (const group of text.split(':')) {
    if (group.includes('.')) {
      octets.set(parseIpv4(group), at);
      return;
    }
    const value = Number.parseInt(group, 16);
    octets[at] = value >> 8;
    octets[at + 1] = value & 255;
    at += 2;
  }
}

/** Returns the text of RFC 5952. An IPv4-mapped address has its IPv4 address in decimal (§5). */
export function formatIpv6(octets: Uint8Array): string {
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((octets[at] as number) << 8) | (octets[at + 1] as number));
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    return `::ffff:${formatIpv4(octets.subarray(12))}`;
  }
  const { start, length } = longestZeros(groups);
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  const longest = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start += 1) {
    let end = start;
    while (groups[end] === 0) end += 1;
    if (end - start > longest.length) Object.assign(longest, { start, length: end - start });
    start = Math.max(start, end);
  }
  return longest;
}

/** IANA's address families that have a text form (RFC 3123 §4). */
const families = new Map([
  [1, { octets: 4, parse: parseIpv4, format: formatIpv4 }],
  [2, { octets: 16, parse: parseIpv6, format: formatIpv6 }],
]);

function parsePrefix(text: string, wire: WireWriter): void {
  const [, negation = '', family = '', address = '', prefix = ''] = /^(!?)(\d+):([^/]+)\/(\d+)$/.exec(text) ?? [];
  const kind = families.get(Number(family));
  if (kind === undefined) {
    throw new InvalidValue(`'${text}' is not a prefix such as 1:192.0.2.0/24 (IPv4), !2:2001:db8::/32 (IPv6, negated)`);
  }
  const octets = kind.parse(address);
  if (Number(prefix) > kind.octets * 8) throw new InvalidValue(`'${text}' has more than ${kind.octets * 8} bits`);
  const length = octets.findLastIndex((octet) => octet !== 0) + 1;
  wire.uint(Number(family), 2);
  wire.uint(Number(prefix), 1);
  wire.uint((negation === '' ? 0 : 0x80) | length, 1);
  wire.bytes(octets.subarray(0, length));
}

function formatPrefix(wire: WireReader): string | undefined {
  const family = wire.uint(2);
  const prefix = wire.uint(1);
  const length = wire.uint(1);
  const address = wire.bytes(length & 0x7f);
  if (address.at(-1) === 0) throw new InvalidValue('an address must not end in zero octets (RFC 3123 §4)');
  const kind = families.get(family);
  if (kind === undefined) return undefined;
  if (address.length > kind.octets || prefix > kind.octets * 8) throw new InvalidValue('a prefix is too long');
  const octets = new Uint8Array(kind.octets);
  octets.set(address);
  return `${length >= 0x80 ? '!' : ''}${family}:${kind.format(octets)}/${prefix}`;
}

const prefixes: FieldCodec = {
  parse: (tokens, wire) => {
    while (!tokens.done) parsePrefix(tokens.take('a prefix'), wire);
  },
  format: (wire) => {
    const texts: (string | undefined)[] = [];
    while (wire.left > 0) texts.push(formatPrefix(wire));
    return texts.includes(undefined) ? undefined : texts.join(' ');
  },
};

export const addressFields = {
  ipv4: {
    parse: (tokens: TokenReader, wire: WireWriter) => wire.bytes(parseIpv4(tokens.take('an address'))),
    parseAlone: tryIpv4,
    format: (wire: WireReader) => formatIpv4(wire.bytes(4)),
  },
  ipv6: {
    parse: (tokens: TokenReader, wire: WireWriter) => wire.bytes(parseIpv6(tokens.take('an address'))),
    format: (wire: WireReader) => formatIpv6(wire.bytes(16)),
  },
  prefixes,
} satisfies Record<string, FieldCodec>;
