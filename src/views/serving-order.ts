// In which order the parts of one revision become visible, so that no query sees half a host: addresses, then PTR, then aliases;
// what goes away goes the other way around. A new zone comes after its names and is published whole, its serial last
// (test/control/host-is-atomic.test.ts).

import { isWithin, parseName } from '../model/name.ts';
import { type KeySubject, parseKey } from '../store/keys.ts';
import type { StoreEvent } from '../store/store.ts';

type NameSubject = Extract<KeySubject, { kind: 'name' }>;

const reverseTree = parseName('arpa');

/** `isAlias` says whether what is served at a name now is a CNAME: a deletion does not tell. */
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
    if (subject?.kind === 'serial') return 5;
    if (subject?.kind === 'zone') return 4;
    if (subject?.kind !== 'name') return 0;
    if (event.entry.value.includes('"CNAME"')) return 3;
    return isWithin(subject.owner, reverseTree) ? 2 : 1;
  }
  if (subject?.kind === 'zone') return 6;
  if (subject?.kind !== 'name') return 10;
  if (isAlias(subject)) return 7;
  return isWithin(subject.owner, reverseTree) ? 8 : 9;
}
