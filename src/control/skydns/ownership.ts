// Ownership records: external-dns writes a TXT at `<type>-<name>` for each record that it owns. When it deletes a
// record, it leaves the TXT behind. If we later write a record of that name and type, external-dns would take our
// record for its own.

import { type Fqdn, isWithin, parseName } from '../../model/name.ts';
import type { RecordType } from '../../model/rdata/record-types.ts';
import type { ForeignRecord, ForeignValue } from '../../model/skydns/foreign-records.ts';
import type { Place } from './foreign-values.ts';
import type { ForeignZone } from './read-foreign.ts';

/** One ownership record. `of`: the record that it is about; undefined if the ownership record's name does not tell. */
export interface Ownership extends Place {
  key: string;
  text: string;
  of: { owner: Fqdn; type: RecordType } | undefined;
}

const named = /^(a|aaaa|cname|mx|naptr|ns|ptr|srv|txt)-([^.].*)$/;

/** Yields the ownership records of a zone about records that others no longer have. */
export function* orphansIn({ zone, values }: ForeignZone): Generator<Ownership> {
  for (const ownership of ownershipsIn(values.places(), (place) => values.valuesAt(place))) {
    const { of } = ownership;
    if (of === undefined || !isWithin(of.owner, zone)) continue;
    const stands = values.valuesAt({ zone, owner: of.owner }).flatMap(({ records }) => records);
    if (!stands.some(({ type }) => type === of.type)) yield ownership;
  }
}

export function isOwnership({ type, record }: ForeignRecord): boolean {
  return type === 'TXT' && record.includes('heritage=external-dns');
}

function* ownershipsIn(places: readonly Place[], valuesAt: (place: Place) => ForeignValue[]): Generator<Ownership> {
  for (const place of places) {
    for (const { key, records } of valuesAt(place)) {
      const record = records.find(isOwnership);
      if (record !== undefined) yield { ...place, key, text: record.record, of: subjectOf(place.owner) };
    }
  }
}

/**
 * Returns the record that an ownership record at `owner` is about. Returns undefined if `owner` does not have the
 * default form of external-dns, such as `a-www.example.com`.
 */
function subjectOf(owner: Fqdn): Ownership['of'] {
  const [, type, name] = named.exec(owner) ?? [];
  if (type === undefined || name === undefined) return undefined;
  return { owner: parseName(name), type: type.toUpperCase() as RecordType };
}
