// Rebuilds the state of the store from its audit events alone. Each event must fit the state that the events before it
// have built.

import assert from 'node:assert/strict';
import type { Holder } from '../../src/model/allocation.ts';
import { describeHolder } from '../../src/model/allocation.ts';
import type { AddressUse, AuditEvent, AuditedDecision, Fields } from '../../src/model/audit-event.ts';
import type { Contents } from './whole.ts';

/** The fields of all resources, by `resource name`, and the owner of each use, by `space address holder`. */
interface Replayed {
  resources: Map<string, Fields>;
  uses: Map<string, { owner: string }>;
}

/** Replays the decisions of a store since it was empty. */
export function replay(decisions: readonly AuditedDecision[]): Replayed {
  const replayed: Replayed = { resources: new Map(), uses: new Map() };
  for (const { events, uses } of decisions) {
    for (const event of events) replayEvent(replayed, withParentId(replayed, withoutPools(event)));
    for (const use of uses) replayUse(replayed, use);
  }
  return replayed;
}

/**
 * Returns the event without the names of the pools of addresses, which are those of its time: a pool can be renamed
 * between two events of a host, split or merged. So do the uses: their pools are not compared. The store has the pool
 * that gave an address, which events do not show.
 */
function withoutPools(event: AuditEvent): AuditEvent {
  const strip = (fields: Fields | null) => fields && (unnamed(fields) as Fields);
  return event.resource === 'pool' ? event : { ...event, before: strip(event.before), after: strip(event.after) };
}

/** Returns the event of a pool with the id of the pool around it in place of the name that this had then. */
function withParentId({ resources }: Replayed, event: AuditEvent): AuditEvent {
  if (event.resource !== 'pool') return event;
  const around = (name: unknown) =>
    [...resources].find(([key, fields]) => key.startsWith('pool ') && fields.name === name)?.[1].id ?? name;
  const settle = (fields: Fields | null) =>
    fields && 'parent' in fields ? { ...fields, parent: around(fields.parent) } : fields;
  return { ...event, before: settle(event.before), after: settle(event.after) };
}

function unnamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unnamed);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([field]) => field !== 'pool' && field !== 'givenBy');
  return Object.fromEntries(fields.map(([field, one]) => [field, unnamed(one)]));
}

function replayEvent({ resources }: Replayed, { resource, action, name, before, after }: AuditEvent): void {
  const { zone, space, id } = before ?? after ?? {};
  // A pool can be renamed: its id stays.
  const place = resource === 'pool' ? `pool ${id}` : `${resource} ${name}`;
  const key = resource === 'rrset' ? `${place} in ${zone}` : resource === 'allocation' ? `${place} in ${space}` : place;
  const stands = resources.get(key);
  const told = `${key} ${action}: ${JSON.stringify({ before, after })}`;
  if (action === 'created') {
    assert.equal(stands, undefined, told);
    assert.equal(before, null, told);
    resources.set(key, after as Fields);
    return;
  }
  // The event is about an address that is in its cool-down: nobody holds it.
  if (before?.state === 'cooling-down') {
    assert.equal(stands, undefined, told);
    return;
  }
  assert.ok(stands !== undefined && before !== null, told);
  if (action === 'deleted') {
    assert.equal(after, null, told);
    resources.delete(key);
    if (resource !== 'zone') assert.deepEqual(before, stands, told);
    else {
      const { names, ...fields } = before;
      assert.deepEqual(fields, stands, told);
      const gone = [...resources.keys()].filter((one) => one.startsWith('rrset ') && one.endsWith(` in ${name}`));
      assert.equal(new Set(gone.map((one) => one.split(' ')[1])).size, names, told);
      for (const one of gone) resources.delete(one);
    }
    return;
  }
  assert.equal(action, 'changed', told);
  assert.ok(after !== null, told);
  if (resource === 'allocation') {
    const holders = new Map((stands.holders as Holder[]).map((holder) => [describeHolder(holder), holder]));
    for (const holder of before.holders as Holder[]) {
      assert.deepEqual(holders.get(describeHolder(holder)), holder, told);
      holders.delete(describeHolder(holder));
    }
    for (const holder of after.holders as Holder[]) holders.set(describeHolder(holder), holder);
    resources.set(key, { ...stands, holders: [...holders.values()] });
    return;
  }
  // A renumbering is told as a change of its pool, and is no field of it.
  if (resource === 'pool' && 'renumbering' in after) return;
  const rest = Object.fromEntries(Object.entries(stands).filter(([field]) => !Object.hasOwn(before, field)));
  assert.partialDeepStrictEqual(stands, before, told);
  resources.set(key, { ...rest, ...after });
}

function replayUse({ uses }: Replayed, { space, address, action, holder, owner }: AddressUse): void {
  const key = `${space} ${address} ${holder}`;
  const told = `${key} ${action} ${owner}`;
  if (action === 'taken') {
    assert.ok(!uses.has(key), told);
    uses.set(key, { owner });
  } else {
    assert.deepEqual(uses.get(key), { owner }, told);
    uses.delete(key);
  }
}

/** Asserts that the events, replayed from the first one on, give the contents of the store. */
export function assertTold(decisions: readonly AuditedDecision[], contents: Contents): void {
  const { resources, uses } = replay(decisions);
  const found = new Map<string, object>();
  for (const { name, ...fields } of contents.hosts.values()) found.set(`host ${name}`, unnamed(fields) as Fields);
  for (const fields of contents.pools.values()) found.set(`pool ${fields.id}`, fields);
  for (const { name, generation: _, ...fields } of contents.zones.values()) found.set(`zone ${name}`, fields);
  for (const { zone, name, rrsets } of contents.names) {
    for (const { type, ttl, records, manager } of rrsets) {
      if (manager === undefined) found.set(`rrset ${name} ${type} in ${zone}`, { zone, ttl, records });
    }
  }
  const holding = new Map<string, object>();
  for (const { space, address, holders } of contents.addresses.values()) {
    for (const holder of holders) {
      holding.set(`${space} ${address} ${describeHolder(holder)}`, { owner: holder.owner });
    }
    const allocations = holders.filter(({ kind }) => kind === 'allocation');
    if (allocations.length > 0) found.set(`allocation ${address} in ${space}`, { space, holders: allocations });
  }
  const sorted = (map: ReadonlyMap<string, unknown>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(sorted(resources), sorted(found));
  assert.deepEqual(sorted(uses), sorted(holding));
}
