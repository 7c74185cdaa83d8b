// The state of the SkyDNS layout of a zone: the progress of the work after a change of settings or an import, and the
// records that are not in the layout or not served from it.

import type { Fqdn } from '../name.ts';
import type { Zone } from '../zone.ts';

/** A record that the layout does not have, or a value that is not served. */
export interface SkydnsFault {
  /** A name with its type, or the key of a value. */
  what: string;
  reason: string;
}

/** The number of all faults, and the first of them ({@link FirstFaults}). */
export interface SkydnsFaults {
  count: number;
  first: SkydnsFault[];
}

/** The limit for faults that the state of a zone names. */
export const maxNamedFaults = 20;
/** The limit for the characters of each text of a fault: more than the key of any name has, with escapes and prefix. */
const maxFaultText = 2_000;

/**
 * `clearing`: deletes keys that the zone no longer has. `writing`: writes the keys of all names. `following`: the work
 * is done, and every write of the zone also writes its keys.
 */
export type SkydnsPhase = 'clearing' | 'writing' | 'following';

export interface SkydnsState {
  zone: Fqdn;
  /** The settings for which the keys are written. If the zone gets other settings, the work begins again. */
  settings: SkydnsSettings;
  phase: SkydnsPhase;
  /** The key of the store at which the phase continues. */
  position?: string;
  /** The number of names done in this phase. `total`: the number to do, not exact while names come and go. */
  done: number;
  total: number;
  /** Our RRsets that are not in the layout. */
  leftOut: SkydnsFaults;
  /** Values of others that are not served. */
  notServed: SkydnsFaults;
}

/** The settings of a zone that decide which keys it has. `on`: the zone's `skydns`. If `on` is false, it has none. */
export interface SkydnsSettings {
  on: boolean;
  generation: number;
  defaultTtl: number;
  /** The zone's `skydnsSince`. */
  since?: string;
  /** A digest of the zones inside this one that hide names of it: hidden names have no keys. Absent: there are none. */
  hiddenBy?: string;
}

/** Returns the settings of a zone, without `hiddenBy`: other zones decide on that. */
export function settingsOf({ skydns: on, generation, defaultTtl, skydnsSince: since }: Zone): SkydnsSettings {
  return { on, generation, defaultTtl, ...(since !== undefined && { since }) };
}

export const noFaults: SkydnsFaults = { count: 0, first: [] };

/** Returns the state of a zone whose work has not begun. */
export function newState(zone: Fqdn, settings: SkydnsSettings, total: number): SkydnsState {
  return { zone, settings, phase: 'clearing', done: 0, total, leftOut: noFaults, notServed: noFaults };
}

/** Counts faults, and keeps the first {@link maxNamedFaults} in the order of `what`: sorting all could take long. */
export class FirstFaults {
  #count = 0;
  readonly #first: SkydnsFault[] = [];

  add(fault: SkydnsFault): void {
    this.#count += 1;
    const last = this.#first[maxNamedFaults - 1];
    if (last !== undefined && last.what <= fault.what) return;
    const at = this.#first.findIndex(({ what }) => fault.what < what);
    this.#first.splice(at < 0 ? this.#first.length : at, 0, fault);
    if (this.#first.length > maxNamedFaults) this.#first.pop();
  }

  faults(): SkydnsFaults {
    return { count: this.#count, first: this.#first.map(shortFault) };
  }
}

/** Returns the fault with shortened texts, because the key of a value of others may have a megabyte. */
export function shortFault({ what, reason }: SkydnsFault): SkydnsFault {
  return { what: shortText(what), reason: shortText(reason) };
}

function shortText(text: string): string {
  return text.length <= maxFaultText ? text : `${text.slice(0, maxFaultText)}…`;
}
