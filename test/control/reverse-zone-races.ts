// Races of PTRs that move into a new reverse zone, and back.

import { Committer } from '../../src/control/transaction/commit.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { cleanGenerations } from '../../src/control/zone-file/clean-generations.ts';
import { decideDeleteZone } from '../../src/control/zones/delete-zone.ts';
import { decideDropHidden } from '../../src/control/zones/hidden-ptrs.ts';
import { createReverseZone } from '../../src/control/zones/new-reverse-zone.ts';
import { decideCreateZone } from '../../src/control/zones/put-zone.ts';
import { decideCopyBack } from '../../src/control/zones/return-ptrs.ts';
import { automaticReverseZone, parseAddress, reverseName } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { addressKey } from '../../src/store/kinds/address.ts';
import { hostKey } from '../../src/store/kinds/host.ts';
import { importKey } from '../../src/store/kinds/import.ts';
import { nameKey, nameKind, nameValue } from '../../src/store/kinds/name.ts';
import { serialKey } from '../../src/store/kinds/serial.ts';
import { zoneKey } from '../../src/store/kinds/zone.ts';
import type { Transaction } from '../../src/store/store.ts';
import { type ControlPlane, putZone, testActor } from '../support/control-plane.ts';
import type { Overtaken, Race } from './race.ts';
import { changeHost, createHost, deleteHost, erase, pool, putPool, putRrset, reverse, write, zone } from './steps.ts';

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const hosts = [...Array(80).keys()].map((index) => createHost(`h${index}.z`, `10.0.0.${index}`, { ptr: true }));
const given = [zone, putPool('p', ['10.0.0.0/24']), putZone(parseName('10.in-addr.arpa')), ...hosts];
const create = (replica: ControlPlane) => {
  const committer = new Committer(replica.store, replica.views);
  return createReverseZone({ ...replica, committer, logger }, reverse, async (prepared) => {
    const decide = (context: Parameters<typeof decideCreateZone>[0]) =>
      decideCreateZone(context, { name: reverse, ...zoneDefaults }, prepared);
    await committer.commit(testActor, decide, { once: true });
  });
};
const writes =
  (key: string) =>
  ({ operations }: Transaction) =>
    operations.some((operation) => operation.kind === 'put' && operation.key === key);
const owner = parseName(`1.${reverse}`);
const leftover = write(
  nameKey(reverse, 2, owner),
  nameValue.encode({ name: owner, rrsets: [{ type: 'TXT' as never, ttl: 60, records: ['"left over"'] }] }),
);

const wide = parseName('10.in-addr.arpa');
/** A zone below the automatic zone of fd00::1. */
const narrow = parseName(reverseName(parseAddress('fd00::1')).split('.').slice(8).join('.'));
const owners = [reverseName(parseAddress('10.0.0.1'))];
const copyBack: Decide<unknown> = (context) => decideCopyBack(context, { zone: reverse, owners });
const dropHidden: Decide<unknown> = (context) => decideDropHidden(context, { zone: reverse, owners });
const deleteReverse: Decide<unknown> = (context) => decideDeleteZone(context, { name: reverse, precondition: {} });

const reverseOwner = `1.${reverse}`;
const classless = putRrset(reverse, reverseOwner, 'CNAME', 'ptr.z.');
/** A pool whose addresses keep their records after a release. */
const coolingPool = putPool('p', ['10.0.0.0/29'], { strategy: 'least-recently-used' });

