// Random histories of requests in zones with `skydns`. After each request, the SkyDNS layout has exactly the keys for
// the names of the zones, because the transaction that wrote the names also wrote the keys. After requests that switch
// `skydns`, and after other programs have written values, the leader brings the layout up to date.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { ForeignValues } from '../../src/control/skydns/foreign-values.ts';
import { nameserverValues } from '../../src/control/skydns/wanted-keys.ts';
import { startSkydns } from '../../src/interop/skydns/skydns.ts';
import { parseAddress } from '../../src/model/address.ts';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { parseName } from '../../src/model/name.ts';
import type { Rrset } from '../../src/model/rrset.ts';
import { foreignRrsets } from '../../src/model/skydns/foreign-rrsets.ts';
import { ownValues } from '../../src/model/skydns/own-values.ts';
import { isOwnValue } from '../../src/model/skydns/service.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { nameKind, nameValue } from '../../src/store/kinds/name.ts';
import type { Compare, Operation, Store } from '../../src/store/store.ts';
import { type ControlPlane, openReplica, putZone } from '../support/control-plane.ts';
import { storeEntries } from '../support/store-dump.ts';
import { type Cleanup, inScope, temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { beginning, commands } from './commands.ts';

const prefix = '/skydns';
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

test('each request of a random history updates the SkyDNS layout in the same transaction as the names', async (t) => {
  const folder = await temporaryFolder(t);
  let runs = 0;
  const ofRecords = commands.filter(({ what }) => what !== 'put zone' && what !== 'delete zone');
  const property = fc.asyncProperty(fc.array(ofRecords, { minLength: 15, maxLength: 40, size: 'max' }), (history) =>
    inScope(async (cleanup) => {
      const replica = await startWithLayout(cleanup, join(folder, String(++runs)));
      for (const { decide } of history) {
        await replica.attempt(decide);
        assert.deepEqual(await layout(replica.store), await wantedOf(replica));
      }
    }),
  );
  await fc.assert(property, { numRuns: 40, endOnFailure: true });
});

/**
 * An event between requests: `skydns` of all zones is switched on or off, or another program puts or deletes a value.
 */
type Happening = { skydns: boolean } | { key: string; value: string | undefined };

const foreignNames = ['a', 'b', 'c', 'x', 's', 's/d', 'dns/apex/1', 'a/1', 'a/2', 'b/1', 'new/1', '*/1'];
const foreignValues = [
  { host: '10.0.0.3', targetstrip: 1 },
  { host: '10.0.0.4', ttl: 60, targetstrip: 1 },
  { host: '2001:db8::7' },
  { host: 'x.z' },
  { host: 'x.z', targetstrip: 1 },
  { host: 'x.z', port: 80 },
  { text: 'theirs', targetstrip: 1 },
  {},
].map((value) => JSON.stringify(value));
const foreign = fc.record({
  key: fc.constantFrom(...foreignNames).map((path) => `${prefix}/z/${path}`),
  value: fc.constantFrom(...foreignValues, '{', undefined),
});
const happenings: fc.Arbitrary<Happening> = fc.oneof(fc.record({ skydns: fc.boolean() }), {
  arbitrary: foreign,
  weight: 4,
});

test('after a random history, the leader brings the layout and the records of others up to date', async (t) => {
  const folder = await temporaryFolder(t);
  let runs = 0;
  const step = fc.oneof({ weight: 6, arbitrary: commands }, { weight: 4, arbitrary: happenings });
  const steps = fc.array(step, { minLength: 15, maxLength: 40, size: 'max' });
  let mirrored = 0;
  const property = fc.asyncProperty(steps, (history) =>
    inScope(async (cleanup) => {
      const replica = await startWithLayout(cleanup, join(folder, String(++runs)));
      cleanup.after(startSkydns({ ...replica, logger: silent, prefix }, 'test'));
      const theirs = new Map<string, string>();
      for (const one of history) {
        if ('decide' in one) await replica.attempt(one.decide);
        else await happen(replica, one, theirs);
      }
      const now = async () => [await layout(replica.store), recordsOfOthers(replica)];
      const wanted = async () => [withNameservers(replica, await wantedOf(replica)), await wantedOfOthers(replica)];
      const isDone = async () => isSettled(replica) && isDeepStrictEqual(await now(), await wanted());
      await until(isDone, '', 20_000).catch(async () => assert.deepEqual(await now(), await wanted()));
      const { entries } = await replica.store.list(`${prefix}/`);
      const foreign = entries.filter(({ value }) => !isOwnValue(value)).map(({ key, value }) => [key, value]);
      assert.deepEqual(sorted(Object.fromEntries(foreign)), sorted(Object.fromEntries(theirs)));
      mirrored += Object.keys(recordsOfOthers(replica)).length;
    }),
  );
  await fc.assert(property, { numRuns: 12, endOnFailure: true });
  assert.ok(mirrored > 0);
});

test('what is written while `skydns` is off for a moment is in the layout, and is served, when it is on again', async (t) => {
  const folder = await temporaryFolder(t);
  const replica = await startWithLayout(t, join(folder, 'store'));
  t.after(startSkydns({ ...replica, logger: silent, prefix }, 'test'));
  await until(() => isSettled(replica), 'the leader does not begin');
  // The leader may look for changed zones in one of the moments, but not in all of them.
  for (const round of [1, 2, 3]) {
    await happen(replica, { skydns: false }, new Map());
    const [name, addresses] = [parseName(`moment-${round}.z`), [parseAddress(`192.0.2.${round}`)]];
    const wanted = { name, addresses, aliases: [], ttl: null, ptr: false, owner: '', tags: {} };
    await replica.commit((context) => decideCreateHost(context, wanted));
    const value = JSON.stringify({ host: '10.0.0.3' });
    await happen(replica, { key: `${prefix}/z/theirs-${round}`, value }, new Map());
    await happen(replica, { skydns: true }, new Map());
    const whole = async () => withNameservers(replica, await wantedOf(replica));
    await until(async () => isDeepStrictEqual(await layout(replica.store), await whole()), 'the layout lacks a key');
    const isServed = () => `z theirs-${round}.z A` in recordsOfOthers(replica);
    await until(isServed, 'a value of others is not served');
    await until(() => isSettled(replica), 'the leader does not end its work');
  }
});

/** Lets one event happen. Notes in `theirs` what other programs have written. */
async function happen(
  { store, views, attempt }: ControlPlane,
  one: Happening,
  theirs: Map<string, string>,
): Promise<void> {
  if ('skydns' in one) {
    for (const { value } of [...views.zones.list()])
      await attempt(putZone(value.name, { ...value, skydns: one.skydns }));
    return;
  }
  const { key, value } = one;
  // Other programs do not overwrite our values.
  const standing = await store.get(key);
  if (standing !== undefined && isOwnValue(standing.value)) return;
  const compare: Compare = standing ? { kind: 'modified', key, revision: standing.modified } : { kind: 'absent', key };
  const operation: Operation = value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value };
  const { committed } = await store.commit({ compares: [compare], operations: [operation] });
  if (!committed) return;
  if (value === undefined) theirs.delete(key);
  else theirs.set(key, value);
}

