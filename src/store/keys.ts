// The only builder and reader of store keys. How the keys are laid out, and why: one line each below.
// What stands under a key: values.ts.

import { type Address, addressHex, formatAddress } from '../model/address.ts';
import { type Fqdn, labelsOf, root } from '../model/name.ts';

/** One prefix for each kind of key. */
export const prefixes = {
  pools: 'pools/',
  addresses: 'addresses/',
  zones: 'zones/',
  names: 'names/',
  serials: 'serials/',
  hosts: 'hosts/',
  tokens: 'tokens/',
  idempotency: 'idempotency/',
  members: 'members/',
  imports: 'imports/',
} as const;

export function poolKey(pool: string): string {
  return prefixes.pools + pool;
}

/** One key per address is what makes "never twice" true (test/control/allocation.test.ts). The hex makes key order address order. */
export function addressKey(space: string, address: Address): string {
  return addressesPrefix(space) + addressHex(address);
}

export function addressesPrefix(space: string): string {
  return `${prefixes.addresses}${space}/`;
}

export function zoneKey(zone: Fqdn): string {
  return prefixes.zones + encodeName(zone);
}

/** Put by every transaction that changes what the zone answers: its mod revision is the zone's serial, on every replica alike. */
export function serialKey(zone: Fqdn): string {
  return prefixes.serials + encodeName(zone);
}

/** All RRsets of one owner name: "CNAME beside nothing else" is one compare. */
export function nameKey(zone: Fqdn, generation: number, owner: Fqdn): string {
  return namesPrefix(zone, generation) + encodeReversed(owner);
}

/** All names of one generation of a zone. */
export function namesPrefix(zone: Fqdn, generation: number): string {
  return `${zoneNamesPrefix(zone)}${generation}/`;
}

/** All names of all generations of a zone. */
export function zoneNamesPrefix(zone: Fqdn): string {
  return `${prefixes.names}${encodeName(zone)}/`;
}

export function hostKey(host: Fqdn): string {
  return prefixes.hosts + encodeReversed(host);
}

export function tokenKey(token: string): string {
  return prefixes.tokens + token;
}

/** `key` is the caller's own: any text, so it is kept encoded. */
export function idempotencyKey(token: string, key: string): string {
  return `${prefixes.idempotency}${token}/${encodeURIComponent(key)}`;
}

export function memberKey(replica: string): string {
  return prefixes.members + encodeURIComponent(replica);
}

/** Held by whoever writes another generation of the zone; goes with the zone, and with the process that holds it. */
export function importKey(zone: Fqdn): string {
  return prefixes.imports + encodeName(zone);
}

/** What a key is about. */
export type KeySubject =
  | { kind: 'pool'; pool: string }
  | { kind: 'address'; space: string; address: Address }
  | { kind: 'zone'; zone: Fqdn }
  | { kind: 'serial'; zone: Fqdn }
  | { kind: 'name'; zone: Fqdn; generation: number; owner: Fqdn }
  | { kind: 'host'; host: Fqdn }
  | { kind: 'token'; token: string }
  | { kind: 'member'; replica: string };

/** The inverse of the builders above; undefined for a key that the views do not follow, or that no builder made. */
export function parseKey(key: string): KeySubject | undefined {
  try {
    const subject = subjectOf(key);
    // Another key that reads alike must not stand for this one: deleting it would take away what it never was.
    return subject === undefined || keyOf(subject) !== key ? undefined : subject;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function keyOf(subject: KeySubject): string {
  switch (subject.kind) {
    case 'pool':
      return poolKey(subject.pool);
    case 'address':
      return addressKey(subject.space, subject.address);
    case 'zone':
      return zoneKey(subject.zone);
    case 'serial':
      return serialKey(subject.zone);
    case 'name':
      return nameKey(subject.zone, subject.generation, subject.owner);
    case 'host':
      return hostKey(subject.host);
    case 'token':
      return tokenKey(subject.token);
    case 'member':
      return memberKey(subject.replica);
  }
}

function subjectOf(key: string): KeySubject | undefined {
  const [room, first = '', second = '', third] = key.split('/');
  switch (`${room}/`) {
    case prefixes.pools:
      return { kind: 'pool', pool: first };
    case prefixes.addresses:
      return /^[0-9a-f]{32}$/.test(second)
        ? { kind: 'address', space: first, address: formatAddress(BigInt(`0x${second}`)) }
        : undefined;
    case prefixes.zones:
      return { kind: 'zone', zone: decodeName(first) };
    case prefixes.serials:
      return { kind: 'serial', zone: decodeName(first) };
    case prefixes.names:
      return third === undefined
        ? undefined
        : { kind: 'name', zone: decodeName(first), generation: Number(second), owner: decodeReversed(third) };
    case prefixes.hosts:
      return { kind: 'host', host: decodeReversed(first) };
    case prefixes.tokens:
      return { kind: 'token', token: first };
    case prefixes.members:
      return { kind: 'member', replica: decodeURIComponent(first) };
    default:
      return undefined;
  }
}

const plain = /^[a-z0-9_*.-]*$/;

/** Labels keep their order; whatever could be mistaken for a separator is percent-encoded. */
function encodeName(name: Fqdn): string {
  return name === root || plain.test(name) ? name : labelsOf(name).map(encodeLabel).join('.');
}

function decodeName(text: string): Fqdn {
  return (text.includes('%') ? text.split('.').map(decodeURIComponent).join('.') : text) as Fqdn;
}

/** Labels reversed, so that a zone's names stand together below it: `nginx.foowidgets.k8s` → `k8s.foowidgets.nginx`. */
function encodeReversed(name: Fqdn): string {
  if (name === root) return root;
  return labelsOf(name).reverse().map(encodeLabel).join('.');
}

function decodeReversed(text: string): Fqdn {
  if (text === root) return root;
  return text
    .split('.')
    .reverse()
    .map((label) => (label.includes('%') ? decodeURIComponent(label) : label))
    .join('.') as Fqdn;
}

function encodeLabel(label: string): string {
  return plain.test(label)
    ? label
    : label.replace(/[^a-z0-9_*-]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
