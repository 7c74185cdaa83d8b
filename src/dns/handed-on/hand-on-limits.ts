// The limits of handed-on queries, for both takers.

import { type HandedOnKind, maxHandedOn } from '../respond/hand-on.ts';

/** The limits of one answering thread. */
export interface HandOnLimits {
  /** Queries under way. A query is under way from the moment it is handed on until its answer is complete. */
  readonly maxUnderWay: number;
  /** The size of the ring records of all queries under way, in octets. */
  readonly maxOctets: number;
  /** Queries of each kind that are handed on in a second. */
  readonly maxPerSecond: Readonly<Record<HandedOnKind, number>>;
  /** Milliseconds that a tenant may take for each message. */
  readonly deadline: number;
}

/** The limits of the main thread's taker. Only tests use others. */
export const handOnLimits: HandOnLimits = {
  // Enough for a moment in which the main thread is busy. More queries would wait so long that their clients ask again.
  maxUnderWay: 256,
  maxOctets: 2 ** 20,
  maxPerSecond: maxHandedOn,
  // Less than the idle limit of connections (listen/dns-limits.ts).
  deadline: 5_000,
};

/** The limits of the forwarder's taker. Each of its queries waits for a server that may not answer. */
export const forwardLimits: HandOnLimits = {
  maxUnderWay: 2_048,
  maxOctets: 2 ** 20,
  maxPerSecond: maxHandedOn,
  // More than a forwarder may wait for its servers (model/forwarder.ts).
  deadline: 6_000,
};
