// The event of one resource, from its fields before and after a decision.

import { isDeepStrictEqual } from 'node:util';
import type { AuditEvent, AuditedResource, Fields } from '../../../model/audit-event.ts';

/** Returns the event of a resource that the decision creates, changes or deletes; undefined if no field differs. */
export function eventOf(
  resource: AuditedResource,
  name: string,
  before: Fields | undefined,
  after: Fields | undefined,
): AuditEvent | undefined {
  if (before === undefined || after === undefined) {
    if (before === after) return undefined;
    const action = before === undefined ? 'created' : 'deleted';
    return { resource, action, name, before: before ?? null, after: after ?? null };
  }
  const changed = changedFields(before, after);
  return changed && { resource, action: 'changed', name, ...changed };
}

/** Returns the fields that differ, before and after; undefined if all are equal. */
function changedFields(before: Fields, after: Fields): { before: Fields; after: Fields } | undefined {
  const names = Object.keys({ ...before, ...after }).filter((name) => !isDeepStrictEqual(before[name], after[name]));
  return names.length === 0 ? undefined : { before: only(before, names), after: only(after, names) };
}

function only(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]));
}
