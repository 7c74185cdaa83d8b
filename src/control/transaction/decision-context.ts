// The inputs that every decision has beside its request. The shape of a decision: decision.ts.

import type { Views } from '../../views/views.ts';
import type { Actor } from './actor.ts';

/** The inputs of a decision beside the request. */
export interface DecisionContext {
  readonly actor: Actor;
  readonly views: Views;
  /**
   * Keys that other requests to this replica are about to write: they are not free, though the views do not show it
   * yet.
   */
  readonly claimed: { has(key: string): boolean };
  /** Milliseconds since the epoch. */
  readonly now: number;
}
