// The table of races between two decisions on the same view: a row for each compare that guards against such a race.
// races.test.ts runs them.

import { decideForgetAddress } from '../../src/control/allocations/release-address.ts';
import { decideRemoveEmptyZone } from '../../src/control/hosts/automatic-zone.ts';
import { decideDeleteResolver, decidePutResolver } from '../../src/control/resolvers/put-resolver.ts';
import { decideCreateAdminToken, decideCreateToken } from '../../src/control/tokens/create-token.ts';
import { decideDeleteToken } from '../../src/control/tokens/delete-token.ts';
import { decideRotateToken } from '../../src/control/tokens/rotate-token.ts';
import { decideNoteUse } from '../../src/control/tokens/token-activity.ts';
import { newSecret } from '../../src/control/tokens/token-secret.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { TransactionBuilder } from '../../src/control/transaction/transaction-builder.ts';
import { decideClearZone } from '../../src/control/zones/delete-zone.ts';
import { parseAddress } from '../../src/model/address.ts';
import type { Host } from '../../src/model/host.ts';
import { parseName } from '../../src/model/name.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { activityKey } from '../../src/store/kinds/activity.ts';
import { addressesPrefix, addressKey } from '../../src/store/kinds/address.ts';
import { hostKey, hostValue } from '../../src/store/kinds/host.ts';
import { nameKey } from '../../src/store/kinds/name.ts';
import { poolKey } from '../../src/store/kinds/pool.ts';
import { resolverKey } from '../../src/store/kinds/resolver.ts';
import { serialKey } from '../../src/store/kinds/serial.ts';
import { tokenKey } from '../../src/store/kinds/token.ts';
import { zoneKey, zoneKind, zoneValue } from '../../src/store/kinds/zone.ts';
import { putZone } from '../support/control-plane.ts';
import { poolRaces } from './pool-races.ts';
import type { Race } from './race.ts';
import {
  allocate,
  allocateNext,
  atZ,
  changeAllocation,
  changeHost,
  createHost,
  deleteHost,
  deletePool,
  deleteUnreadable,
  deleteZone,
  endCoolDown,
  erase,
  host,
  later,
  pool,
  putPool,
  putRrset,
  release,
  reverse,
  serialOfZ,
  swapHosts,
  write,
  z,
  zone,
} from './steps.ts';

const address = addressKey('default', parseAddress('10.0.0.1'));
const nameAt = (owner: string) => nameKey(z, 1, parseName(owner));
const hostAt = (name: string) => hostKey(parseName(name));

const coolingPool = putPool('p', ['10.0.0.0/29'], { coolDownSeconds: 3600 });
const rememberingPool = putPool('p', ['10.0.0.0/29'], { strategy: 'least-recently-used' });
const txt = putRrset('z', 'a.z', 'TXT', '"x"');
const otherTxt = putRrset('z', 'a.z', 'TXT', '"y"');
const tagged = changeHost('a.z', '10.0.0.1', { tags: { changed: 'yes' } });
const shared = (port: number) => ({ sharingKey: 'k', ports: [{ protocol: 'tcp' as const, port }] });
const forget: Decide<unknown> = (context) =>
  decideForgetAddress(context, { space: 'default', address: parseAddress('10.0.0.1') });
const clearZone: Decide<unknown> = (context) => decideClearZone(context, { name: z, precondition: {} });
const removeReverse: Decide<unknown> = (context) => decideRemoveEmptyZone(context, reverse);
const token: Decide<unknown> = (context) =>
  decideCreateToken(context, { id: 't', name: 't', rights: { role: 'viewer' } }, newSecret('t'));
const adminToken: Decide<unknown> = (context) => decideCreateAdminToken(context, 'admin', newSecret('admin'));
const office = { name: 'office', address: parseAddress('192.0.2.53'), port: 53, kind: 'bind' };
const addResolver: Decide<unknown> = (context) => decidePutResolver(context, office, { create: true });
const changeResolver: Decide<unknown> = (context) => decidePutResolver(context, { ...office, port: 5353 }, {});
const rotate: Decide<unknown> = (context) => decideRotateToken(context, 't', newSecret('t'));
const revoke: Decide<unknown> = (context) => decideDeleteToken(context, { id: 't', precondition: {} });
const use: Decide<unknown> = (context) => decideNoteUse(context, { token: 't', hour: 3_600_000 });

