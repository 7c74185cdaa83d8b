// The CNAME records of one generation of a zone, by the name that they point to. Those that hosts manage are left out:
// they are deleted with their host. Only warnings use this, so it has a limit: a generation with more CNAME records
// than that is not followed.

import { type Fqdn, parentOf } from '../model/name.ts';
import type { Rrset } from '../model/rrset.ts';

/** The limit for CNAME records of one generation. They take about 20 MB then. */
export const maxAliasesFollowed = 100_000;

export class AliasTargets {
  /** One owner, or several. Most targets have one. */
  readonly #owners = new Map<Fqdn, Fqdn | Set<Fqdn>>();
  #count = 0;
  #tooMany = false;

  get isEmpty(): boolean {
    return this.#owners.size === 0;
  }

  /** Follows a change of the RRsets of a name. */
  change(owner: Fqdn, before: readonly Rrset[], after: readonly Rrset[]): void {
    const [left, added] = [targetOf(before), targetOf(after)];
    if (left === added || this.#tooMany) return;
    if (left !== undefined) this.#remove(left, owner);
    if (added !== undefined) this.#add(added, owner);
  }

  /** Returns the owners of the CNAME records that point to this name. */
  ownersOf(target: Fqdn): Fqdn[] {
    const owners = this.#owners.get(target);
    if (owners === undefined) return [];
    return typeof owners === 'string' ? [owners] : [...owners];
  }

  /** Yields the targets below one of these names. They must not change while the caller iterates. */
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

/** Visits no generator: a change may ask this of 100,000 names for each zone. */
function isBelow(name: Fqdn, tops: ReadonlySet<Fqdn>): boolean {
  for (let above = parentOf(name); above !== undefined; above = parentOf(above)) if (tops.has(above)) return true;
  return false;
}

/** Returns the name to which the CNAME record points. Returns undefined without one, or if a host manages it. */
function targetOf(rrsets: readonly Rrset[]): Fqdn | undefined {
  const alias = rrsets.find(({ type, manager }) => type === 'CNAME' && manager === undefined);
  const [target] = alias?.records ?? [];
  return target === undefined ? undefined : (target.slice(0, -1) as Fqdn);
}
