// IP addresses: parsed once, then passed on as `Address`. Converts them to numbers, rdata and reverse names.

import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { InvalidValue } from './invalid-value.ts';
import { type Fqdn, labelsOf } from './name.ts';

/** An address in canonical text: dotted quad, or RFC 5952. Two equal addresses are equal strings. */
export type Address = string & { readonly brand: 'Address' };

export type Family = 'ipv4' | 'ipv6';

/** An address as a number of 128 bits, in address order. IPv4 is mapped to `::ffff:0:0/96`. */
export type AddressNumber = bigint;

/** The number of 0.0.0.0. */
export const ipv4Base: AddressNumber = 0xffff_0000_0000n;
const dot = 46;

/** Parses one address. An IPv4-mapped IPv6 address becomes the IPv4 address. Throws InvalidValue. */
export function parseAddress(text: string): Address {
  if (isIPv4(text)) return text as Address;
  if (!isIPv6(text) || text.includes('%')) throw new InvalidValue(`'${text}' is not an IP address`);
  return formatAddress(ipv6Number(text));
}

export function familyOf(address: Address): Family {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** Returns whether the address is valid on its link only: 169.254.0.0/16 (RFC 3927), fe80::/10 (RFC 4291 §2.5.6). */
export function isLinkLocal(address: Address): boolean {
  return ipaddr.parse(address).range() === 'linkLocal';
}

/** Returns whether the address is in 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291 §2.7). */
export function isMulticast(address: Address): boolean {
  return /^(?:22[4-9]|23\d)\.|^ff[\da-f]{2}:/.test(address);
}

export function familyOfNumber(value: AddressNumber): Family {
  return value >> 32n === 0xffffn ? 'ipv4' : 'ipv6';
}

export function addressNumber(address: Address): AddressNumber {
  return address.includes(':') ? ipv6Number(address) : ipv4Base + BigInt(ipv4Number(address));
}

/** Returns the number of a valid IPv4 address. Has no `split`: a load calls it several times for each record. */
function ipv4Number(text: string): number {
  let value = 0;
  let octet = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === dot) {
      value = value * 256 + octet;
      octet = 0;
    } else octet = octet * 10 + code - 48;
  }
  return value * 256 + octet;
}

/** Returns the number of a valid IPv6 address. Does not use ipaddr.js, which reads `::192.0.2.1` as IPv4-mapped. */
function ipv6Number(text: string): AddressNumber {
  const hexadecimal = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...octets) => {
    const [a, b, c, d] = octets.map(Number) as [number, number, number, number];
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [front = [], back = []] = hexadecimal.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array<string>(8 - front.length - back.length).fill('0');
  let value = 0n;
  for (const group of [...front, ...zeros, ...back]) value = (value << 16n) | BigInt(Number.parseInt(group, 16));
  return value;
}

/** Returns the address of a number: the inverse of {@link addressNumber}. */
export function formatAddress(value: AddressNumber): Address {
  if (familyOfNumber(value) === 'ipv4') {
    const low = Number(value & 0xffff_ffffn);
    return `${low >>> 24}.${(low >>> 16) & 255}.${(low >>> 8) & 255}.${low & 255}` as Address;
  }
  return new ipaddr.IPv6([...addressBytes(value)]).toRFC5952String() as Address;
}

/** The last result of {@link addressHex}: a write needs the keys of the same address several times. */
let lastHex = { address: '', hex: '' };

/** Returns the address as 32 hex digits. Store keys have this form, so that their order is the order of addresses. */
export function addressHex(address: Address): string {
  if (address !== lastHex.address) lastHex = { address, hex: addressNumber(address).toString(16).padStart(32, '0') };
  return lastHex.hex;
}

/** Returns the rdata of the address's A or AAAA record. */
export function addressRdata(address: Address): Uint8Array {
  const bytes = addressBytes(addressNumber(address));
  return familyOf(address) === 'ipv4' ? bytes.subarray(12) : bytes;
}

/** Returns the address in the rdata of an A or AAAA record, as a number. */
export function addressFromRdata(rdata: Uint8Array): AddressNumber {
  let value = 0n;
  for (let at = 0; at < rdata.length; at += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = rdata.subarray(at, at + 4);
    value = (value << 32n) | BigInt(((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
  }
  return rdata.length === 4 ? ipv4Base + value : value;
}

/** The last result of {@link reverseName}. */
let lastReverse: { address: string; name: Fqdn } | undefined;

/** Returns the owner name of the address's PTR record (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName(address: Address): Fqdn {
  if (address !== lastReverse?.address) lastReverse = { address, name: newReverseName(address) };
  return lastReverse.name;
}

function newReverseName(address: Address): Fqdn {
  if (familyOf(address) === 'ipv4') return `${address.split('.').reverse().join('.')}.in-addr.arpa` as Fqdn;
  return `${[...addressHex(address)].reverse().join('.')}.ip6.arpa` as Fqdn;
}

/** Returns the reverse zone to create for an address whose reverse name is in no zone: the zone of its /24 or /64. */
export function automaticReverseZone(address: Address): Fqdn {
  return automaticZoneOf(reverseName(address)) as Fqdn;
}

/** Returns the address of a reverse name: the inverse of {@link reverseName}; undefined if the name is none. */
export function addressOfReverse(name: Fqdn): Address | undefined {
  const labels = labelsOf(name).slice(0, -2).reverse();
  const text = name.endsWith('.in-addr.arpa')
    ? labels.join('.')
    : labels.join('').replaceAll(/.{4}(?=.)/g, (group) => `${group}:`);
  if (!isIPv4(text) && !isIPv6(text)) return undefined;
  const address = parseAddress(text);
  return reverseName(address) === name ? address : undefined;
}

/** Returns the automatic zone of a reverse name; undefined if the name is above the zones of a /24 or a /64. */
export function automaticZoneOf(name: Fqdn): Fqdn | undefined {
  const labels = labelsOf(name);
  const wanted = name.endsWith('.in-addr.arpa') ? 5 : 18;
  return labels.length < wanted ? undefined : (labels.slice(-wanted).join('.') as Fqdn);
}

export function addressBytes(value: AddressNumber): Uint8Array {
  const bytes = new Uint8Array(16);
  let rest = value;
  for (let i = 15; i >= 0; i -= 1) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}
