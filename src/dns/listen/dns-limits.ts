// The limits of a DNS server that no setting changes. The limits of handed-on queries: handed-on/hand-on-limits.ts.

import { type HandOnLimits, handOnLimits } from '../handed-on/hand-on-limits.ts';

/** The limits of connections. They count TCP, TLS and HTTPS together. */
export interface StreamLimits {
  /** A connection is closed after so long without a finished query or taken answers (RFC 7766 §6.2.3). */
  readonly idleMilliseconds: number;
  readonly connections: number;
  readonly connectionsPerClient: number;
}

export interface DnsLimits {
  readonly streams: StreamLimits;
  readonly handedOn: HandOnLimits;
}

export const dnsLimits: DnsLimits = {
  streams: { idleMilliseconds: 10_000, connections: 1_000, connectionsPerClient: 100 },
  handedOn: handOnLimits,
};
