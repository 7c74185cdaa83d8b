// One line in the log for each change: who asked for it, what it did, the request, the revision, and how long it took
// until it was served. It names what the audit events tell: a change without events makes no line.

import { joinFirst } from '../../errors.ts';
import type { AuditActor, AuditedDecision } from '../../model/audit-event.ts';
import type { Logger } from '../../model/logger.ts';
import { defaultSpace } from '../../model/pool.ts';
import type { Revision } from '../../model/revision.ts';

/** Logs what a committed decision did. `since`: when it was asked for, as performance.now() counts. */
export function logChange(
  logger: Logger,
  { actor, events, uses }: AuditedDecision,
  revision: Revision,
  since: number,
): void {
  // Each attempt was logged when it was refused.
  if (events.length > 0 && events.every(({ resource }) => resource === 'authentication')) return;
  const subjects = [
    ...events.map(({ resource, name, action }) => `${resource} ${name} ${action}`),
    ...uses.map(({ space, address, action }) => `address ${address}${inSpace(space)} ${action}`),
  ];
  const milliseconds = Math.round(performance.now() - since);
  logger.info({ ...whoAndWhy(actor), subjects: joinFirst(subjects), revision, milliseconds }, 'changed');
}

function inSpace(space: string): string {
  return space === defaultSpace ? '' : ` (${space})`;
}

function whoAndWhy({ name, request, requestId }: AuditActor): object {
  return { who: name, ...(request !== undefined && { what: request, requestId }) };
}
