// Finds out whether a target of a forwarder is this service itself, which would forward the question again.

import type { Endpoint } from '../../model/endpoint.ts';
import { type ForwarderTarget, formatForwarderTarget } from '../../model/forwarder.ts';
import type { Views } from '../../views/views.ts';

/** Returns whether this replica itself receives what is sent to the target. */
export type IsListener = (target: Endpoint) => boolean;

/** Returns why the target is this service, for people; undefined if it is another server. */
export function findForwarderLoop(
  { members }: Views,
  endpoint: ForwarderTarget,
  isListener: IsListener,
): { message: string; replica?: string } | undefined {
  const target = formatForwarderTarget(endpoint);
  if (isListener(endpoint))
    return { message: `${target} is where this replica itself listens: name a server that has the zone` };
  const replica = [...members.values()].find(({ dns }) => dns.includes(target))?.replica;
  if (replica === undefined) return undefined;
  return { message: `${target} is the replica '${replica}' of this service, which would forward it again`, replica };
}
