// Compares a zone file with the zone. Finds the RRsets that an import would change, and the RRsets that have a manager,
// which the import must keep. Reads the zone's records from the store at one revision. Writes nothing.

import { addressOfReverse } from '../../model/address.ts';
import { checkNameservers } from '../../model/check-name.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import type { NamedRrsets, Rrset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { type FileRrset, isSameRrset, type ZoneFileContents } from '../../model/zone-file/contents.ts';
import type { Findings } from '../../model/zone-file/findings.ts';
import { namesPrefix, nameValue } from '../../store/kinds/name.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { mayMovePtr } from '../hosts/move-ptrs.ts';
import { faultRefusal } from '../reading/fault-refusal.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

/** Numbers of RRsets. `managed`: RRsets that have a manager, such as a host, and stay unchanged. */
export interface ImportCounts {
  added: number;
  changed: number;
  deleted: number;
  unchanged: number;
  managed: number;
}

/** An RRset that an import would write or delete. */
export interface RrsetDifference {
  owner: Fqdn;
  type: string;
  before: Pick<Rrset, 'ttl' | 'records'> | undefined;
  after: Pick<Rrset, 'ttl' | 'records'> | undefined;
}

/** The result of a comparison of a zone file with the zone. */
export class ZoneComparison {
  readonly counts: ImportCounts = { added: 0, changed: 0, deleted: 0, unchanged: 0, managed: 0 };
  /** The first differences, up to a limit. */
  readonly differences: RrsetDifference[] = [];
  /** The RRsets that have a manager, by owner name. */
  readonly managed = new Map<Fqdn, Rrset[]>();
  /** The reverse names of addresses whose CNAMEs differ: the PTRs of hosts move there. */
  readonly movedAliases = new Set<Fqdn>();
  readonly #views: Views;
  readonly #limit: number;

  constructor(views: Views, limit: number) {
    this.#views = views;
    this.#limit = limit;
  }

  /** True if the file and the zone do not differ. */
  get isEmpty(): boolean {
    return this.counts.added + this.counts.changed + this.counts.deleted === 0;
  }

  /** Counts a difference. Adds it to `differences` up to the limit. */
  note(
    kind: 'added' | 'changed' | 'deleted',
    owner: Fqdn,
    type: string,
    before: Pick<Rrset, 'ttl' | 'records'> | undefined,
    after: Pick<Rrset, 'ttl' | 'records'> | undefined,
  ): void {
    this.counts[kind] += 1;
    if (type === 'CNAME' && addressOfReverse(owner) !== undefined) this.movedAliases.add(owner);
    if (this.differences.length < this.#limit) this.differences.push({ owner, type, before, after });
  }

  /**
   * Compares the stored RRsets of one name with those of the file. Marks an RRset of the file as `known` if the name
   * has a stored RRset of its type.
   */
  compareName(owner: Fqdn, stored: readonly Rrset[], wanted: readonly FileRrset[]): void {
    for (const rrset of stored) {
      const after = wanted.find(({ type }) => type === rrset.type);
      if (after !== undefined) after.known = true;
      if (rrset.manager !== undefined) {
        this.counts.managed += 1;
        if (isMovedPtr(this.#views, owner, rrset, wanted)) continue;
        this.managed.set(owner, [...(this.managed.get(owner) ?? []), rrset]);
      } else if (after === undefined) this.note('deleted', owner, rrset.type, rrset, undefined);
      else if (isSameRrset(after, rrset)) this.counts.unchanged += 1;
      else this.note('changed', owner, rrset.type, rrset, after);
    }
  }
}

/**
 * Returns whether an RRset is the PTR of a host that moves to where a CNAME of the file leads (hosts/align-ptrs.ts): it
 * does not stay at its name.
 */
export function isMovedPtr(views: Views, owner: Fqdn, rrset: Rrset, wanted: readonly Pick<Rrset, 'type'>[]): boolean {
  return (
    rrset.type === 'PTR' &&
    rrset.manager === 'host' &&
    wanted.some(({ type }) => type === 'CNAME') &&
    mayMovePtr(views, owner)
  );
}

/**
 * Compares the file with the zone at the revision. `limit`: the limit for listed differences. `zone` must have the
 * settings after the import, because the TTLs of hosts follow from them.
 */
export async function compareZone(
  store: Store,
  views: Views,
  zone: Zone,
  revision: Revision,
  contents: ZoneFileContents,
  limit: number,
  signal?: AbortSignal,
): Promise<ZoneComparison> {
  const { zones } = views;
  const comparison = new ZoneComparison(views, limit);
  let from: string | undefined;
  do {
    const page = await store.list(namesPrefix(zone.name, zone.generation), {
      at: revision,
      limit: 500,
      ...(from !== undefined && { from }),
    });
    for (const { key, value } of page.entries) {
      const stored = storedName(key, value);
      const { name } = stored;
      comparison.compareName(name, zones.withTtls(zone, stored), contents.names.get(name) ?? []);
    }
    from = page.next;
    await yieldToEventLoop(signal);
  } while (from !== undefined);
  let count = 0;
  for (const [owner, rrsets] of contents.names) {
    for (const rrset of rrsets) if (!rrset.known) comparison.note('added', owner, rrset.type, undefined, rrset);
    if (++count % 10_000 === 0) await yieldToEventLoop(signal);
  }
  return comparison;
}

/**
 * Returns the RRsets of a name. Refuses with `value_unreadable` if they cannot be read: some may be records of hosts,
 * which an import must not delete.
 */
function storedName(key: string, value: string): NamedRrsets {
  try {
    return nameValue.decode(value);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    throw faultRefusal({ key, fault: { code: 'value_unreadable', message: error.message } });
  }
}

/** Adds the findings about all names that the zone has after the import: those of the file and of `managed`. */
export async function checkContents(
  contents: ZoneFileContents,
  { managed }: ZoneComparison,
  findings: Findings,
  signal?: AbortSignal,
): Promise<void> {
  let count = 0;
  for (const owner of contents.names.keys()) {
    contents.rrsetsAt(owner, managed.get(owner) ?? [], findings);
    contents.checkTargets(owner, managed, findings);
    if (++count % 1000 === 0) await yieldToEventLoop(signal);
  }
  for (const [owner, rrsets] of managed) {
    if (!contents.names.has(owner)) contents.rrsetsAt(owner, rrsets, findings);
  }
}

/** Adds a fault if a DNAME at the apex would hide the names of the replicas, while they are the zone's nameservers. */
export function checkApex(zone: Zone, { names }: ZoneFileContents, findings: Findings): void {
  const rrsets = names.get(zone.name) ?? [];
  const finding = checkNameservers(zone, rrsets);
  const line = rrsets.find(({ type }) => type === 'DNAME')?.line ?? 0;
  if (finding !== undefined) findings.fault(line, finding.message, finding.code);
}
