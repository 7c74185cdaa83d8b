// What the thread that forwards takes and returns: the forwarders of this replica, questions for one of them, and their
// state. All types except OwnZones can be sent between threads (structured clone).

import type { CachedQuestion } from '../../forward-cache/forward-cache-writer.ts';
import type { Forwarder } from '../../model/forwarder.ts';
import type { Fqdn } from '../../model/name.ts';

/**
 * A forwarder with its number: the revision of its last change. Answers of the forwarder before the change are kept
 * under another number.
 */
export interface ListedForwarder {
  readonly id: number;
  readonly forwarder: Forwarder;
}

/** A question for a forwarder. The answer is a block (forward-cache/answer-block.ts), even if no server answers. */
export interface ForwardRequest {
  /** The number of the forwarder whose zone is the closest one above the name. */
  readonly forwarder: number;
  readonly question: CachedQuestion;
  /** The client's address, in network order: 4 or 16 octets. */
  readonly client: Uint8Array;
}

/** Tells the code that forwards which zones are served here, and what we answer in them. */
export interface OwnZones {
  /** Returns the number of labels of the closest served zone at or above the name; −1 if there is none. */
  labelsOfZone(name: Uint8Array): number;
  /** Returns our response to the question, as a message; undefined if none of our zones has the name. */
  answer(question: CachedQuestion): Uint8Array | undefined;
}

/** The state of one server of a forwarder. */
export interface UpstreamStatus {
  /** The index of the server in `Forwarder.targets`. */
  readonly target: number;
  /** Undefined: the server was not asked yet. */
  readonly healthy: boolean | undefined;
  /** Why the server does not answer; undefined if it does, or was not asked yet. */
  readonly failure: string | undefined;
  /** The smoothed time between question and answer, in milliseconds; undefined without answers. */
  readonly latency: number | undefined;
  readonly asked: number;
  readonly answered: number;
  /** Questions that the server left unanswered, refused, or answered with an error or an unusable message. */
  readonly failed: number;
  /** Messages that were dropped, since they answer no question that was asked. */
  readonly foreign: number;
  /** How many probes the server has left unanswered since its last answer. */
  readonly unansweredProbes: number;
  /** True: the server forwards our questions back to us. */
  readonly loops: boolean;
}

/** The servers of a forwarder, as this replica sees them. */
export interface ForwarderUpstreams {
  readonly zone: Fqdn;
  readonly upstreams: readonly UpstreamStatus[];
}

/** A forwarder as this replica sees it. */
export interface ForwarderState extends ForwarderUpstreams {
  readonly cache: { readonly entries: number; readonly octets: number };
}
