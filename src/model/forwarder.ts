// A forwarder: a zone of others. This service forwards questions for the zone to its servers (forwarding/forwarders/),
// if the client may ask (`allowFrom`).

import { ipv4Base, isMulticast, parseAddress } from './address.ts';
import { type AddressRange, parseFilterRange, rangesWithout } from './address-range.ts';
import { type Endpoint, formatEndpoint, isWildcard, parseEndpoint } from './endpoint.ts';
import { InvalidValue, unlessInvalid } from './invalid-value.ts';
import { type Fqdn, parseName, root } from './name.ts';

/** The order in which the targets are asked. */
export const forwarderStrategies = ['first-healthy', 'round-robin', 'fastest'] as const;
export type ForwarderStrategy = (typeof forwarderStrategies)[number];

/** A server of the zone. */
export interface ForwarderTarget extends Endpoint {
  /** Set if the server is asked over TLS (RFC 7858). Its certificate must be valid for this name. */
  tlsName?: Fqdn;
}

export interface Forwarder {
  zone: Fqdn;
  /** In the order of preference. */
  targets: ForwarderTarget[];
  strategy: ForwarderStrategy;
  /** The time limit for the answer to a question, with all attempts at all targets. */
  timeoutMilliseconds: number;
  /** The clients that are answered: prefixes, ranges or addresses. */
  allowFrom: string[];
  /** If no target answers, clients get answers that expired at most this long ago (RFC 8767). Undefined: none. */
  staleSeconds?: number;
  /** Certificates of authorities, in PEM. If set, one of them must have signed the certificate of a target. */
  tlsAuthorities?: string;
  /** The zone here whose SkyDNS layout has this forwarder as a stub zone. Undefined: an admin wrote the forwarder. */
  stubZoneOf?: Fqdn;
}

/**
 * Unless an admin decides otherwise, only this machine itself may ask. Private networks would be no safe default:
 * behind published ports and services of a cluster, clients from anywhere have private addresses.
 */
export const forwarderDefaults = {
  strategy: 'first-healthy',
  timeoutMilliseconds: 2_000,
  allowFrom: ['127.0.0.0/8', '::1/128'],
} as const satisfies Partial<Forwarder>;

export const forwarderLimits = {
  targets: 16,
  /** A low limit, because the client of each forwarded question is compared with the ranges. */
  allowFrom: 64,
  minTimeout: 100,
  /** Most clients ask again after five seconds. */
  maxTimeout: 5_000,
  /** RFC 8767 §5 suggests one to three days. */
  staleSeconds: 7 * 86_400,
  tlsAuthorities: 65_536,
} as const;

const ports = { plain: 53, tls: 853 } as const;

/**
 * Parses a target: `10.0.0.1`, `10.0.0.1:5353` or `[2001:db8::1]:53`. `10.0.0.1#dns.example` is asked over TLS, and
 * must have a certificate for `dns.example`. Throws InvalidValue.
 */
export function parseForwarderTarget(text: string): ForwarderTarget {
  const at = text.indexOf('#');
  const tlsName = at < 0 ? undefined : parseTlsName(text.slice(at + 1));
  const server = at < 0 ? text : text.slice(0, at);
  const endpoint = parseServer(server, tlsName === undefined ? ports.plain : ports.tls);
  const isReserved = /^2[45]\d\./.test(endpoint.address);
  if (isWildcard(endpoint) || isMulticast(endpoint.address) || isReserved)
    throw new InvalidValue(`'${endpoint.address}' is not the address of a server`);
  return { ...endpoint, ...(tlsName !== undefined && { tlsName }) };
}

function parseServer(text: string, defaultPort: number): Endpoint {
  const address = unlessInvalid(() => parseAddress(text.replace(/^\[(.*)\]$/, '$1')));
  if (address !== undefined) return { address, port: defaultPort };
  const endpoint = unlessInvalid(() => parseEndpoint(text));
  if (endpoint === undefined) {
    throw new InvalidValue(
      `'${text}' is not the address of a server: write 10.0.0.1, 10.0.0.1:5353 or [2001:db8::1]:53, and 10.0.0.1#dns.example to ask over TLS`,
    );
  }
  if (endpoint.port === 0) throw new InvalidValue('a server cannot have the port 0');
  return endpoint;
}

function parseTlsName(text: string): Fqdn {
  const name = parseName(text);
  if (!/^[a-z0-9_.-]+$/.test(name) || name === root)
    throw new InvalidValue(`'${text}' is not a name that a certificate can have`);
  return name;
}

/** Returns the text of a target, with its port, in the form that {@link parseForwarderTarget} reads. */
export function formatForwarderTarget({ tlsName, ...endpoint }: ForwarderTarget): string {
  return formatEndpoint(endpoint) + (tlsName === undefined ? '' : `#${tlsName}`);
}

/**
 * Throws InvalidValue for the root, since this service would become a resolver for the whole Internet, and for names
 * that nobody would ask for.
 */
export function checkForwarderZone(zone: Fqdn): void {
  if (zone === root) throw new InvalidValue("'.' cannot be forwarded: only single zones can");
  if (zone.startsWith('*.'))
    throw new InvalidValue(`all names below a zone are forwarded with it: write '${zone.slice(2)}'`);
  if (/^\d+(\.\d+)*(\/\d+)?$/.test(zone))
    throw new InvalidValue(`'${zone}' has addresses: name their reverse zone, such as 10.in-addr.arpa`);
}

/** Returns one entry of `allowFrom`, parsed. Throws InvalidValue. */
export function parseAllowedRange(text: string): AddressRange {
  const range = parseFilterRange(text);
  if (allowsAll([range])) throw new InvalidValue(`'${text}' would let everybody ask: name the networks of the clients`);
  return range;
}

/** Throws InvalidValue if all ranges together let everybody ask. */
export function checkAllowed(ranges: readonly AddressRange[]): void {
  if (allowsAll(ranges)) throw new InvalidValue('would let everybody ask: name the networks of the clients');
}

/** Ranges that contain all clients of a family: 1.0.0.0 to 223.255.255.255, and 2000::/3. */
const everybody = [
  { family: 'ipv4', first: ipv4Base + 0x0100_0000n, last: ipv4Base + 0xdfff_ffffn },
  { family: 'ipv6', first: 1n << 125n, last: (1n << 126n) - 1n },
] as const;

/** Returns whether the ranges contain all clients of one family. */
function allowsAll(ranges: readonly AddressRange[]): boolean {
  return everybody.some(({ family, first, last }) => {
    const ofFamily = ranges.filter((range) => range.family === family);
    return ofFamily.length > 0 && rangesWithout([{ first, last }], ofFamily).length === 0;
  });
}
