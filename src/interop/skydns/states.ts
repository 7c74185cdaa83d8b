// The states of the zones' SkyDNS layouts. The leader changes them here, and writes them to the store a moment later,
// so that every replica shows them.

import { isDeepStrictEqual } from 'node:util';
import { untilReached } from '../../control/reading/until-reached.ts';
import type { Fqdn } from '../../model/name.ts';
import type { SkydnsState } from '../../model/skydns/state.ts';
import { skydnsStateKey, skydnsStateValue } from '../../store/kinds/skydns.ts';
import type { SkydnsParts } from './parts.ts';

export class SkydnsStates {
  readonly #parts: Pick<SkydnsParts, 'store' | 'views'>;
  /** The states that are not written yet. */
  readonly #changed = new Map<Fqdn, SkydnsState>();

  constructor(parts: Pick<SkydnsParts, 'store' | 'views'>) {
    this.#parts = parts;
  }

  get(zone: Fqdn): SkydnsState | undefined {
    return this.#changed.get(zone) ?? this.#parts.views.skydns.states.get(zone);
  }

  set(state: SkydnsState): void {
    if (!isDeepStrictEqual(this.get(state.zone), state)) this.#changed.set(state.zone, state);
  }

  /** Forgets the unwritten changes of a state that was deleted. */
  forget(zone: Fqdn): void {
    this.#changed.delete(zone);
  }

  /**
   * Writes a state, even if the store has it already. Resolves when the views have everything that was written before
   * this call. The views get no events of the layout's keys, but they get the event of this write.
   */
  async write(state: SkydnsState): Promise<void> {
    this.#changed.set(state.zone, state);
    await this.flush();
  }

  /** Writes the states that changed. */
  async flush(): Promise<void> {
    const { store } = this.#parts;
    for (const [zone, state] of this.#changed) {
      const key = skydnsStateKey(zone);
      const operation = { kind: 'put', key, value: skydnsStateValue.encode(state) } as const;
      const { revision } = await store.commit({ compares: [], operations: [operation] });
      await untilReached(this.#parts.views, revision);
      if (this.#changed.get(zone) === state) this.#changed.delete(zone);
    }
  }
}
