// The audit events that a store has in its outbox.

import type { AuditEvent, AuditedDecision } from '../../src/model/audit-event.ts';
import type { Revision } from '../../src/model/revision.ts';
import { type OutboxEntry, outboxKind } from '../../src/store/kinds/outbox.ts';
import type { Store } from '../../src/store/store.ts';
import { storeEntries } from './store-dump.ts';

/** The name of a replica in tests that write audit events. */
export const audit = { replica: 'test' };

/** Returns the entries of the outbox in the order of their revisions. */
export async function outboxOf(store: Store): Promise<(OutboxEntry & { revision: Revision })[]> {
  const entries = await storeEntries(store);
  return entries
    .flatMap(({ key, value, modified }) => {
      const subject = outboxKind.parse(key);
      return subject === undefined ? [] : [{ ...outboxKind.read(subject, value), revision: modified }];
    })
    .sort((a, b) => a.revision - b.revision);
}

/** Returns the audited decisions in the order of their revisions. */
export async function decisionsIn(store: Store): Promise<AuditedDecision[]> {
  return (await outboxOf(store)).flatMap(({ decisions }) => decisions);
}

export async function eventsIn(store: Store): Promise<AuditEvent[]> {
  return (await decisionsIn(store)).flatMap(({ events }) => events);
}
