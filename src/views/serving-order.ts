// The order in which the parts of one revision become visible, so that no query sees half a host: first addresses, then PTRs, then aliases.
// Deletions come after all of these, in the opposite order. A new zone is published whole, after its names. A serial comes last, so that
// it never announces what is not served yet (test/views/serving-order.test.ts).

import { isWithin, parseName } from '../model/name.ts';
import { type KeySubject, parseKey } from '../store/keys.ts';
import type { StoreEvent } from '../store/store.ts';

type NameSubject = Extract<KeySubject, { kind: 'name' }>;

const reverseTree = parseName('arpa');

/** Returns the events in that order. `isAlias` says whether a CNAME is served at a name: the event of a deletion does not. */
export function inServingOrder(events: StoreEvent[], isAlias: (name: NameSubject) => boolean): StoreEvent[] {
  if (events.length < 2) return events;
  return events
    .map((event) => ({ event, rank: rankOf(event, isAlias) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ event }) => event);
}

function rankOf(event: StoreEvent, isAlias: (name: NameSubject) => boolean): number {
  const subject = parseKey(event.kind === 'put' ? event.entry.key : event.key);
  if (event.kind === 'put') {
    if (subject?.kind === 'serial') return 10;
    if (subject?.kind === 'zone') return 4;
    if (subject?.kind !== 'name') return 0;
    if (event.entry.value.includes('"CNAME"')) return 3;
    return isWithin(subject.owner, reverseTree) ? 2 : 1;
  }
  if (subject?.kind === 'zone') return 5;
  if (subject?.kind !== 'name') return 9;
  if (isAlias(subject)) return 6;
  return isWithin(subject.owner, reverseTree) ? 7 : 8;
}
