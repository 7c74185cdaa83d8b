// The limits of a DNS server. No setting changes them.

import { forwardLimits, type HandOnLimits, handOnLimits } from '../handed-on/hand-on-limits.ts';

/** The limits of connections over TCP, TLS and HTTPS together. */
export interface StreamLimits {
  /** A connection is closed if its client finishes no query and takes no answers for this long (RFC 7766 §6.2.3). */
  readonly idleMilliseconds: number;
  readonly connections: number;
  readonly connectionsPerClient: number;
}

export interface DnsLimits {
  readonly streams: StreamLimits;
  /** The limits of queries that are handed on to the main thread. */
  readonly handedOn: HandOnLimits;
  /** The limits of queries that are handed on to the forwarder's thread. */
  readonly forwarded: HandOnLimits;
}

/** The limits of every server. Only tests use others. */
export const dnsLimits: DnsLimits = {
  streams: { idleMilliseconds: 10_000, connections: 1_000, connectionsPerClient: 100 },
  handedOn: handOnLimits,
  forwarded: forwardLimits,
};

/** The oldest version of TLS, for DNS (RFC 8310 §5, RFC 9325 §3.1.1) and for the API. */
export const minTls = 'TLSv1.2';
