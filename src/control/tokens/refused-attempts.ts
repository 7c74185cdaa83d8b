// Counts refused attempts: requests without a valid token. Once a minute, housekeeping commits the counts as a few
// audit events in one transaction. So nobody can fill the store or the ledger with attempts
// (test/control/refused-attempts.test.ts).

import type { AuditEvent } from '../../model/audit-event.ts';
import { timestamp } from '../../model/timestamp.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

const windowMilliseconds = 60_000;
/** The limit for clients with an event of their own. The attempts of all other clients are one event. */
const maxClients = 10;
/** The limit for tokens that one event names. */
const maxTokens = 10;
/** The name of the event for all other clients. */
const others = 'others';

/** The refused attempts of one client, or of all other clients. Times are milliseconds since the epoch. */
interface Attempts {
  client: string;
  count: number;
  since: number;
  until: number;
  /** The ids of stored tokens whose secret was wrong, or that have expired. */
  tokens: Set<string>;
}

/** The attempts that are not in audit events yet. */
export class RefusedAttempts {
  readonly #clients = new Map<string, Attempts>();
  readonly #now: () => number;

  constructor(now = () => Date.now()) {
    this.#now = now;
  }

  /** Notes an attempt of a client. `token`: the id of the stored token that the request names. */
  note(client: string, token: string | undefined): void {
    const now = this.#now();
    this.#add({ client, count: 1, since: now, until: now, tokens: new Set(token === undefined ? [] : [token]) });
  }

  /** If the first attempt is a minute old, returns all attempts and forgets them. Otherwise returns none. */
  takeDue(): Attempts[] {
    const attempts = [...this.#clients.values()];
    if (attempts.length === 0) return attempts;
    const oldest = Math.min(...attempts.map(({ since }) => since));
    const age = this.#now() - oldest;
    // If the clock was set back, `age` is negative: the attempts are due at once.
    if (age >= 0 && age < windowMilliseconds) return [];
    this.#clients.clear();
    return attempts;
  }

  /** Takes back attempts whose audit events could not be committed. */
  putBack(attempts: readonly Attempts[]): void {
    for (const one of attempts) this.#add(one);
  }

  #add({ client, count, since, until, tokens }: Attempts): void {
    const own = this.#clients.size - Number(this.#clients.has(others));
    const name = this.#clients.has(client) || own < maxClients ? client : others;
    const noted = this.#clients.get(name) ?? { client: name, count: 0, since, until, tokens: new Set<string>() };
    noted.count += count;
    noted.since = Math.min(noted.since, since);
    noted.until = Math.max(noted.until, until);
    for (const token of tokens) if (noted.tokens.size < maxTokens) noted.tokens.add(token);
    this.#clients.set(name, noted);
  }
}

/** Makes audit events of attempts: one for each client. Writes nothing else. */
export function decideTellAttempts(context: DecisionContext, attempts: readonly Attempts[]): Decision<void> {
  const builder = new TransactionBuilder(context);
  for (const one of attempts) builder.tell(eventOf(one));
  return builder.build(undefined);
}

function eventOf({ client, count, since, until, tokens }: Attempts): AuditEvent {
  const after = {
    attempts: count,
    since: timestamp(since),
    until: timestamp(until),
    ...(tokens.size > 0 && { tokens: [...tokens].sort() }),
  };
  return { resource: 'authentication', action: 'refused', name: client, before: null, after };
}
