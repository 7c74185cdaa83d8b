// The pending generations of zones. No value of a zone points to a pending generation: an import is writing it, or has
// stopped before its end, or a load has not read the zone yet. The table has pending generations, but does not serve
// them. The generation to which the zone's value points: zone-view.ts.

import type { Fqdn } from '../model/name.ts';
import type { ZoneId } from '../table/layout.ts';
import type { TableWriter } from '../table/writer.ts';
import { AliasTargets } from './alias-targets.ts';
import type { InheritedTtl } from './host-ttls.ts';

/** A pending generation. `names` and `managedNames` count the same names as in ZoneState (zone-view.ts). */
export interface PendingGeneration {
  table: ZoneId;
  names: number;
  managedNames: number;
  aliases: AliasTargets;
  inheritedTtl: InheritedTtl;
}

export class PendingGenerations {
  readonly #table: TableWriter;
  readonly #pending = new Map<Fqdn, Map<number, PendingGeneration>>();

  constructor(table: TableWriter) {
    this.#table = table;
  }

  get(zone: Fqdn, generation: number): PendingGeneration | undefined {
    return this.#pending.get(zone)?.get(generation);
  }

  of(zone: Fqdn): Iterable<PendingGeneration> {
    return this.#pending.get(zone)?.values() ?? [];
  }

  /** Returns the generation, or a new one. Throws TableFull. */
  getOrCreate(zone: Fqdn, generation: number): PendingGeneration {
    const existing = this.get(zone, generation);
    if (existing !== undefined) return existing;
    const table = this.#table.createZone(zone);
    const aliases = new AliasTargets();
    const pending: PendingGeneration = { table, names: 0, managedNames: 0, aliases, inheritedTtl: undefined };
    const ofZone = this.#pending.get(zone) ?? new Map<number, PendingGeneration>();
    this.#pending.set(zone, ofZone.set(generation, pending));
    return pending;
  }

  /** Returns the generation, or a new one. It is no longer pending: the caller serves it. Throws TableFull. */
  take(zone: Fqdn, generation: number): PendingGeneration {
    const pending = this.getOrCreate(zone, generation);
    this.#forget(zone, generation);
    return pending;
  }

  drop(zone: Fqdn, generation: number): void {
    const pending = this.get(zone, generation);
    if (pending === undefined) return;
    this.#forget(zone, generation);
    this.#table.withdrawZone(pending.table);
  }

  /** Drops the older generations. The number of a zone's generation only grows, so they can never be served. */
  dropOlder(zone: Fqdn, generation: number): void {
    for (const one of this.#pending.get(zone)?.keys() ?? []) if (one < generation) this.drop(zone, one);
  }

  dropAll(zone: Fqdn): void {
    this.dropOlder(zone, Number.POSITIVE_INFINITY);
  }

  *list(): Generator<{ zone: Fqdn; generation: number; pending: PendingGeneration }> {
    for (const [zone, ofZone] of [...this.#pending]) {
      for (const [generation, pending] of [...ofZone]) yield { zone, generation, pending };
    }
  }

  #forget(zone: Fqdn, generation: number): void {
    const ofZone = this.#pending.get(zone);
    ofZone?.delete(generation);
    if (ofZone?.size === 0) this.#pending.delete(zone);
  }
}
