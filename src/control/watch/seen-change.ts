// Limits a change to what the bearer of a token may see. Only bearers of tokens follow the stream of changes.

import { isDeepStrictEqual } from 'node:util';
import type { AuditedResource } from '../../model/audit-event.ts';
import { hasRole } from '../../model/rights.ts';
import type { Views } from '../../views/views.ts';
import { type Access, accessOf } from '../access/access.ts';
import type { TokenActor } from '../access/actor.ts';
import type { Changed, ResourceChange } from './resource-changes.ts';

/**
 * Returns the change as the bearer may see it; undefined if the bearer may not see it. A resource that comes into the
 * scope of the token appears as created. A resource that leaves the scope appears as deleted. The scope is checked with
 * the views, which may be newer than the change.
 */
export function seenChange(
  { actor, views }: { actor: TokenActor; views: Views },
  change: ResourceChange,
): ResourceChange | undefined {
  const access = accessOf({ actor, views });
  if (change.resource === 'token') return access.isWhole && hasRole(actor.rights.role, 'admin') ? change : undefined;
  return access.isWhole ? change : inScope(access, change);
}

function inScope(access: Access, change: ResourceChange): ResourceChange | undefined {
  switch (change.resource) {
    case 'zone':
      return access.hasZone(change.id) ? change : undefined;
    case 'pool':
      return access.hasPool(change.id) ? change : undefined;
    case 'host':
      return limited(change, (host) => (access.hasHost(host) ? host : undefined));
    case 'rrset': {
      const { zone, owner } = change.id;
      if (!access.hasZone(zone)) return undefined;
      return limited(change, (rrset) => (access.hasRrset(owner, rrset) ? rrset : undefined));
    }
    case 'allocation': {
      const { space, address } = change.id;
      if (!access.hasAddress(space, address)) return undefined;
      return limited(change, (record) => (access.hasRecord(record) ? access.withHolders(record) : undefined));
    }
    case 'resolver':
    case 'forwarder':
      return change;
    case 'token':
      return undefined;
  }
}

/** Returns the change with only the values in scope; undefined if there are none, or if they are equal. */
function limited<Resource extends AuditedResource, Id, Value>(
  change: Changed<Resource, Id, Value>,
  part: (value: Value) => Value | undefined,
): Changed<Resource, Id, Value> | undefined {
  const before = change.before && part(change.before);
  const after = change.after && part(change.after);
  if (before === undefined && after === undefined) return undefined;
  if (isDeepStrictEqual(before, after)) return undefined;
  const action = before === undefined ? 'created' : after === undefined ? 'deleted' : change.action;
  return { ...change, before, after, action };
}
