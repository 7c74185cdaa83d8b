// The limits of the streams of changes.

export interface FollowLimits {
  /** Streams of this replica at the same time. */
  maxFollowers: number;
  /** Streams of one client: an IPv4 address, or an IPv6 /64. */
  maxPerClient: number;
  /** So many revisions from before may a new feed of the present read. */
  maxRecent: number;
  /** The messages that a feed keeps for those who read slower than the fastest. */
  maxLogOctets: number;
  /** Octets that are made at once for a follower. A longer message is whole. */
  chunkOctets: number;
  /** How long a follower may leave unread what it was sent. */
  stallMilliseconds: number;
  /** From a follower's end until its connection is cut, if it does not read the end. */
  graceMilliseconds: number;
  /** Between two comments to a follower that is told nothing else. */
  heartbeatMilliseconds: number;
  /** Between two messages to a follower: more revisions come together. */
  paceMilliseconds: number;
  /** Between two checks of all followers: their tokens, and the times above. */
  checkMilliseconds: number;
}

export const followLimits: FollowLimits = {
  maxFollowers: 500,
  maxPerClient: 128,
  maxRecent: 1000,
  maxLogOctets: 8 * 1024 * 1024,
  chunkOctets: 64 * 1024,
  stallMilliseconds: 10_000,
  graceMilliseconds: 1000,
  heartbeatMilliseconds: 15_000,
  paceMilliseconds: 20,
  checkMilliseconds: 500,
};
