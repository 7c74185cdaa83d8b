// Commits what others changed in the SkyDNS layout, name by name, several at the same time. A name that cannot be
// committed is tried again. What is not served is kept by name.

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
  /** What is not served, by name, and the revision of the views by which that was found. */
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

  /** Marks the names with values that are not served, if anything has changed: what stood in their way may be gone. */
  markFaulty(): void {
    const { revision } = this.#parts.views;
    for (const { zone, owner, seen } of this.#faults.values()) if (seen !== revision) this.mark({ zone, owner });
  }

  /** Yields what is not served of values that can be read, with its zone. */
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
