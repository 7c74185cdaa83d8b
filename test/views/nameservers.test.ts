// Zones without nameservers of their own: the replicas are their nameservers. Records that users wrote at the names of
// replicas take precedence.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../src/model/name.ts';
import type { Revision } from '../../src/model/revision.ts';
import { memberKey, memberValue } from '../../src/store/kinds/member.ts';
import { nameKey, nameValue } from '../../src/store/kinds/name.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import type { Entry, StoreEvent } from '../../src/store/store.ts';
import { emptyViews } from '../support/control-plane.ts';

const k8s = parseName('k8s');
const nameserver = parseName('ns-one.k8s');
const settings = { generation: 1, defaultTtl: 60, nameservers: [], soa: {}, skydns: false, automatic: false };
const zone = [zoneKey(k8s), zoneValue.encode({ name: k8s, ...settings })] as const;
const member = memberValue.encode({ replica: 'one', dns: ['192.0.2.1:53', '[2001:db8::1]:53'] });
const own = (type: string, record: string) => {
  const rrsets = [{ type: type as never, ttl: 60, records: [record] }];
  return [nameKey(k8s, 1, nameserver), nameValue.encode({ name: nameserver, rrsets })] as const;
};

function entry([key, value]: readonly [string, string], revision: number): Entry {
  return { key, value, created: revision as Revision, modified: revision as Revision };
}

for (const order of ['the name first', 'the replica first', 'loaded'] as const) {
  test(`users' own records at a replica's name hide all of its addresses, and are reported once: ${order}`, () => {
    const warnings: unknown[] = [];
    const views = emptyViews({
      debug: () => {},
      info: () => {},
      warn: (fields) => warnings.push(fields),
      error: () => {},
    });
    let revision = 1;
    const apply = (event: StoreEvent) => views.apply({ revision: ++revision as Revision, events: [event] });
    const put = (pair: readonly [string, string]) => apply({ kind: 'put', entry: entry(pair, revision + 1) });
    const addressTypes = () =>
      views.zones
        .implied(k8s)
        .filter(({ owner }) => owner === nameserver)
        .map(({ rrset }) => rrset.type);
    views.beginLoad();
    const before = order === 'loaded' ? [own('A', '10.0.0.1'), zone] : [zone];
    for (const pair of before) views.load(entry(pair, 1));
    if (order === 'loaded') views.load(entry([memberKey('one'), member], 1));
    views.endLoad(1 as Revision);
    if (order === 'the replica first') put([memberKey('one'), member]);
    if (order !== 'loaded') put(own('A', '10.0.0.1'));
    if (order === 'the name first') put([memberKey('one'), member]);

    assert.deepEqual(warnings, [{ name: nameserver }]);
    assert.deepEqual(addressTypes(), []);
    assert.deepEqual(views.zones.name(k8s, nameserver).rrsets[0]?.records, ['10.0.0.1']);
    put(own('CNAME', 'a.k8s.'));
    assert.deepEqual(addressTypes(), []);
    put(own('TXT', '"x"'));
    assert.deepEqual(addressTypes(), ['A', 'AAAA'], 'an address is hidden by a record that is no address');
    apply({ kind: 'delete', key: nameKey(k8s, 1, nameserver) });
    assert.deepEqual(addressTypes(), ['A', 'AAAA']);
    assert.equal(warnings.length, 1);
  });
}

for (const order of ['the NS first', 'the zone first'] as const) {
  test(`a zone has no address of a replica that its own NS records do not name: ${order}`, () => {
    const views = emptyViews();
    let revision = 1;
    const apply = (event: StoreEvent) => views.apply({ revision: ++revision as Revision, events: [event] });
    const put = (pair: readonly [string, string]) => apply({ kind: 'put', entry: entry(pair, revision + 1) });
    const apex = (type: string, ...records: string[]) => {
      const rrsets = [{ type: type as never, ttl: 60, records }];
      return [nameKey(k8s, 1, k8s), nameValue.encode({ name: k8s, rrsets })] as const;
    };
    const shown = () => views.zones.implied(k8s).map(({ owner, rrset }) => `${owner} ${rrset.type}`);
    const addresses = ['ns-one.k8s A', 'ns-one.k8s AAAA'];
    views.beginLoad();
    const apexNs = apex('NS', 'ns.example.');
    for (const pair of order === 'the NS first' ? [apexNs, zone] : [zone, apexNs]) views.load(entry(pair, 1));
    views.load(entry([memberKey('one'), member], 1));
    views.endLoad(1 as Revision);
    assert.deepEqual(shown(), ['k8s SOA']);
    put(apex('NS', 'ns-one.k8s.', 'ns.example.'));
    assert.deepEqual(
      shown().sort(),
      ['k8s SOA', ...addresses].sort(),
      'the addresses of a replica that the NS records name are missing',
    );
    put(apex('NS', 'ns.example.'));
    assert.deepEqual(shown(), ['k8s SOA']);
    put(apex('TXT', '"x"'));
    assert.deepEqual(shown().sort(), ['k8s NS', 'k8s SOA', ...addresses].sort());
    put(apex('NS', 'ns.example.'));
    apply({ kind: 'delete', key: nameKey(k8s, 1, k8s) });
    assert.deepEqual(shown().sort(), ['k8s NS', 'k8s SOA', ...addresses].sort());
  });
}
