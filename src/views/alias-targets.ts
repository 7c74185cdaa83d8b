// The CNAME records of one generation of a zone by their targets, except records with a manager. Control uses these
// targets for warnings, and to find PTRs that have to move. It has neither for a generation with very many CNAME
// records.

import { type Fqdn, parentOf } from '../model/name.ts';
import type { Rrset } from '../model/rrset.ts';

/** A generation with more CNAME records than this has no targets here. */
export const maxAliasesFollowed = 100_000;

export class AliasTargets {
  /** The owners of each target: a name if there is only one, as for most targets, else a set. */
  readonly #owners = new Map<Fqdn, Fqdn | Set<Fqdn>>();
  #count = 0;
  #tooMany = false;

  get isEmpty(): boolean {
    return this.#owners.size === 0;
  }

  /** Notes a change of the RRsets of a name. */
  change(owner: Fqdn, before: readonly Rrset[], after: readonly Rrset[]): void {
    const [left, added] = [targetOf(before), targetOf(after)];
    if (left === added || this.#tooMany) return;
    if (left !== undefined) this.#remove(left, owner);
    if (added !== undefined) this.#add(added, owner);
  }

  /** Returns the owners of the CNAME records that point to this target. */
  ownersOf(target: Fqdn): Fqdn[] {
    const owners = this.#owners.get(target);
    if (owners === undefined) return [];
    return typeof owners === 'string' ? [owners] : [...owners];
  }

  /** Returns the owners of all CNAME records. */
  owners(): Fqdn[] {
    return [...this.#owners.values()].flatMap((owners) => (typeof owners === 'string' ? owners : [...owners]));
  }

  /** Yields the targets below one of these names. No target may change while the caller iterates. */
  *below(names: ReadonlySet<Fqdn>): Generator<Fqdn> {
    for (const target of this.#owners.keys()) if (isBelow(target, names)) yield target;
  }

  #add(target: Fqdn, owner: Fqdn): void {
    if (this.#count === maxAliasesFollowed) {
      this.#owners.clear();
      this.#tooMany = true;
      return;
    }
    this.#count += 1;
    const owners = this.#owners.get(target);
    if (owners === undefined) this.#owners.set(target, owner);
    else if (typeof owners === 'string') this.#owners.set(target, new Set([owners, owner]));
    else owners.add(owner);
  }

  #remove(target: Fqdn, owner: Fqdn): void {
    this.#count -= 1;
    const owners = this.#owners.get(target);
    if (owners === owner || owners === undefined) this.#owners.delete(target);
    else if (typeof owners !== 'string') {
      owners.delete(owner);
      if (owners.size === 0) this.#owners.delete(target);
    }
  }
}

/**
 * Walks up the labels without a generator, since one change may call this for `maxAliasesFollowed` targets of each
 * zone.
 */
function isBelow(name: Fqdn, tops: ReadonlySet<Fqdn>): boolean {
  for (let above = parentOf(name); above !== undefined; above = parentOf(above)) if (tops.has(above)) return true;
  return false;
}

/** Returns the target of the CNAME record; undefined if there is no such record, or if it has a manager. */
function targetOf(rrsets: readonly Rrset[]): Fqdn | undefined {
  const alias = rrsets.find(({ type, manager }) => type === 'CNAME' && manager === undefined);
  const [target] = alias?.records ?? [];
  return target === undefined ? undefined : (target.slice(0, -1) as Fqdn);
}