/** Returns the RRsets that `skydns` manages, by name and type. */
function recordsOfOthers({ views }: ControlPlane): Record<string, Rrset> {
  const found: Record<string, Rrset> = {};
  for (const { value: zone } of views.zones.list())
    for (const owner of [zone.name, ...views.zones.namesBelow(zone.name, zone.name)])
      for (const rrset of views.zones.name(zone.name, owner).rrsets)
        if (rrset.manager === 'skydns') found[`${zone.name} ${owner} ${rrset.type}`] = rrset;
  return sorted(found);
}

/** Returns the RRsets that the values of other programs must give beside our records, computed from the store. */
async function wantedOfOthers({ store, views }: ControlPlane): Promise<Record<string, Rrset>> {
  const values = new ForeignValues({ views, prefix });
  for (const { key, value } of (await store.list(`${prefix}/`)).entries) values.note(key, value);
  const wanted: Record<string, Rrset> = {};
  for (const { zone, owner } of values.places()) {
    const own = views.zones.name(zone, owner).rrsets.filter(({ manager }) => manager !== 'skydns');
    const place = { zone, owner, ownTypes: new Set<string>(own.map(({ type }) => type)) };
    for (const rrset of foreignRrsets(place, values.valuesAt({ zone, owner })).rrsets)
      wanted[`${zone} ${owner} ${rrset.type}`] = rrset;
  }
  return sorted(wanted);
}

/** Starts a replica whose zones have `skydns`. */
async function startWithLayout(cleanup: Cleanup, path: string): Promise<ControlPlane> {
  const store = await openEmbeddedStore({ folder: path });
  cleanup.after(() => rm(path, { recursive: true, force: true }));
  cleanup.after(() => store.close());
  const replica = await openReplica(cleanup, store, undefined, undefined, prefix);
  for (const decide of beginning) await replica.commit(decide);
  for (const { value } of [...replica.views.zones.list()])
    await replica.commit(putZone(value.name, { ...value, skydns: true }));
  return replica;
}

/** Returns our values in the layout. */
async function layout(store: Store): Promise<Record<string, string>> {
  const { entries } = await store.list(`${prefix}/`);
  return Object.fromEntries(entries.filter(({ value }) => isOwnValue(value)).map(({ key, value }) => [key, value]));
}

/** Returns the values that the layout should have for all names in zones with `skydns`, computed from the store. */
async function wantedOf({ store, views }: ControlPlane): Promise<Record<string, string>> {
  const wanted: Record<string, string> = {};
  for (const { key, value } of await storeEntries(store)) {
    const subject = nameKind.parse(key);
    const zone = subject && views.zones.get(subject.zone)?.value;
    if (zone === undefined || !zone.skydns) continue;
    const stored = nameValue.decode(value);
    for (const rrset of views.zones.withTtls(zone, stored)) {
      if (rrset.manager === 'skydns') continue;
      try {
        Object.assign(wanted, Object.fromEntries(ownValues({ prefix, zone: zone.name, owner: stored.name }, rrset)));
      } catch (error) {
        assert.ok(error instanceof InvalidValue);
      }
    }
  }
  // We do not write over a key with a value of another program.
  for (const { key, value } of (await store.list(`${prefix}/`)).entries) if (!isOwnValue(value)) delete wanted[key];
  return sorted(wanted);
}

function withNameservers({ views }: ControlPlane, wanted: Record<string, string>): Record<string, string> {
  const all = { ...wanted };
  for (const { value: zone } of views.zones.list())
    if (zone.skydns) Object.assign(all, Object.fromEntries(nameserverValues(views, prefix, zone)));
  return sorted(all);
}

/** Returns whether the leader has done all work: each zone with `skydns` follows, and no other zone has a state. */
function isSettled({ views }: ControlPlane): boolean {
  const states = [...views.skydns.states.values()];
  const zones = [...views.zones.list()].filter(({ value }) => value.skydns);
  return states.length === zones.length && states.every(({ phase, settings }) => phase === 'following' && settings.on);
}

function sorted<T>(values: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}