/** The host a.z. Operators write it into the store directly. */
const storedHost: Host = {
  name: parseName('a.z'),
  zone: z,
  addresses: [{ address: parseAddress('10.0.0.1'), givenBy: null, space: 'default' }],
  aliases: [],
  ttl: null,
  ptr: false,
  owner: '',
  tags: {},
  createdAt: '2026-01-01T00:00:00Z',
};
const restoreHost = write(hostAt('a.z'), hostValue.encode(storedHost));
/** Steps after which a host's records and address exist, but not the host: an operator has deleted its key. */
const orphaned = [zone, host, erase(hostAt('a.z'))];
/** Steps after which a host exists, and a CNAME that it manages, but not as one of its aliases. */
const orphanedAlias = [zone, createHost('a.z', '10.0.0.1', { aliases: [parseName('b.z')] }), restoreHost];

/** Returns a zone of 67 labels. Two such zones have more ancestors than one transaction can compare. */
const deepZone = (label: string) => ({ ...zoneDefaults, name: parseName(`${`${label}.`.repeat(66)}deep`) });
const twoDeepZones: Decide<unknown> = (context) =>
  new TransactionBuilder(context).createZone(deepZone('a')).createZone(deepZone('b')).build(undefined);

const put = 'addresses/hold-address.ts put';
const builder = (kind: string) => `transaction/transaction-builder.ts ${kind}`;

