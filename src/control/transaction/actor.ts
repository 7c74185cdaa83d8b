// The actor of a change: who asks for it. Every decision has its own, also if several requests share one transaction
// (test/control/actors.test.ts).

/**
 * The bearer of a token: one of the store, or the operator's own from the environment. `name` is for people to read.
 */
export interface TokenActor {
  kind: 'token';
  id: string;
  name: string;
}

/** A part of this service that acts by itself. */
export interface SystemActor {
  kind: 'system';
  part: 'housekeeping' | 'start';
}

export type Actor = TokenActor | SystemActor;
