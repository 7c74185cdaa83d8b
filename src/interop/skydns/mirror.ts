// Commits the changes that others made in the SkyDNS layout, name by name, several at the same time. Tries a name again
// if the commit fails. Keeps, for each name, the values that are not served.

import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type ForeignValues, idOf, type Place } from '../../control/skydns/foreign-values.ts';
import { mirrorName } from '../../control/skydns/mirror-name.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import type { SkydnsFault } from '../../model/skydns/state.ts';
import { TroubleLog } from '../../model/trouble-log.ts';
import type { SkydnsParts } from './parts.ts';

/** The maximum number of names that are committed at the same time. They share transactions. */
const maxAtOnce = 64;
const retryMilliseconds = 500;
/** The limit for names that {@link Mirror.markFaulty} marks at once, because a zone may change all the time. */
const maxMarked = 200;

export class Mirror {
  readonly #parts: SkydnsParts;
  readonly #values: ForeignValues;
  readonly #waiting = new Map<string, Place>();
  /** By name: the values that are not served, and the revision of the views at which this was found. */
  readonly #faults = new Map<string, Place & { faults: SkydnsFault[]; seen: Revision }>();
  /** The number of changes of the faults in `#faults`. */
  #faultChanges = 0;
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

  /** Marks names with values that are not served, if their zones have changed: the cause may be gone. */
  markFaulty(): void {
    const { zones } = this.#parts.views;
    let marked = 0;
    for (const [id, at] of this.#faults) {
      if (zones.changedAt(at.zone) <= at.seen || this.#waiting.has(id)) continue;
      this.mark({ zone: at.zone, owner: at.owner });
      if (++marked === maxMarked) return;
    }
  }

  /**
   * Yields the readable values that are not served, with their zones. A fault stays the same object until a fault of
   * its name changes.
   */
  *faults(): Generator<[zone: Fqdn, fault: SkydnsFault]> {
    for (const { zone, faults } of this.#faults.values()) for (const fault of faults) yield [zone, fault];
  }

  /** Changes whenever {@link faults} does. */
  get faultChanges(): number {
    return this.#faultChanges;
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
      this.#noteFaults(place, named, seen);
    } catch (error) {
      if (!this.#waiting.has(idOf(place))) this.#waiting.set(idOf(place), place);
      throw error;
    }
  }

  /** Notes the faults of a name. Moves the name behind all others, so that {@link markFaulty} comes to every name. */
  #noteFaults(place: Place, faults: SkydnsFault[], seen: Revision): void {
    const id = idOf(place);
    const before = this.#faults.get(id)?.faults ?? [];
    this.#faults.delete(id);
    const isSame = isDeepStrictEqual(before, faults);
    if (!isSame) this.#faultChanges += 1;
    if (faults.length > 0) this.#faults.set(id, { ...place, faults: isSame ? before : faults, seen });
  }
}
