// The message of one revision: its changes, each written as JSON once for all followers.

import {
  addressPath,
  forwarderPath,
  hostPath,
  poolPath,
  rrsetPath,
  zonePath,
} from '../../control/reading/resource-path.ts';
import { withPool, withPoolNames, withPools } from '../../control/reading/with-pools.ts';
import { type ResourceChange, resourceChanges } from '../../control/watch/resource-changes.ts';
import type { Revision, Serial } from '../../model/revision.ts';
import type { Change } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { showForwarder } from '../schemas/forwarder.ts';
import { showHost } from '../schemas/host.ts';
import { showAllocation, showPool } from '../schemas/pool.ts';
import { showToken } from '../schemas/token.ts';
import { showRrset, showZone } from '../schemas/zone.ts';

export interface Message {
  readonly revision: Revision;
  readonly changes: readonly { readonly change: ResourceChange; readonly text: string }[];
  /** About how much memory the message takes. */
  readonly octets: number;
}

interface Seen {
  views: Pick<Views, 'pools' | 'hosts'>;
}

/** The part of a message that one slice makes, as its `octets` count. A slice takes some milliseconds. */
const maxCharacters = 64_000;

/**
 * Returns the message of a revision. The change must have the previous values of its keys. Yields after each slice
 * (test/http/message-slices.test.ts).
 */
export function* messageOf(seen: Seen, change: Change): Generator<void, Message> {
  const { revision } = change;
  const changes: { change: ResourceChange; text: string }[] = [];
  let octets = 0;
  let sliceEnd = maxCharacters;
  for (const one of yield* resourceChanges(change)) {
    if (octets >= sliceEnd) {
      sliceEnd = octets + maxCharacters;
      yield;
    }
    const text = showChange(seen, revision, one);
    changes.push({ change: one, text });
    // Besides the text, the message keeps the values before and after the change.
    octets += 2 * text.length + JSON.stringify(one.before ?? null).length;
  }
  return { revision, changes, octets };
}

/**
 * Returns a change as JSON. Leaves out the usage of a pool and the serial of a zone: changes of other resources alter
 * them.
 */
export function showChange(seen: Seen, revision: Revision, change: ResourceChange): string {
  const { resource, action } = change;
  return JSON.stringify({ resource, action, ...placeOf(change), after: shownAfter(seen, revision, change) });
}

function placeOf(change: ResourceChange): { id?: string; name: string; path: string } {
  const { resource, id } = change;
  switch (resource) {
    case 'host':
      return { name: id, path: hostPath(id) };
    case 'pool': {
      const { name } = change.after ?? change.before ?? { name: id };
      return { id, name, path: poolPath(name) };
    }
    case 'zone':
      return { name: id, path: zonePath(id) };
    case 'rrset':
      return { name: `${id.owner} ${id.type}`, path: rrsetPath(id.zone, id.owner, id.type) };
    case 'allocation':
      return { name: id.address, path: addressPath(id.space, id.address) };
    case 'token':
      return { name: id, path: `/v1/tokens/${id}` };
    case 'resolver':
      return { name: id, path: `/v1/resolvers/${id}` };
    case 'forwarder':
      return { name: id, path: forwarderPath(id) };
  }
}

function shownAfter(seen: Seen, revision: Revision, change: ResourceChange): object | null {
  if (change.after === undefined) return null;
  switch (change.resource) {
    case 'host':
      return showHost(withPools(seen, change.after), revision);
    case 'zone': {
      const { serial: _, skydnsProgress: __, ...shown } = showZone(change.after, 0 as Serial);
      return shown;
    }
    case 'rrset':
      return showRrset(change.id.zone, change.id.owner, change.after);
    case 'allocation':
      return showAllocation(withPool(seen, change.after));
    case 'token':
      return showToken(withPoolNames(seen, change.after));
    case 'forwarder':
      return showForwarder(change.after);
    case 'pool':
      return showPool(seen, change.after);
    case 'resolver':
      return change.after;
  }
}