export const returnRaces: Race[] = [
  {
    guards: ['zones/hidden-ptrs.ts requireUnchanged'],
    what: 'a PTR is deleted because a zone hides it, while that zone is deleted',
    given: [zone, pool, putZone(wide), createHost('a.z', '10.0.0.1', { ptr: true }), putZone(reverse), copyBack],
    first: deleteReverse,
    second: dropHidden,
    stoppedBy: [zoneKey(reverse)],
  },
  {
    guards: ['zones/return-ptrs.ts requireUnchanged'],
    what: 'PTRs go back into the zone around, while another zone is created between the two',
    given: [zone, pool, putZone(wide), createHost('a.z', '10.0.0.1', { ptr: true }), putZone(reverse), copyBack],
    first: putZone(parseName('0.10.in-addr.arpa')),
    second: deleteReverse,
    stoppedBy: [zoneKey(wide), serialKey(wide)],
  },
  {
    guards: ['zones/return-ptrs.ts requireUnchanged'],
    what: 'PTRs that are back already stay, while they are deleted because the zone hides them',
    given: [zone, pool, putZone(wide), createHost('a.z', '10.0.0.1', { ptr: true }), putZone(reverse), copyBack],
    first: dropHidden,
    second: deleteReverse,
    stoppedBy: [serialKey(wide)],
  },
  {
    guards: ['zones/return-ptrs.ts requireUnchanged'],
    what: 'a PTR is copied back while its zone is deleted',
    given: [zone, pool, putZone(wide), putZone(reverse), createHost('a.z', '10.0.0.1', { ptr: true })],
    first: erase(zoneKey(reverse)),
    second: copyBack,
    stoppedBy: [zoneKey(reverse)],
  },
  {
    guards: ['zones/return-ptrs.ts createZone'],
    what: 'a zone is deleted whose PTRs go into a new automatic zone, while that zone is created',
    given: [zone, pool, putZone(narrow), createHost('a.z', 'fd00::1', { ptr: true })],
    first: createHost('b.z', 'fd00::1:0:0:1', { ptr: true }),
    second: (context) => decideDeleteZone(context, { name: narrow, precondition: {} }),
    stoppedBy: [zoneKey(automaticReverseZone(parseAddress('fd00::1')))],
  },
  {
    guards: ['hosts/ptr-place.ts requireUnchanged'],
    what: 'the PTR of a new host goes where a CNAME leads, while the CNAME is deleted',
    given: [zone, pool, putZone(reverse), classless],
    first: putRrset(reverse, reverseOwner, 'CNAME'),
    second: createHost('a.z', '10.0.0.1', { ptr: true }),
    stoppedBy: [nameKey(reverse, 1, parseName(reverseOwner))],
  },
  {
    guards: ['hosts/move-ptrs.ts requireAbsent'],
    what: 'a CNAME is deleted at the reverse name of an address that a host takes, with its PTR where the CNAME leads',
    given: [zone, pool, putZone(reverse), classless],
    first: createHost('a.z', '10.0.0.1', { ptr: true }),
    second: putRrset(reverse, reverseOwner, 'CNAME'),
    stoppedBy: [addressKey('default', parseAddress('10.0.0.1'))],
  },
  {
    guards: ['hosts/move-ptrs.ts requireUnchanged'],
    what: 'a CNAME is deleted at the reverse name of an address that another host takes',
    given: [zone, coolingPool, putZone(reverse), classless, createHost('b.z', '10.0.0.1'), deleteHost('b.z')],
    first: createHost('a.z', '10.0.0.1', { ptr: true }),
    second: putRrset(reverse, reverseOwner, 'CNAME'),
    stoppedBy: [addressKey('default', parseAddress('10.0.0.1'))],
  },
  {
    guards: ['hosts/move-ptrs.ts requireUnchanged'],
    what: 'a CNAME is deleted at the reverse name of a host that gets a PTR',
    given: [zone, pool, putZone(reverse), classless, createHost('a.z', '10.0.0.1')],
    first: changeHost('a.z', '10.0.0.1', { ptr: true }),
    second: putRrset(reverse, reverseOwner, 'CNAME'),
    stoppedBy: [hostKey(parseName('a.z'))],
  },
];

export const reverseZoneRaces: Overtaken[] = [
  {
    guards: ['zone-file/import-lock.ts absent'],
    what: 'PTRs begin to move into a new zone while the zone is created',
    given,
    run: create,
    isSecond: writes(importKey(reverse)),
    first: [write(zoneKey(reverse), '{}')],
    stoppedBy: [zoneKey(reverse)],
  },
  {
    guards: ['zones/take-ptrs.ts lock.compare'],
    what: 'a new zone takes PTRs after it has lost its lock',
    given,
    run: create,
    isSecond: writes(zoneKey(reverse)),
    first: [erase(importKey(reverse))],
    stoppedBy: [importKey(reverse)],
  },
  {
    guards: ['zone-file/clean-generations.ts absent'],
    what: 'names that a creation has left are deleted while the zone is created',
    given: [zone, leftover],
    run: ({ store }) => cleanGenerations(store, reverse),
    isSecond: ({ operations }) =>
      operations.every((operation) => operation.kind === 'delete' && operation.key.startsWith(nameKind.prefix)),
    first: [putZone(reverse)],
    stoppedBy: [zoneKey(reverse)],
  },
];
