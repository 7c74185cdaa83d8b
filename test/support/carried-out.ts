// Computes which changes were carried out, only from the history of the store since the store was empty. Has its own
// rule for each kind of resource, and uses none of the code that makes audit events.

import assert from 'node:assert/strict';
import type { Store, StoreEvent } from '../../src/store/store.ts';

type Fields = Record<string, unknown>;

/** A change that users could see, in the form of a ledger's event. */
export interface CarriedOut {
  revision: number;
  resource: string;
  action: string;
  name: string;
  before: Fields | null;
  after: Fields | null;
}

/** An address that a holder has taken or given back. `holder`: the holder's name or id, a space, and its owner. */
export interface TakenOrReleased {
  revision: number;
  address: string;
  action: 'taken' | 'released';
  holder: string;
}

export interface StoreHistory {
  changes: CarriedOut[];
  uses: TakenOrReleased[];
}

/** The kinds of keys whose values are resources, with the fields that events do not show, and those that all show. */
const resources = new Map([
  ['hosts', { resource: 'host', hidden: ['v', 'name'], kept: [] }],
  ['pools', { resource: 'pool', hidden: ['v'], kept: ['id'] }],
  ['zones', { resource: 'zone', hidden: ['v', 'name', 'generation'], kept: [] }],
]);

/**
 * Reads the history of a store that was never compacted, up to the newest revision. The history must contain no import
 * of a zone file, no write past Zonewright, and no cool-down that was ended early.
 */
export async function readHistory(store: Store): Promise<StoreHistory> {
  const { revision: newest } = await store.list('', { limit: 1 });
  const history: StoreHistory = { changes: [], uses: [] };
  const ended = new AbortController();
  /** The id of a pool → its name, which the events show. */
  const pools = new Map<unknown, unknown>();
  for await (const { revision, events } of store.watch('', 1 as typeof newest, ended.signal, { previous: true })) {
    const { changes, uses } = historyOf(events, pools);
    history.changes.push(...changes.map((change) => ({ revision, ...change })));
    history.uses.push(...uses.map((use) => ({ revision, ...use })));
    if (revision >= newest) break;
  }
  ended.abort();
  return history;
}

interface Changes {
  changes: Omit<CarriedOut, 'revision'>[];
  uses: Omit<TakenOrReleased, 'revision'>[];
}

/** Returns the changes of one transaction. */
function historyOf(events: readonly StoreEvent[], pools: Map<unknown, unknown>): Changes {
  const found: Changes = { changes: [], uses: [] };
  /** A zone → the number of its deleted names with records of users. */
  const deletedNames = new Map<string, number>();
  const keys = events.map((event) => {
    const [kind = '', zone = ''] = (event.kind === 'put' ? event.entry.key : event.key).split('/');
    const before = decoded(event.previous?.value);
    const after = event.kind === 'put' ? decoded(event.entry.value) : null;
    if (kind === 'pools' && after !== null) pools.set(after.id, after.name);
    const isGone = kind === 'names' && after === null && rrsetsOfUsers(before).length > 0;
    if (isGone) deletedNames.set(zone, (deletedNames.get(zone) ?? 0) + 1);
    return { kind, zone, before, after };
  });
  const deletedZones = new Set(
    keys.flatMap(({ kind, zone, after }) => (kind === 'zones' && after === null ? zone : [])),
  );
  for (const { kind, zone, ...values } of keys) {
    const [before, after] = [values.before, values.after].map((value) => withPoolName(value, pools)) as [
      Fields | null,
      Fields | null,
    ];
    const rule = resources.get(kind);
    if (rule !== undefined) {
      const [old, now] = [without(before, rule.hidden), without(after, rule.hidden)];
      if (old !== null && now === null && kind === 'zones') old.names = deletedNames.get(zone) ?? 0;
      const [some, always] = [after ?? before, {} as Fields];
      for (const field of rule.kept) always[field] = some?.[field];
      found.changes.push(...changeOf(rule.resource, String(some?.name), old, now, always));
    }
    if (kind === 'names' && !deletedZones.has(zone)) found.changes.push(...rrsetChanges(zone, before, after));
    if (kind === 'addresses') {
      found.changes.push(...allocationChanges(before, after));
      found.uses.push(...usesOf(before, after));
    }
  }
  return found;
}

