// How new the views are. A replica that lags would refuse a request because of what another replica has long changed
// and acknowledged. So a refusal is final only if the views have all that was acknowledged before the request.

import type { Refusal } from '../../errors.ts';
import { memberKind } from '../../store/kinds/member.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { isReached } from '../reading/until-reached.ts';

/** The limit for the wait for the newest revision. If another program wrote it, the views never get it. */
export const maxLagMilliseconds = 25;

/** The statuses of refusals that depend on the views: something is missing, is in the way, or has changed. */
const ofViews: ReadonlySet<number> = new Set([404, 409, 412, 422]);

export class Freshness {
  readonly #store: Store;
  readonly #views: Views;
  /** The views have all that was acknowledged before this time, by performance.now(). */
  #until = Number.NEGATIVE_INFINITY;

  constructor(store: Store, views: Views) {
    this.#store = store;
    this.#views = views;
  }

  /** Returns whether the refusal of a request that came at the time `since` holds on newer views too. */
  isFinal({ status }: Refusal, since: number): boolean {
    return since <= this.#until || !ofViews.has(status);
  }

  /** Waits until the views are as new as the store is now. Resolves also if the store cannot be reached. */
  async renew(): Promise<void> {
    const asked = performance.now();
    try {
      const { revision } = await this.#store.list(memberKind.prefix, { limit: 1 });
      await isReached(this.#views, revision, maxLagMilliseconds);
    } catch {
      // Without the store, nothing newer can be had: the refusal stands.
    }
    this.#until = asked;
  }
}
