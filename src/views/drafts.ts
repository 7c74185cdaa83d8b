// Generations of zones that no zone's key names: being written by an import, or left over from one. Built aside in the table, where DNS does
// not see them. Which generation is the zone: zone-view.ts.

import type { Fqdn } from '../model/name.ts';
import type { ZoneId } from '../table/layout.ts';
import type { TableWriter } from '../table/writer.ts';

export interface Draft {
  table: ZoneId;
  names: number;
  managedNames: number;
}

export class Drafts {
  readonly #table: TableWriter;
  readonly #drafts = new Map<Fqdn, Map<number, Draft>>();

  constructor(table: TableWriter) {
    this.#table = table;
  }

  get(zone: Fqdn, generation: number): Draft | undefined {
    return this.#drafts.get(zone)?.get(generation);
  }

  /** Throws TableFull. */
  getOrCreate(zone: Fqdn, generation: number): Draft {
    const existing = this.get(zone, generation);
    if (existing !== undefined) return existing;
    const draft: Draft = { table: this.#table.createZone(zone), names: 0, managedNames: 0 };
    const ofZone = this.#drafts.get(zone) ?? new Map<number, Draft>();
    this.#drafts.set(zone, ofZone.set(generation, draft));
    return draft;
  }

  /** It becomes the zone: no draft any more. Throws TableFull. */
  take(zone: Fqdn, generation: number): Draft {
    const draft = this.getOrCreate(zone, generation);
    this.#forget(zone, generation);
    return draft;
  }

  drop(zone: Fqdn, generation: number): void {
    const draft = this.get(zone, generation);
    if (draft === undefined) return;
    this.#forget(zone, generation);
    this.#table.withdrawZone(draft.table);
  }

  /** Generations only grow: what is older than the zone was it once, or never will be. */
  dropOlder(zone: Fqdn, generation: number): void {
    for (const one of this.#drafts.get(zone)?.keys() ?? []) if (one < generation) this.drop(zone, one);
  }

  dropAll(zone: Fqdn): void {
    this.dropOlder(zone, Number.POSITIVE_INFINITY);
  }

  *list(): Generator<{ zone: Fqdn; generation: number; draft: Draft }> {
    for (const [zone, ofZone] of [...this.#drafts]) {
      for (const [generation, draft] of [...ofZone]) yield { zone, generation, draft };
    }
  }

  #forget(zone: Fqdn, generation: number): void {
    const ofZone = this.#drafts.get(zone);
    ofZone?.delete(generation);
    if (ofZone?.size === 0) this.#drafts.delete(zone);
  }
}
