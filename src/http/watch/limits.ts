// The limits of the streams of changes.

export interface FollowLimits {
  /** Streams of this replica at the same time. */
  maxFollowers: number;
  /** Streams of one client: an IPv4 address, or an IPv6 /64. */
  maxPerClient: number;
  /** A new live feed begins at most this many revisions in the past. */
  maxRecent: number;
  /** The octets of messages that a feed keeps for slow followers. */
  maxLogOctets: number;
  /** The size of a chunk. A longer message is one chunk. */
  chunkOctets: number;
  /** How long a follower may leave sent octets unread. */
  stallMilliseconds: number;
  /** How long the connection of an ended stream stays open if the client does not read. */
  graceMilliseconds: number;
  /** The time between two heartbeats on a silent stream. */
  heartbeatMilliseconds: number;
  /** The time between two writes to a follower. The revisions of this time are sent together. */
  paceMilliseconds: number;
  /** The time between two checks of all followers: is the token valid, has one of the times above passed? */
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
