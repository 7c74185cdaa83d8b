// Finds what has a name: a forwarder, or a zone that is served here. The zone with the most labels wins.

import { lowerName } from '../../dns/wire/names.ts';
import type { OwnZones } from './forward-request.ts';
import type { ForwarderRuntime } from './forwarder-runtime.ts';
import type { ZoneSight } from './make-answer.ts';
import { octetText } from './octet-text.ts';

export class ZoneRoutes {
  readonly ownZones: OwnZones;
  readonly #byZone = new Map<string, ForwarderRuntime>();
  readonly #sights = new WeakMap<ForwarderRuntime, ZoneSight>();

  constructor(ownZones: OwnZones) {
    this.ownZones = ownZones;
  }

  set(runtimes: Iterable<ForwarderRuntime>): void {
    this.#byZone.clear();
    for (const runtime of runtimes) this.#byZone.set(octetText(runtime.zone), runtime);
  }

  /** Returns the forwarder that has the lower-cased name, or `own` for a zone that is served here. */
  find(name: Uint8Array): ForwarderRuntime | 'own' | undefined {
    let found: ForwarderRuntime | undefined;
    for (let at = 0; found === undefined && name[at] !== 0; at += 1 + (name[at] as number)) {
      found = this.#byZone.get(octetText(name.subarray(at)));
    }
    const own = this.ownZones.labelsOfZone(name);
    if (own < 0) return found;
    return found !== undefined && found.labels > own ? found : 'own';
  }

  /** Returns what make-answer.ts must know of a forwarder and of names. */
  sight(runtime: ForwarderRuntime): ZoneSight {
    const known = this.#sights.get(runtime);
    if (known !== undefined) return known;
    const sight: ZoneSight = {
      zone: runtime.zone,
      staleSeconds: runtime.listed.forwarder.staleSeconds ?? 0,
      holder: (name, length) => {
        const lower = name.slice(0, length);
        lowerName(lower, length);
        const found = this.find(lower);
        if (found === undefined) return 'nobody';
        return found === runtime ? 'this' : 'other';
      },
    };
    this.#sights.set(runtime, sight);
    return sight;
  }
}
