// Dumps what a store holds, except what changes without a request. Tests compare dumps from before and after a request.

import { leaderKind } from '../../src/store/kinds/leader.ts';
import { ledgerKind } from '../../src/store/kinds/ledger.ts';
import { memberKind } from '../../src/store/kinds/member.ts';
import type { Entry, Store } from '../../src/store/store.ts';

/** Prefixes that a dump leaves out. Members, leaders and the place of the ledger change without a request. */
const ofNoRequest = [memberKind.prefix, leaderKind.prefix, ledgerKind.prefix];

/** Returns what the store holds: key → value and the revision of its last change. */
export async function storeDump(store: Store): Promise<Record<string, string>> {
  const entries = await storeEntries(store);
  return Object.fromEntries(entries.map(({ key, value, modified }) => [key, `${value} @${modified}`]));
}

export async function storeEntries(store: Store): Promise<Entry[]> {
  const entries: Entry[] = [];
  let from: string | undefined;
  do {
    const page = await store.list('', from === undefined ? {} : { from });
    entries.push(...page.entries.filter(({ key }) => !ofNoRequest.some((prefix) => key.startsWith(prefix))));
    from = page.next;
  } while (from !== undefined);
  return entries;
}
