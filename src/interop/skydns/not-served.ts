// Notes in the states of the zones which values of others are not served, and logs each of them once, if they are not
// too many.

import type { ForeignValues } from '../../control/skydns/foreign-values.ts';
import type { LimitedLog } from '../../model/limited-log.ts';
import type { Fqdn } from '../../model/name.ts';
import { FirstFaults, noFaults, type SkydnsFault, type SkydnsFaults, shortFault } from '../../model/skydns/state.ts';
import type { Views } from '../../views/views.ts';
import type { Mirror } from './mirror.ts';
import type { SkydnsStates } from './states.ts';
import type { StubMirror } from './stub-mirror.ts';

export class NotServed {
  readonly #views: Views;
  readonly #states: SkydnsStates;
  readonly #log: LimitedLog;
  readonly #logged = new WeakSet<SkydnsFault>();
  #byZone: ReadonlyMap<Fqdn, SkydnsFaults> = new Map();
  #changes: string | undefined;

  constructor(views: Views, states: SkydnsStates, log: LimitedLog) {
    this.#views = views;
    this.#states = states;
    this.#log = log;
  }

  note(foreign: ForeignValues, mirror: Mirror, stubs: StubMirror): void {
    this.#log.summarize();
    const changes = `${foreign.faultChanges} ${mirror.faultChanges} ${stubs.faultChanges}`;
    if (changes !== this.#changes) {
      this.#byZone = this.#collect([foreign.unreadable(), mirror.faults(), stubs.faults()]);
      this.#changes = changes;
    }
    const noted = [...this.#views.skydns.states.values()].filter(({ notServed }) => notServed.count > 0);
    for (const zone of new Set([...this.#byZone.keys(), ...noted.map((state) => state.zone)])) {
      const state = this.#states.get(zone);
      const notServed = this.#byZone.get(zone) ?? noFaults;
      if (state?.settings.on === true) this.#states.set({ ...state, notServed });
    }
  }

  #collect(all: Iterable<[zone: Fqdn, fault: SkydnsFault]>[]): Map<Fqdn, SkydnsFaults> {
    const byZone = new Map<Fqdn, FirstFaults>();
    for (const some of all) {
      for (const [zone, fault] of some) {
        const first = byZone.get(zone) ?? new FirstFaults();
        first.add(fault);
        byZone.set(zone, first);
        this.#logOnce(zone, fault);
      }
    }
    return new Map([...byZone].map(([zone, first]) => [zone, first.faults()]));
  }

  #logOnce(zone: Fqdn, fault: SkydnsFault): void {
    if (this.#logged.has(fault)) return;
    this.#logged.add(fault);
    const { what: key, reason } = shortFault(fault);
    this.#log.warn({ zone, key, reason }, 'a value of others in the SkyDNS layout is not served');
  }
}
