// Makes the RRsets of one name from the values of others. Leaves out records that cannot be at that name, and reports
// each of them; all other records are served. foreign-records.ts makes the records of each value.

import type { Fqdn } from '../name.ts';
import { maxRrset, type Rrset, readRecord, recordsOfOne } from '../rrset.ts';
import type { ForeignRecord, ForeignValue } from './foreign-records.ts';

/** A value, or one of its records, that is not served. */
export interface ForeignFault {
  key: string;
  reason: string;
}

/** The name of the values (`owner`), its zone, and the types of its RRsets that do not come from others. */
interface ForeignPlace {
  zone: Fqdn;
  owner: Fqdn;
  ownTypes: ReadonlySet<string>;
}

/** Splits a name's RRsets: `theirs` are the RRsets of others, sorted by type. `ownTypes` are the types of ours. */
export function splitRrsets(rrsets: readonly Rrset[]): { theirs: Rrset[]; ownTypes: ReadonlySet<string> } {
  const { theirs = [], ours = [] } = Object.groupBy(rrsets, ({ manager }) =>
    manager === 'skydns' ? 'theirs' : 'ours',
  );
  return { theirs: theirs.sort(byType), ownTypes: new Set(ours.map(({ type }) => type)) };
}

function byType(a: Rrset, b: Rrset): number {
  return a.type < b.type ? -1 : 1;
}

/** Returns the RRsets of all values of one name, sorted by type, and a fault for each record that is left out. */
export function foreignRrsets(
  place: ForeignPlace,
  values: readonly ForeignValue[],
): { rrsets: Rrset[]; faults: ForeignFault[] } {
  const inOrder = [...values].sort((a, b) => (a.key < b.key ? -1 : 1));
  const hasOthers =
    place.ownTypes.size > 0 || inOrder.some(({ records }) => records.some(({ type }) => type !== 'CNAME'));
  const joined = new Map<string, Rrset & { octets: number }>();
  const faults: ForeignFault[] = [];
  for (const { key, records } of inOrder) {
    for (const record of records) {
      const stands = joined.get(record.type);
      const reason = whyLeftOut(place, record, hasOthers, stands);
      if (reason === undefined) joined.set(record.type, withRecord(stands, record));
      else faults.push({ key, reason });
    }
  }
  const rrsets = [...joined.values()].map(({ type, ttl, records }): Rrset => {
    const read = records.map((record) => readRecord(type, record));
    return { type, ttl, records: recordsOfOne(type, read), manager: 'skydns' };
  });
  return { rrsets: rrsets.sort(byType), faults };
}

function whyLeftOut(
  { zone, owner, ownTypes }: ForeignPlace,
  { type, record }: ForeignRecord,
  hasOthers: boolean,
  stands: (Rrset & { octets: number }) | undefined,
): string | undefined {
  if (ownTypes.has(type)) return `${owner} has ${type} records of its own, which are served instead`;
  if (ownTypes.has('CNAME')) return `${owner} has a CNAME record of its own, which is served instead`;
  if (type === 'CNAME') {
    if (owner === zone) return `${owner} is the apex of its zone: a CNAME cannot be there`;
    if (hasOthers) return `${owner} has other records: a CNAME cannot stand beside them`;
    if (stands !== undefined && stands.records[0] !== record)
      return `${owner} has another CNAME record: a name has one at most`;
  }
  if ((stands?.octets ?? 0) + readRecord(type, record).octets > maxRrset)
    return `${owner} has as many ${type} records as a DNS message has room for`;
  return undefined;
}

/** Adds a record to its RRset. The TTL of the RRset is the lowest TTL of its values (RFC 2181 §5.2). */
function withRecord(stands: (Rrset & { octets: number }) | undefined, { type, ttl, record }: ForeignRecord) {
  const octets = readRecord(type, record).octets + (stands?.octets ?? 0);
  return { type, ttl: Math.min(ttl, stands?.ttl ?? ttl), records: [...(stands?.records ?? []), record], octets };
}
