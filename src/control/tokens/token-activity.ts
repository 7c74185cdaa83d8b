// When tokens were last used, to the hour. Requests note it in memory. Housekeeping writes it, at most once an hour for
// each token (test/control/token-activity.test.ts).

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

/** The uses that requests have noted, and that the views do not have yet. */
export class TokenActivity {
  readonly #hours = new Map<string, number>();

  note(token: string, now: number): void {
    this.#hours.set(token, now - (now % hourMilliseconds));
  }

  /** Yields the uses to be written. Forgets those that the views have, and those of tokens that were deleted. */
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

/** For housekeeping. Writes when a token was last used, unless another replica has written that hour or a later one. */
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
