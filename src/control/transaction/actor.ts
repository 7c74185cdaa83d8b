// Who asks for a change. Each decision knows its own, also where several requests share one transaction (test/control/actors.test.ts).

/** The bearer of a token. `name` is for people to read; the operator's token of the environment has an actor of its own. */
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
