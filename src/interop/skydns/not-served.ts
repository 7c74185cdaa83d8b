// Notes in the state of each zone which values of others are not served, and logs each of these values once.

import type { ForeignValues } from '../../control/skydns/foreign-values.ts';
import type { Fqdn } from '../../model/name.ts';
import { faultsOf, type SkydnsFault, shortFault } from '../../model/skydns/state.ts';
import type { Mirror } from './mirror.ts';
import type { SkydnsParts } from './parts.ts';
import type { SkydnsStates } from './states.ts';

export class NotServed {
  readonly #parts: SkydnsParts;
  readonly #states: SkydnsStates;
  #logged = new Set<string>();

  constructor(parts: SkydnsParts, states: SkydnsStates) {
    this.#parts = parts;
    this.#states = states;
  }

  note(foreign: ForeignValues, mirror: Mirror): void {
    const byZone = Map.groupBy([...foreign.unreadable(), ...mirror.faults()], ([zone]) => zone);
    const noted = [...this.#parts.views.skydns.states.values()].filter(({ notServed }) => notServed.count > 0);
    const logged = new Set<string>();
    for (const zone of new Set([...byZone.keys(), ...noted.map((state) => state.zone)])) {
      const faults = (byZone.get(zone) ?? []).map(([, fault]) => fault);
      faults.sort((a, b) => (a.what < b.what ? -1 : 1));
      for (const fault of faults) logged.add(this.#log(zone, fault));
      const state = this.#states.get(zone);
      if (state?.settings.on === true) this.#states.set({ ...state, notServed: faultsOf(faults) });
    }
    this.#logged = logged;
  }

  /** Logs the fault, unless it was logged before. Returns the text that identifies the fault. */
  #log(zone: Fqdn, fault: SkydnsFault): string {
    const { what: key, reason } = shortFault(fault);
    const text = `${key} ${reason}`;
    if (!this.#logged.has(text))
      this.#parts.logger.warn({ zone, key, reason }, 'a value of others in the SkyDNS layout is not served');
    return text;
  }
}
