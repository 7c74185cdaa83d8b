// The hour of the last use of each token. Requests note the hour in memory. Housekeeping writes it to the store, at
// most once an hour for each token (test/control/token-activity.test.ts).

import { timestamp } from '../../model/timestamp.ts';
import { activityKey, activityValue } from '../../store/kinds/activity.ts';
import { tokenKey } from '../../store/kinds/token.ts';
import type { Views } from '../../views/views.ts';
import { type Decision, type DecisionContext, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

const hourMilliseconds = 3_600_000;

/** An hour in which a token was used. `hour`: its beginning, in milliseconds since 1970. */
interface Use {
  token: string;
  hour: number;
}

/** The uses that requests have noted, and that are not in the views yet. */
export class TokenActivity {
  readonly #hours = new Map<string, number>();

  note(token: string, now: number): void {
    this.#hours.set(token, now - (now % hourMilliseconds));
  }

  /** Yields the uses to write. Forgets uses that the views have, and uses of deleted tokens. */
  *due(views: Views): Generator<Use> {
    for (const [token, hour] of this.#hours) {
      if (views.tokens.has(token) && hour > lastHour(views, token)) yield { token, hour };
      else this.#hours.delete(token);
    }
  }
}

function lastHour({ activity }: Views, token: string): number {
  const last = activity.get(token)?.value.lastUsedAt;
  return last === undefined ? 0 : Date.parse(last);
}

/** Writes the hour of a token's last use, unless the views have that hour or a later one. Housekeeping calls this. */
export function decideNoteUse(context: DecisionContext, { token, hour }: Use): Decision<void> {
  const { views } = context;
  const current = views.tokens.get(token);
  if (current === undefined || hour <= lastHour(views, token)) return noChange(undefined);
  const value = activityValue.encode({ token, lastUsedAt: timestamp(hour) });
  return new TransactionBuilder(context)
    .requireUnchanged(tokenKey(token), current.modified)
    .put(activityKey(token), value, views.activity.get(token)?.modified)
    .build(undefined);
}
