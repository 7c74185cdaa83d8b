// Logs one line for each change: the actor, the request, the changed resources, the revision, and the time until the
// change was served. A decision without audit events has no line.

import { joinFirst } from '../../errors.ts';
import type { AuditActor, AuditedDecision } from '../../model/audit-event.ts';
import type { Logger } from '../../model/logger.ts';
import { defaultSpace } from '../../model/pool.ts';
import type { Revision } from '../../model/revision.ts';

/** Logs the changes of a committed decision. `since`: the time of the request, by performance.now(). */
export function logChange(
  logger: Logger,
  { actor, events, uses }: AuditedDecision,
  revision: Revision,
  since: number,
): void {
  // An `authentication` event is about a refused attempt, which already has a log line of its own.
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
