// How far the SkyDNS layout of a zone is: the work that follows a change of its settings or an import, and what is not
// in the layout or not served from it.

import type { Fqdn } from '../name.ts';

/** Something that the layout does not have, or that is not served from it. */
export interface SkydnsFault {
  /** A name with its type, or the key of a value. */
  what: string;
  reason: string;
}

/** Some faults, and how many there are. */
interface SkydnsFaults {
  count: number;
  first: SkydnsFault[];
}

/** The number of faults that the state of a zone names. */
export const maxNamedFaults = 20;
/** Characters of each text of a fault: more than the key of any name has, escapes and prefix included. */
const maxFaultText = 2_000;

/**
 * `clearing`: keys that the zone no longer has are deleted. `writing`: the keys of all names are written. `following`:
 * all is done, and every write of the zone keeps its keys.
 */
export type SkydnsPhase = 'clearing' | 'writing' | 'following';

export interface SkydnsState {
  zone: Fqdn;
  /** What the keys are for. Other settings of the zone need the work anew. */
  settings: SkydnsSettings;
  phase: SkydnsPhase;
  /** The key of the store at which the phase continues. */
  position?: string;
  /** The names that the phase has done, and has to do; `total` is not known exactly while names come and go. */
  done: number;
  total: number;
  /** RRsets of ours that have no values in the layout. */
  leftOut: SkydnsFaults;
  /** Values of others that are not served. */
  notServed: SkydnsFaults;
}

/** The settings of a zone that its keys follow from. `on`: false while the layout is being cleared. */
export interface SkydnsSettings {
  on: boolean;
  generation: number;
  defaultTtl: number;
}

export const noFaults: SkydnsFaults = { count: 0, first: [] };

/** Returns the state of a zone whose work has not begun. */
export function newState(zone: Fqdn, settings: SkydnsSettings, total: number): SkydnsState {
  return { zone, settings, phase: 'clearing', done: 0, total, leftOut: noFaults, notServed: noFaults };
}

/** Returns the faults with the first of them. */
export function faultsOf(all: readonly SkydnsFault[]): SkydnsFaults {
  return { count: all.length, first: all.slice(0, maxNamedFaults).map(shortFault) };
}

/** Returns the fault with texts that a state has room for: the key of a value of others may have a megabyte. */
export function shortFault({ what, reason }: SkydnsFault): SkydnsFault {
  return { what: shortText(what), reason: shortText(reason) };
}

function shortText(text: string): string {
  return text.length <= maxFaultText ? text : `${text.slice(0, maxFaultText)}…`;
}
