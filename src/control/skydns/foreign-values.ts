// The values of others in the SkyDNS layout, by the names of their records. The leader holds the values of all zones
// in memory, and makes RRsets from them (mirror-name.ts). read-foreign.ts reads the values of one zone.

import { InvalidValue } from '../../model/invalid-value.ts';
import type { Fqdn } from '../../model/name.ts';
import { type ForeignValue, readForeignValue } from '../../model/skydns/foreign-records.ts';
import { isOwnValue } from '../../model/skydns/service.ts';
import type { SkydnsFault } from '../../model/skydns/state.ts';
import type { Views } from '../../views/views.ts';
import { skydnsZoneOf } from './wanted-keys.ts';

export interface Place {
  zone: Fqdn;
  owner: Fqdn;
}

/** One key: its value, or the reason why the value cannot be read. */
type Held = { zone: Fqdn } & ({ value: ForeignValue } | { reason: string });

export class ForeignValues {
  readonly #parts: { views: Views; prefix: string };
  readonly #keys = new Map<string, Held>();
  readonly #unreadable = new Map<string, { zone: Fqdn; fault: SkydnsFault }>();
  /** The number of changes of `#unreadable`. */
  #faultChanges = 0;
  /** The names with their values, by {@link idOf}. */
  readonly #places = new Map<string, Place & { values: Map<string, ForeignValue> }>();

  constructor(parts: { views: Views; prefix: string }) {
    this.#parts = parts;
  }

  /** Notes the new value of a key; if `json` is undefined, its deletion. Returns the names whose values may differ. */
  note(key: string, json: string | undefined): Place[] {
    const gone = this.#forget(key);
    const held = json === undefined || isOwnValue(json) ? undefined : this.#read(key, json);
    this.#noteFault(key, held);
    if (held === undefined) return gone === undefined ? [] : [gone];
    this.#keys.set(key, held);
    if (!('value' in held)) return gone === undefined ? [] : [gone];
    const place = { zone: held.zone, owner: held.value.owner };
    const id = idOf(place);
    const at = this.#places.get(id) ?? { ...place, values: new Map() };
    at.values.set(key, held.value);
    this.#places.set(id, at);
    return gone === undefined || idOf(gone) === id ? [place] : [gone, place];
  }

  valuesAt(place: Place): ForeignValue[] {
    return [...(this.#places.get(idOf(place))?.values.values() ?? [])];
  }

  /** Returns all names that have values. */
  places(): Place[] {
    return [...this.#places.values()].map(({ zone, owner }) => ({ zone, owner }));
  }

  /** Yields the unreadable values, with their zones. A fault stays the same object until its reason changes. */
  *unreadable(): Generator<[zone: Fqdn, fault: SkydnsFault]> {
    for (const { zone, fault } of this.#unreadable.values()) yield [zone, fault];
  }

  /** Changes whenever {@link unreadable} does. */
  get faultChanges(): number {
    return this.#faultChanges;
  }

  #noteFault(key: string, held: Held | undefined): void {
    const before = this.#unreadable.get(key);
    if (held === undefined || 'value' in held) {
      if (this.#unreadable.delete(key)) this.#faultChanges += 1;
    } else if (before?.fault.reason !== held.reason) {
      this.#unreadable.set(key, { zone: held.zone, fault: { what: key, reason: held.reason } });
      this.#faultChanges += 1;
    }
  }

  #read(key: string, json: string): Held | undefined {
    const { views, prefix } = this.#parts;
    const zone = skydnsZoneOf(views, prefix, key)?.name;
    if (zone === undefined) return undefined;
    try {
      const value = readForeignValue(prefix, zone, key, json);
      return value && { zone, value };
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      return { zone, reason: [error, ...error.others].map(({ message }) => message).join('; ') };
    }
  }

  /** Forgets the key. Returns the name of the value that the key had; undefined if it had none. */
  #forget(key: string): Place | undefined {
    const held = this.#keys.get(key);
    this.#keys.delete(key);
    if (held === undefined || !('value' in held)) return undefined;
    const place = { zone: held.zone, owner: held.value.owner };
    const at = this.#places.get(idOf(place));
    at?.values.delete(key);
    if (at?.values.size === 0) this.#places.delete(idOf(place));
    return place;
  }
}

export function idOf({ zone, owner }: Place): string {
  return `${zone} ${owner}`;
}
