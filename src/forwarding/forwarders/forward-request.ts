// What the forwarder is told and asked: the forwarders of this replica, and questions for one of them. All of it can be
// cloned.

import type { CachedQuestion } from '../../forward-cache/forward-cache-writer.ts';
import type { Forwarder } from '../../model/forwarder.ts';
import type { Fqdn } from '../../model/name.ts';

/** A forwarder with its number: the revision of its last change, so that a changed forwarder finds no old answers. */
export interface ListedForwarder {
  readonly id: number;
  readonly forwarder: Forwarder;
}

/** A question for a forwarder. The answer is a block (forward-cache/answer-block.ts), also if it is a failure. */
export interface ForwardRequest {
  /** The number of the forwarder whose zone is the closest one above the name. */
  readonly forwarder: number;
  readonly question: CachedQuestion;
  /** The client's address, in network order: 4 or 16 octets. */
  readonly client: Uint8Array;
}

/** What the forwarder asks of the zones that are served here. */
export interface OwnZones {
  /** Returns the number of labels of the served zone that encloses the name most closely; −1 if there is none. */
  labelsOfZone(name: Uint8Array): number;
  /** Returns our response to the question, as a message; undefined if none of our zones has the name. */
  answer(question: CachedQuestion): Uint8Array | undefined;
}

/** A server as the forwarder sees it. */
export interface UpstreamStatus {
  /** As in `Forwarder.targets`. */
  readonly target: number;
  /** Undefined: it was not asked yet. */
  readonly healthy: boolean | undefined;
  /** The smoothed time between question and answer, in milliseconds; undefined without answers. */
  readonly latency: number | undefined;
  readonly asked: number;
  readonly answered: number;
  /** Questions that it left unanswered, refused, or answered with an error or an unusable message. */
  readonly failed: number;
  /** Messages that were dropped, since they do not belong to a question that was asked. */
  readonly foreign: number;
  /** Probes in a row that it left unanswered. */
  readonly unansweredProbes: number;
  /** True: it asks us what we ask it. */
  readonly loops: boolean;
}

/** A forwarder as this replica sees it. */
export interface ForwarderState {
  readonly zone: Fqdn;
  readonly upstreams: readonly UpstreamStatus[];
  readonly cache: { readonly entries: number; readonly octets: number };
}