export const races: Race[] = [
  // Addresses.
  {
    guards: [put, builder('put'), builder('requireAbsent')],
    what: 'two requests take one free address',
    given: [pool],
    first: allocate('10.0.0.1'),
    second: allocate('10.0.0.1'),
    stoppedBy: [address],
  },
  {
    guards: [put, builder('requireUnchanged')],
    what: 'two requests take an address that the pool remembers',
    given: [rememberingPool, allocate('10.0.0.1'), release('10.0.0.1')],
    first: allocate('10.0.0.1'),
    second: allocate('10.0.0.1'),
    stoppedBy: [address],
  },
  {
    guards: [put],
    what: 'an address is shared while its holder releases it',
    given: [pool, allocate('10.0.0.1', shared(1))],
    first: release('10.0.0.1'),
    second: allocate('10.0.0.1', shared(2)),
    stoppedBy: [address],
  },
  {
    guards: [put, builder('put')],
    what: 'two hosts exchange their addresses while one of them is deleted',
    given: [zone, createHost('a.z', '10.0.0.1'), createHost('b.z', '10.0.0.2')],
    first: deleteHost('a.z'),
    second: swapHosts('a.z', 'b.z'),
    stoppedBy: [address, hostAt('a.z')],
  },
  {
    guards: [put],
    what: 'two hosts exchange their addresses twice at once',
    given: [zone, createHost('a.z', '10.0.0.1'), createHost('b.z', '10.0.0.2')],
    first: swapHosts('b.z', 'a.z'),
    second: swapHosts('a.z', 'b.z'),
    stoppedBy: [address, hostAt('a.z'), hostAt('b.z'), nameAt('a.z')],
  },
  {
    guards: [put],
    what: 'an allocation is renewed while it is released',
    given: [pool, allocate('10.0.0.1')],
    first: release('10.0.0.1'),
    second: changeAllocation('10.0.0.1', { expiresAt: '2040-01-01T00:00:00.000Z' }),
    stoppedBy: [address],
  },
  {
    guards: [put],
    what: 'an allocation takes other ports while another holder takes these',
    given: [pool, allocate('10.0.0.1', shared(1))],
    first: allocate('10.0.0.1', shared(2)),
    second: changeAllocation('10.0.0.1', shared(2)),
    stoppedBy: [address],
  },
  {
    guards: ['addresses/hold-address.ts delete', builder('requireUnchanged')],
    what: 'an address is released while another holder begins to share it',
    given: [pool, allocate('10.0.0.1', shared(1))],
    first: allocate('10.0.0.1', shared(2)),
    second: release('10.0.0.1'),
    stoppedBy: [address],
  },
  {
    guards: ['addresses/hold-address.ts delete'],
    what: 'a cool-down is ended twice',
    given: [coolingPool, allocate('10.0.0.1'), release('10.0.0.1')],
    first: endCoolDown('10.0.0.1'),
    second: endCoolDown('10.0.0.1'),
    stoppedBy: [address],
  },
  {
    guards: ['addresses/hold-address.ts requireUnchanged'],
    what: 'an address is taken from a pool that begins to drain',
    given: [pool],
    first: putPool('p', ['10.0.0.0/29'], { drain: true }),
    second: allocate('10.0.0.1'),
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['addresses/hold-address.ts requireUnchanged'],
    what: 'a host takes an address from a pool that is deleted',
    given: [zone, pool],
    first: deletePool('p'),
    second: host,
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['allocations/allocate-addresses.ts requireQuiet'],
    what: 'two requests with one sharing key take their first address',
    given: [pool],
    first: allocate('10.0.0.2', shared(1)),
    second: allocateNext(shared(2)),
    stoppedBy: [addressesPrefix('default', ['10.0.0.0', '10.0.0.7'].map(parseAddress))],
  },
  {
    guards: ['allocations/release-address.ts delete'],
    what: 'an address that has cooled down is deleted from the store while a request takes it',
    given: [coolingPool, allocate('10.0.0.1'), release('10.0.0.1')],
    first: later(allocate('10.0.0.1')),
    second: later(forget),
    stoppedBy: [address],
  },
  ...poolRaces,
  // Hosts.
  {
    guards: ['hosts/write-host.ts put'],
    what: 'a host is created twice',
    given: [zone],
    first: host,
    second: createHost('a.z', '10.0.0.2'),
    stoppedBy: [hostAt('a.z'), nameAt('a.z')],
  },
  {
    guards: [builder('put')],
    what: 'a host takes over records while they are changed',
    given: [zone, putRrset('z', 'a.z', 'A', '10.0.0.1')],
    first: putRrset('z', 'a.z', 'A', '10.0.0.2'),
    second: createHost('a.z', '10.0.0.1', { adopt: true }),
    stoppedBy: [nameAt('a.z')],
  },
  {
    guards: ['hosts/write-host.ts put'],
    what: 'a host is changed twice',
    given: [zone, host],
    first: tagged,
    second: changeHost('a.z', '10.0.0.1', { tags: { changed: 'otherwise' } }),
    stoppedBy: [hostAt('a.z')],
  },
  {
    guards: ['hosts/write-host.ts put'],
    what: 'a host is renamed to the name of a host that is created',
    given: [zone, host],
    first: createHost('b.z', '10.0.0.2'),
    second: changeHost('a.z', '10.0.0.1', { name: parseName('b.z') }),
    stoppedBy: [hostAt('b.z')],
  },
  {
    guards: ['hosts/write-host.ts delete'],
    what: 'a host is deleted while it is changed',
    given: [zone, host],
    first: tagged,
    second: deleteHost('a.z'),
    stoppedBy: [hostAt('a.z')],
  },
  {
    guards: ['hosts/write-host.ts delete'],
    what: 'a zone is cleared of a host that is changed',
    given: [zone, host],
    first: tagged,
    second: clearZone,
    stoppedBy: [hostAt('a.z')],
  },
  {
    guards: ['hosts/orphans.ts requireAbsent', 'zones/change-rrsets.ts requireOrphan'],
    what: 'a record of a missing host is replaced while the host is restored',
    given: orphaned,
    first: restoreHost,
    second: putRrset('z', 'a.z', 'A', '192.0.2.1'),
    stoppedBy: [hostAt('a.z')],
  },
  {
    guards: ['hosts/orphans.ts requireUnchanged', 'zones/change-rrsets.ts requireOrphan'],
    what: 'an alias that its host does not have is replaced while the host is changed',
    given: orphanedAlias,
    first: tagged,
    second: putRrset('z', 'b.z', 'CNAME', 'elsewhere.'),
    stoppedBy: [hostAt('a.z')],
  },
  {
    guards: ['hosts/write-host.ts requireOrphan'],
    what: 'a host takes the name of an alias that its host does not have while that host is changed',
    given: orphanedAlias,
    first: tagged,
    second: createHost('b.z', '10.0.0.2'),
    stoppedBy: [hostAt('a.z')],
  },
  {
    guards: ['allocations/release-address.ts requireOrphan'],
    what: 'an address of a missing host is released while the host is restored',
    given: orphaned,
    first: restoreHost,
    second: release('10.0.0.1'),
    stoppedBy: [hostAt('a.z')],
  },
  {
    guards: ['zones/delete-zone.ts requireOrphan'],
    what: 'a zone is cleared of the records of a missing host while the host is restored',
    given: orphaned,
    first: restoreHost,
    second: clearZone,
    stoppedBy: [hostAt('a.z')],
  },
  {
    guards: ['hosts/automatic-zone.ts delete'],
    what: 'a reverse zone is deleted with its last name while another name is created',
    given: [zone, createHost('a.z', '10.0.0.1', { ptr: true })],
    first: createHost('b.z', '10.0.0.2', { ptr: true }),
    second: deleteHost('a.z'),
    stoppedBy: [serialKey(reverse)],
  },
  {
    guards: ['hosts/automatic-zone.ts delete'],
    what: 'a reverse zone is deleted with its last name while a user makes it permanent',
    given: [zone, createHost('a.z', '10.0.0.1', { ptr: true })],
    first: putZone(reverse),
    second: deleteHost('a.z'),
    stoppedBy: [zoneKey(reverse), serialKey(reverse)],
  },
  {
    guards: ['hosts/automatic-zone.ts delete'],
    what: 'housekeeping deletes an empty reverse zone while a host is created',
    given: [zone, putZone(reverse, { automatic: true })],
    first: createHost('a.z', '10.0.0.1', { ptr: true }),
    second: removeReverse,
    stoppedBy: [serialKey(reverse)],
  },
  // Names.
  {
    guards: [builder('put'), builder('requireAbsent')],
    what: 'two requests write the first records of a name',
    given: [zone],
    first: txt,
    second: putRrset('z', 'a.z', 'CNAME', 'elsewhere.'),
    stoppedBy: [nameAt('a.z')],
  },
  {
    guards: [builder('put'), builder('requireUnchanged')],
    what: 'two requests change the records of a name',
    given: [zone, txt],
    first: putRrset('z', 'a.z', 'A', '192.0.2.1'),
    second: otherTxt,
    stoppedBy: [nameAt('a.z')],
  },
  {
    guards: [builder('delete')],
    what: 'the last records of a name are deleted while others are written',
    given: [zone, txt],
    first: putRrset('z', 'a.z', 'A', '192.0.2.1'),
    second: putRrset('z', 'a.z', 'TXT'),
    stoppedBy: [nameAt('a.z')],
  },
  {
    guards: [builder('requireUnchanged')],
    what: 'a name is written into a zone that is deleted',
    given: [zone],
    first: deleteZone,
    second: txt,
    stoppedBy: [atZ],
  },
  {
    guards: [builder('requireUnchanged')],
    what: 'a host is written into a zone while a zone is created around its name',
    given: [zone],
    first: putZone(parseName('s.z')),
    second: createHost('a.s.z', '10.0.0.1'),
    stoppedBy: [atZ],
  },
  {
    guards: [builder('put')],
    what: 'a name is created below a delegation that is created',
    given: [zone],
    first: putRrset('z', 's.z', 'NS', 'elsewhere.'),
    second: createHost('a.s.z', '10.0.0.1'),
    stoppedBy: [atZ],
  },
  {
    guards: [builder('requireUnchanged')],
    what: 'a delegation is created above a name that is created',
    given: [zone],
    first: createHost('a.s.z', '10.0.0.1'),
    second: putRrset('z', 's.z', 'NS', 'elsewhere.'),
    stoppedBy: [serialOfZ],
  },
  {
    guards: ['zones/change-rrsets.ts requireUnchanged'],
    what: 'a record is written, while a list of records is written on the condition that the zone has not changed',
    given: [zone],
    first: txt,
    second: putRrset('z', 'a.z', 'A', '192.0.2.1', { match: ['*'] }),
    stoppedBy: [nameAt('a.z'), serialOfZ],
  },
  // Zones.
  {
    guards: [builder('put'), 'zones/take-ptrs.ts createZone'],
    what: 'a zone is created twice',
    given: [],
    first: zone,
    second: putZone(z),
    stoppedBy: [atZ],
  },
  {
    guards: [builder('requireAbsent')],
    what: 'a zone is created inside a zone that is created',
    given: [],
    first: zone,
    second: putZone(parseName('s.z')),
    stoppedBy: [atZ],
  },
  {
    guards: [builder('requireAbsent'), 'hosts/write-host.ts createZone'],
    what: 'a host creates its reverse zone while a zone is created around that zone',
    given: [zone],
    first: putZone(parseName('10.in-addr.arpa')),
    second: createHost('a.z', '10.0.0.1', { ptr: true }),
    stoppedBy: [zoneKey(parseName('10.in-addr.arpa'))],
  },
  {
    guards: [builder('requireQuiet')],
    what: 'two zones are created below more names than a transaction can compare, while one of these names becomes a zone',
    given: [],
    first: putZone(parseName('b.deep')),
    second: twoDeepZones,
    stoppedBy: [zoneKind.prefix],
  },
  {
    guards: ['zones/put-zone.ts put'],
    what: 'a zone is changed twice',
    given: [zone],
    first: putZone(z, { defaultTtl: 60 }),
    second: putZone(z, { defaultTtl: 120 }),
    stoppedBy: [atZ],
  },
  {
    guards: ['zones/take-ptrs.ts put'],
    what: 'a zone is created inside a zone that is deleted',
    given: [zone],
    first: deleteZone,
    second: putZone(parseName('s.z')),
    stoppedBy: [atZ],
  },
  {
    guards: ['zones/take-ptrs.ts requireUnchanged'],
    what: 'a zone is created while a host is created whose name it would hide',
    given: [zone],
    first: createHost('a.s.z', '10.0.0.1'),
    second: putZone(parseName('s.z')),
    stoppedBy: [serialOfZ],
  },
  {
    guards: ['zones/put-zone.ts requireUnchanged'],
    what: 'the replicas become nameservers below a DNAME while the NS records of other nameservers are deleted',
    given: [zone, putRrset('z', 'z', 'NS', 'ns.example.'), putRrset('z', 'z', 'DNAME', 'elsewhere.')],
    first: putRrset('z', 'z', 'NS'),
    second: putZone(z, { nameservers: [] }),
    stoppedBy: [serialOfZ],
  },
  {
    guards: ['zones/delete-zone.ts delete'],
    what: 'a zone is deleted while it is changed',
    given: [zone],
    first: putZone(z, { defaultTtl: 60 }),
    second: deleteZone,
    stoppedBy: [atZ, serialOfZ],
  },
  {
    guards: ['zones/delete-zone.ts delete'],
    what: 'a zone is deleted while a host is created in it',
    given: [zone],
    first: host,
    second: deleteZone,
    stoppedBy: [serialOfZ],
  },
  {
    guards: ['zones/delete-zone.ts delete'],
    what: 'an unreadable zone is deleted while an operator repairs it',
    given: [write(atZ, '{')],
    first: write(atZ, zoneValue.encode({ ...zoneDefaults, name: z })),
    second: deleteUnreadable,
    stoppedBy: [atZ],
  },
  {
    guards: ['tokens/create-token.ts put'],
    what: 'a token is created twice',
    given: [],
    first: token,
    second: token,
    stoppedBy: [tokenKey('t')],
  },
  {
    guards: ['tokens/create-token.ts put'],
    what: 'two replicas create the admin token of a store',
    given: [],
    first: adminToken,
    second: adminToken,
    stoppedBy: [tokenKey('admin')],
  },
  {
    guards: ['tokens/rotate-token.ts put'],
    what: 'a token is rotated while it is revoked',
    given: [token],
    first: revoke,
    second: rotate,
    stoppedBy: [tokenKey('t')],
  },
  {
    guards: ['tokens/delete-token.ts delete'],
    what: 'a token is revoked, on a condition, while it is rotated',
    given: [token],
    first: rotate,
    second: revoke,
    stoppedBy: [tokenKey('t')],
  },
  {
    guards: ['tokens/token-activity.ts requireUnchanged'],
    what: 'the use of a token is written while the token is revoked',
    given: [token],
    first: revoke,
    second: use,
    stoppedBy: [tokenKey('t')],
  },
  {
    guards: ['tokens/token-activity.ts put'],
    what: 'two replicas write the use of a token',
    given: [token],
    first: use,
    second: use,
    stoppedBy: [activityKey('t')],
  },
  {
    guards: ['resolvers/put-resolver.ts put'],
    what: 'two admins add a resolver of one name, each only if it is new',
    given: [],
    first: addResolver,
    second: addResolver,
    stoppedBy: [resolverKey('office')],
  },
  {
    guards: ['resolvers/put-resolver.ts delete'],
    what: 'a resolver is deleted, on a condition, while it is changed',
    given: [addResolver],
    first: changeResolver,
    second: (context) => decideDeleteResolver(context, 'office', {}),
    stoppedBy: [resolverKey('office')],
  },
];
