// Limits the octets of a decision's audit events, so that no write is refused because of them
// (test/control/audit-limits.test.ts). An event that is too large has one digest of all
// its fields before the change, and one of all after it.

import { createHash } from 'node:crypto';
import type { AuditEvent, AuditedDecision, Fields } from '../../../model/audit-event.ts';

/** The limit of an event, in octets of JSON. */
const maxEvent = 64 * 1024;
/**
 * The limit of all events of a decision together. Events of this size and the values of the largest decision fit into
 * the 1.5 MiB that etcd accepts by default. Uses are not limited: a decision that ends thousands of uses writes almost
 * nothing else.
 */
const maxEvents = 256 * 1024;

/** Returns the decision as JSON. Replaces as many of its largest events by digests as needed. */
export function withinLimits(audited: AuditedDecision): string {
  const text = JSON.stringify(audited);
  if (Buffer.byteLength(text) <= maxEvent) return text;
  const sized = audited.events.map((event, index) => ({ index, event, octets: octetsOf(event) }));
  let total = sized.reduce((sum, { octets }) => sum + octets, 0);
  const events = [...audited.events];
  for (const { index, event, octets } of sized.toSorted((a, b) => b.octets - a.octets)) {
    if (octets <= maxEvent && total <= maxEvents) break;
    const digested = digestOf(event);
    events[index] = digested;
    total += octetsOf(digested) - octets;
  }
  return JSON.stringify({ ...audited, events });
}

function digestOf(event: AuditEvent): AuditEvent {
  const digest = (fields: Fields | null) =>
    fields && { sha256: createHash('sha256').update(JSON.stringify(fields)).digest('hex') };
  return { ...event, before: digest(event.before), after: digest(event.after), digest: true };
}

function octetsOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
