// The event of one resource, from its fields before and after a decision.

import { isDeepStrictEqual } from 'node:util';
import type { AuditEvent, AuditedResource, Fields } from '../../../model/audit-event.ts';

/**
 * Returns the event of a resource that the decision creates, changes or deletes; undefined if no field differs.
 * `keeps`: fields that the event of a change has even if they do not differ.
 */
export function eventOf(
  resource: AuditedResource,
  name: string,
  before: Fields | undefined,
  after: Fields | undefined,
  keeps: readonly string[] = [],
): AuditEvent | undefined {
  if (before === undefined || after === undefined) {
    if (before === after) return undefined;
    const action = before === undefined ? 'created' : 'deleted';
    return { resource, action, name, before: before ?? null, after: after ?? null };
  }
  const changed = changedFields(before, after, keeps);
  return changed && { resource, action: 'changed', name, ...changed };
}

/** Returns the fields that differ, before and after, and the fields to keep; undefined if all are equal. */
function changedFields(
  before: Fields,
  after: Fields,
  keeps: readonly string[],
): { before: Fields; after: Fields } | undefined {
  const names = Object.keys({ ...before, ...after }).filter((name) => !isDeepStrictEqual(before[name], after[name]));
  if (names.length === 0) return undefined;
  const shown = [...keeps, ...names];
  return { before: only(before, shown), after: only(after, shown) };
}

function only(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]));
}