/** Returns the fields of an address or host with the name of a pool in place of the id of the one that gave it. */
function withPoolName(value: Fields | null, pools: ReadonlyMap<unknown, unknown>): Fields | null {
  if (value === null) return null;
  const named = ({ givenBy, ...fields }: Fields): Fields =>
    givenBy === undefined ? fields : { ...fields, pool: pools.get(givenBy) ?? givenBy };
  const addresses = Array.isArray(value.addresses) ? { addresses: value.addresses.map(named) } : {};
  return { ...named(value), ...addresses };
}

interface Rrset {
  type: string;
  ttl: number;
  records: string[];
  manager?: string;
}

function rrsetsOfUsers(value: Fields | null): Rrset[] {
  return ((value?.rrsets ?? []) as Rrset[]).filter(({ manager }) => manager === undefined);
}

/** Returns the changes of a name's RRsets, except those of hosts: the host's own change has them. */
function rrsetChanges(zone: string, before: Fields | null, after: Fields | null) {
  const fieldsOf = (rrset: Rrset | undefined) => rrset && { ttl: rrset.ttl, records: rrset.records };
  const [old, now] = [rrsetsOfUsers(before), rrsetsOfUsers(after)];
  return [...new Set([...old, ...now].map(({ type }) => type))].flatMap((type) => {
    const [one, other] = [old, now].map((all) => fieldsOf(all.find((rrset) => rrset.type === type)) ?? null);
    return changeOf('rrset', `${(after ?? before)?.name} ${type}`, one as Fields, other as Fields, { zone });
  });
}

interface Holder {
  kind: string;
  id?: string;
  host?: string;
  owner: string;
}

const holdersIn = (value: Fields | null) => (value?.holders ?? []) as Holder[];

function allocationChanges(before: Fields | null, after: Fields | null) {
  const { space, pool, address } = (after ?? before) as Fields;
  const allocations = (value: Fields | null) => holdersIn(value).filter(({ kind }) => kind === 'allocation');
  const [old, now] = [allocations(before), allocations(after)];
  const [left, come] = [unlike(old, now), unlike(now, old)];
  if (left.length === 0 && come.length === 0) return [];
  const name = String(address);
  if (old.length === 0) return changeOf('allocation', name, null, { space, pool, holders: come });
  if (now.length === 0) return changeOf('allocation', name, { space, pool, holders: left }, null);
  return changeOf('allocation', name, { holders: left }, { holders: come }, { space });
}

function usesOf(before: Fields | null, after: Fields | null): Changes['uses'] {
  const { address } = (after ?? before) as { address: string };
  const named = (value: Fields | null) => holdersIn(value).map(({ id, host, owner }) => `${host ?? id} ${owner}`);
  const [old, now] = [named(before), named(after)];
  return [
    ...unlike(old, now).map((holder) => ({ address, action: 'released' as const, holder })),
    ...unlike(now, old).map((holder) => ({ address, action: 'taken' as const, holder })),
  ];
}

/** Returns the change, or none if no field differs. `always`: fields that are in every change. */
function changeOf(
  resource: string,
  name: string,
  before: Fields | null,
  after: Fields | null,
  always: Fields = {},
): Changes['changes'] {
  const told = (fields: Fields | null) => fields && { ...always, ...fields };
  if (before === null) return [{ resource, action: 'created', name, before, after: told(after) }];
  if (after === null) return [{ resource, action: 'deleted', name, before: told(before), after }];
  const equal = Object.keys(before).filter((field) => textOf(before[field]) === textOf(after[field]));
  const [old, now] = [without(before, equal), without(after, equal)];
  if (Object.keys({ ...old, ...now }).length === 0) return [];
  return [{ resource, action: 'changed', name, before: told(old), after: told(now) }];
}

function unlike<T>(all: readonly T[], others: readonly T[]): T[] {
  const texts = new Set(others.map(textOf));
  return all.filter((one) => !texts.has(textOf(one)));
}

function without<T extends Fields | null>(fields: T, names: readonly string[]): T {
  return (fields && Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))) as T;
}

function decoded(text: string | undefined): Fields | null {
  if (text === undefined || text === '') return null;
  const value: unknown = JSON.parse(text);
  assert.ok(typeof value === 'object' && value !== null, text);
  return value as Fields;
}

/** Returns a text that does not depend on the order of fields. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort())
      : one,
  );
}
