// A delegation or a DNAME (a cut), and a name that it would hide, are decided on the same view. The decision that is
// committed second is refused. Cited by src/control/transaction/transaction-builder.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { importZoneFile } from '../../src/control/zone-file/import-zone-file.ts';
import { decideChangeRrsets } from '../../src/control/zones/change-rrsets.ts';
import { Refusal } from '../../src/errors.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import {
  type ControlPlane,
  contextOf,
  embeddedStore,
  openReplica,
  putZone,
  testActor,
} from '../support/control-plane.ts';
import type { Cleanup } from '../support/temporary.ts';

const zones = ['z', '10.in-addr.arpa'].map(parseName);

async function prepare(t: Cleanup): Promise<ControlPlane> {
  const replica = await openReplica(t, await embeddedStore(t));
  for (const name of zones) {
    await replica.commit(putZone(name, { nameservers: [parseName('ns.example')] }));
  }
  return replica;
}

function rrset(zoneText: string, ownerText: string, typeText: string): Decide<unknown> {
  const [zone, owner, type] = [parseName(zoneText), parseName(ownerText), parseRecordType(typeText)];
  const records = [type === 'TXT' ? '"x"' : 'elsewhere.'];
  const change = { owner, type, rrset: { type, records }, path: '' };
  return (context) => decideChangeRrsets(context, { zone, changes: [change] });
}

function host(name: string, aliases: string[] = []): Decide<unknown> {
  const wanted = { name: parseName(name), aliases: aliases.map(parseName), ttl: null, ptr: true, owner: '', tags: {} };
  return (context) => decideCreateHost(context, { ...wanted, addresses: [parseAddress('10.0.0.1')] });
}

const cases: [what: string, cut: Decide<unknown>, name: Decide<unknown>][] = [
  ['a delegation above a host', rrset('z', 's.z', 'NS'), host('a.s.z')],
  ['a delegation at a host', rrset('z', 's.z', 'NS'), host('s.z')],
  ['a delegation above an alias', rrset('z', 's.z', 'NS'), host('a.z', ['b.s.z'])],
  ['a delegation above a PTR', rrset('10.in-addr.arpa', '0.10.in-addr.arpa', 'NS'), host('a.z')],
  ['a DNAME above a host', rrset('z', 's.z', 'DNAME'), host('a.s.z')],
  ['a DNAME at the apex, above a host', rrset('z', 'z', 'DNAME'), host('a.z')],
  ['a DNAME above a record', rrset('z', 's.z', 'DNAME'), rrset('z', 'a.s.z', 'TXT')],
];

for (const [what, cut, name] of cases) {
  for (const [order, first, second] of [
    ['the name first', name, cut],
    ['the cut first', cut, name],
  ] as const) {
    test(`on a stale view, ${what}: the decision that is committed second is refused, ${order}`, async (t) => {
      const { store, views, attempt } = await prepare(t);
      const { compares, operations } = second(contextOf(views));
      assert.ok(!((await attempt(first)) instanceof Refusal));
      assert.equal((await store.commit({ compares, operations })).committed, false);
      const again = await attempt(second);
      assert.ok(again instanceof Refusal && again.code === 'name_hidden', String(again));
    });

    test(`requested at once, ${what}: not both are accepted, ${order}`, async (t) => {
      for (const replicas of [1, 2]) {
        const near = await prepare(t);
        const other = replicas === 1 ? near : await openReplica(t, near.store);
        const outcomes = await Promise.all([near.attempt(first), other.attempt(second)]);
        assert.equal(outcomes.filter((outcome) => outcome instanceof Refusal).length, 1);
      }
    });
  }
}

test('either a host or the import of a zone file with a delegation above it is refused', async (t) => {
  const replica = await prepare(t);
  const text = async function* () {
    yield '$GENERATE 1-3000 n$ A 10.1.0.1\ns NS elsewhere.\n';
  };
  const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const wanted = { actor: testActor, zone: parseName('z'), text: text(), dryRun: false };
  let made: Promise<unknown> | undefined;
  const onProgress = () => {
    made ??= replica.attempt(host('a.s.z'));
  };
  const imported = await importZoneFile({ ...replica, logger }, { ...wanted, onProgress }).catch((error) => error);
  const outcomes = [imported, await made];
  const [refusal, ...others] = outcomes.filter((outcome) => outcome instanceof Refusal);
  assert.deepEqual([refusal?.code, others.length], ['name_hidden', 0]);
});
