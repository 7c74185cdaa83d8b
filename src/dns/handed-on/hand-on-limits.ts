// The limits of handed-on queries, for both takers.

import { type HandedOnKind, maxHandedOn } from '../respond/hand-on.ts';

/** The limits of one answering thread. */
export interface HandOnLimits {
  /** The most queries under way. A query is under way from the moment it is handed on until its answer is complete. */
  readonly maxUnderWay: number;
  /** The most octets that the records of all queries under way take in the ring (query-ring.ts). */
  readonly maxOctets: number;
  /** The most queries of each kind that are handed on in a second. */
  readonly maxPerSecond: Readonly<Record<HandedOnKind, number>>;
  /** Milliseconds that a tenant may take for each message of its answer. */
  readonly deadline: number;
}

/** The limits of the taker in the main thread. */
export const handOnLimits: HandOnLimits = {
  // Enough for a moment in which the main thread is busy. More queries would wait so long that their clients ask again.
  maxUnderWay: 256,
  maxOctets: 2 ** 20,
  maxPerSecond: maxHandedOn,
  // Less than the idle limit of connections (listen/dns-limits.ts).
  deadline: 5_000,
};

/** The limits of the taker in the forwarder's thread. Its queries wait for servers that may not answer. */
export const forwardLimits: HandOnLimits = {
  maxUnderWay: 2_048,
  maxOctets: 2 ** 20,
  maxPerSecond: maxHandedOn,
  // Longer than a forwarder waits for its servers (model/forwarder.ts).
  deadline: 6_000,
};
