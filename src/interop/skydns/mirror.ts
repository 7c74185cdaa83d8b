// Commits the changes that others made in the SkyDNS layout, name by name, several at the same time. Tries a name again
// if the commit fails. Keeps, by name, which values are not served.

import { setTimeout as delay } from 'node:timers/promises';
import { type ForeignValues, idOf, type Place } from '../../control/skydns/foreign-values.ts';
import { mirrorName } from '../../control/skydns/mirror-name.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import type { SkydnsFault } from '../../model/skydns/state.ts';
import { TroubleLog } from '../../model/trouble-log.ts';
import type { SkydnsParts } from './parts.ts';

/** Names that are committed at the same time. They share transactions. */
const maxAtOnce = 64;
const retryMilliseconds = 500;

export class Mirror {
  readonly #parts: SkydnsParts;
  readonly #values: ForeignValues;
  readonly #waiting = new Map<string, Place>();
  /** By name: the values that are not served, and the revision of the views at which this was found. */
  readonly #faults = new Map<string, Place & { faults: SkydnsFault[]; seen: Revision }>();
  readonly #trouble: TroubleLog;
  #wake = () => {};

  constructor(parts: SkydnsParts, values: ForeignValues) {
    this.#parts = parts;
    this.#values = values;
    this.#trouble = new TroubleLog(parts.logger, {
      begins: 'records of others in the SkyDNS layout cannot be taken over, will retry',
      over: 'records of others in the SkyDNS layout are taken over again',
    });
  }

  /** Notes that the values of a name may have changed. */
  mark(place: Place): void {
    this.#waiting.set(idOf(place), place);
    this.#wake();
  }

  /** If the views have changed, marks the names with values that are not served: the obstacle may be gone. */
  markFaulty(): void {
    const { revision } = this.#parts.views;
    for (const { zone, owner, seen } of this.#faults.values()) if (seen !== revision) this.mark({ zone, owner });
  }

  /** Yields the readable values that are not served, with their zones. */
  *faults(): Generator<[zone: Fqdn, fault: SkydnsFault]> {
    for (const { zone, faults } of this.#faults.values()) for (const fault of faults) yield [zone, fault];
  }

  /** Commits the marked names until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const places = [...this.#waiting.values()].slice(0, maxAtOnce);
      if (places.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          if (this.#waiting.size > 0) resolve();
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        continue;
      }
      for (const place of places) this.#waiting.delete(idOf(place));
      const outcomes = await Promise.allSettled(places.map((place) => this.#commit(place)));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed === undefined) this.#trouble.succeeded();
      else if (!signal.aborted) {
        this.#trouble.failed(failed.reason);
        await delay(retryMilliseconds, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #commit(place: Place): Promise<void> {
    const values = this.#values.valuesAt(place);
    const { revision: seen } = this.#parts.views;
    try {
      const faults = await mirrorName(this.#parts.committer, { ...place, values });
      const named = faults.map(({ key, reason }) => ({ what: key, reason }));
      if (named.length === 0) this.#faults.delete(idOf(place));
      else this.#faults.set(idOf(place), { ...place, faults: named, seen });
    } catch (error) {
      if (!this.#waiting.has(idOf(place))) this.#waiting.set(idOf(place), place);
      throw error;
    }
  }
}
