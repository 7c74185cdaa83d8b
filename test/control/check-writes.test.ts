// The writes of a decision are checked against the scope of its actor, also if a use case forgets to refuse. The
// decisions in this test are like those of such a use case. Cited by src/control/transaction/check-writes.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenActor } from '../../src/control/access/actor.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { TransactionBuilder } from '../../src/control/transaction/transaction-builder.ts';
import type { Refusal } from '../../src/errors.ts';
import { parseAddress } from '../../src/model/address.ts';
import type { AddressRecord, Holder } from '../../src/model/allocation.ts';
import type { Host } from '../../src/model/host.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { poolFrom } from '../../src/model/pool.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import type { Role, Scope } from '../../src/model/rights.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { activityKey } from '../../src/store/kinds/activity.ts';
import { addressKey, addressValue } from '../../src/store/kinds/address.ts';
import { hostKey, hostValue } from '../../src/store/kinds/host.ts';
import { poolKey, poolValue } from '../../src/store/kinds/pool.ts';
import { tokenKey } from '../../src/store/kinds/token.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import { type ControlPlane, contextOf, embeddedStore, openReplica } from '../support/control-plane.ts';
import type { Cleanup } from '../support/temporary.ts';

const z = parseName('z');
const other = parseName('other');
const reverse = parseName('0.0.10.in-addr.arpa');
const address = parseAddress('10.0.0.1');
const free = parseAddress('10.0.0.2');
const a = parseName('a.z');

const host: Host = {
  name: a,
  zone: z,
  addresses: [{ address, givenBy: 'p', space: 'default' }],
  aliases: [],
  ttl: null,
  ptr: true,
  owner: 'team',
  tags: {},
  createdAt: '2026-01-01T00:00:00Z',
};
const pool = poolFrom('p', { ranges: ['10.0.0.0/24'] });
const zone = (name: Fqdn, automatic = false) => ({ name, ...zoneDefaults, automatic });
const record = (one: typeof address, ...holders: Holder[]): AddressRecord => ({
  address: one,
  space: 'default',
  givenBy: 'p',
  state: 'held',
  holders,
  since: '2026-01-01T00:00:00Z',
});
const hostHolder: Holder = { kind: 'host', host: a, owner: 'team' };
const allocation = (owner: string): Holder => ({ kind: 'allocation', id: owner, owner });
const ptr = { type: parseRecordType('PTR'), ttl: 60, records: ['a.z.'] };
const txt = { type: parseRecordType('TXT'), ttl: 60, records: ['"x"'] };

/** A step of a decision, without the compares that a use case would add. */
type Write = (builder: TransactionBuilder) => unknown;
const put =
  (key: string, value: string): Write =>
  (builder) =>
    builder.addUnchecked({ kind: 'put', key, value });
const erase =
  (key: string): Write =>
  (builder) =>
    builder.deleteUnchecked(key);
const putHost = (changes: Partial<Host> = {}) =>
  put(hostKey(changes.name ?? a), hostValue.encode({ ...host, ...changes }));
const putZone = (name: Fqdn, automatic = false) => put(zoneKey(name), zoneValue.encode(zone(name, automatic)));
const putAddress = (one: typeof address, ...holders: Holder[]) =>
  put(addressKey('default', one), addressValue.encode(record(one, ...holders)));
const putRecords =
  (name: Fqdn, owner: string, rrset: Parameters<TransactionBuilder['putRrset']>[2]): Write =>
  (builder) =>
    builder.putRrset(zone(name), parseName(owner), rrset);

const mine: Scope = { zones: [z], pools: ['p'], owner: 'team' };
const noPool: Scope = { pools: ['q'] };
const otherZone: Scope = { zones: [other] };
const otherOwner: Scope = { owner: 'else' };
const role = 'role';

/** Each row: a title, the writes, and the scopes and roles that may not make them, each with what it lacks. */
const rows: [string, Write[], [Scope | Role, string][]][] = [
  [
    'a host is put',
    [putHost({ tags: { x: 'y' } })],
    [
      [otherZone, 'zones'],
      [noPool, 'pools'],
      [otherOwner, 'owner'],
      ['viewer', role],
    ],
  ],
  [
    'a host is deleted',
    [erase(hostKey(a))],
    [
      [otherZone, 'zones'],
      [noPool, 'pools'],
      [otherOwner, 'owner'],
    ],
  ],
  ['a host gets an alias in another zone', [putHost({ aliases: [parseName('a.other')] })], [[{ zones: [z] }, 'zones']]],
  [
    'a host gets another owner',
    [putHost({ owner: 'else' })],
    [
      [otherOwner, 'owner'],
      [{ owner: 'team' }, 'owner'],
    ],
  ],
  [
    'a new host is put',
    [putHost({ name: parseName('b.z') })],
    [
      [otherZone, 'zones'],
      [noPool, 'pools'],
      [otherOwner, 'owner'],
    ],
  ],
  [
    'a zone is put',
    [putZone(parseName('new'))],
    [
      [{ zones: [z] }, 'zones'],
      [{ owner: 'team' }, 'owner'],
      ['viewer', role],
    ],
  ],
  [
    'an automatic zone is put without a host',
    [putZone(parseName('1.0.10.in-addr.arpa'), true)],
    [[{ zones: [z] }, 'zones']],
  ],
  [
    'a zone is deleted',
    [erase(zoneKey(other))],
    [
      [{ zones: [z] }, 'zones'],
      [{ owner: 'team' }, 'owner'],
    ],
  ],
  ['an automatic zone is deleted without a host', [erase(zoneKey(reverse))], [[{ zones: [z] }, 'zones']]],
  [
    'a pool is changed',
    [put(poolKey('p'), poolValue.encode({ ...pool, description: 'x' }))],
    [
      [noPool, 'pools'],
      [{ owner: 'team' }, 'owner'],
    ],
  ],
  [
    'a pool gets other ranges',
    [put(poolKey('p'), poolValue.encode({ ...pool, ranges: ['10.0.0.0/16'] }))],
    [[{ pools: ['p'] }, 'pools']],
  ],
  [
    'a pool gets another space',
    [put(poolKey('p'), poolValue.encode({ ...pool, space: 'lab' }))],
    [[{ pools: ['p'] }, 'pools']],
  ],
  [
    'a pool is created',
    [put(poolKey('q'), poolValue.encode({ ...pool, name: 'q', ranges: ['10.9.0.0/24'] }))],
    [[noPool, 'pools']],
  ],
  ['a pool is deleted', [erase(poolKey('p'))], [[{ pools: ['p'] }, 'pools']]],
  [
    'an address is taken',
    [putAddress(free, allocation('team'))],
    [
      [noPool, 'pools'],
      [otherOwner, 'owner'],
    ],
  ],
  ['an address is shared', [putAddress(address, hostHolder, allocation('else'))], [[{ owner: 'team' }, 'owner']]],
  [
    'an address is released from a host that stays',
    [erase(addressKey('default', address))],
    [
      [otherZone, 'zones'],
      [otherOwner, 'owner'],
    ],
  ],
  [
    'an address outside all pools is taken',
    [putAddress(parseAddress('192.0.2.1'), allocation('team'))],
    [[{ pools: ['p'] }, 'pools']],
  ],
  [
    'records are written',
    [putRecords(z, 'b.z', txt)],
    [
      [otherZone, 'zones'],
      [{ owner: 'team' }, 'owner'],
      ['viewer', role],
    ],
  ],
  [
    'the PTR of a host that is not written is written',
    [putRecords(reverse, '1.0.0.10.in-addr.arpa', { ...ptr, manager: 'host' })],
    [[{ zones: [z] }, 'zones']],
  ],
  [
    'a PTR of a user is written beside a host',
    [putHost(), putRecords(reverse, '1.0.0.10.in-addr.arpa', ptr)],
    [[{ zones: [z] }, 'zones']],
  ],
  [
    'a token is written',
    [put(tokenKey('t'), '{}')],
    [
      ['operator', role],
      [{ zones: [z] }, 'zones'],
      [{ pools: ['p'] }, 'pools'],
      [{ owner: 'team' }, 'owner'],
    ],
  ],
];

/** Writes that the scope `mine` allows: a host with its PTR, its address and its automatic zone. */
const whole: Write[] = [
  putHost({ name: parseName('b.z'), addresses: [{ address: free, givenBy: 'p', space: 'default' }] }),
  putZone(parseName('1.0.10.in-addr.arpa'), true),
  putAddress(free, { kind: 'host', host: parseName('b.z'), owner: 'team' }),
  putRecords(reverse, '2.0.0.10.in-addr.arpa', { ...ptr, records: ['b.z.'], manager: 'host' }),
  // Writes the zone `other` unchanged, as a use case does so that another writer loses a race.
  putZone(other),
  put(activityKey('t'), '{}'),
];

async function prepare(t: Cleanup): Promise<ControlPlane> {
  const replica = await openReplica(t, await embeddedStore(t));
  const steps: Write[] = [
    put(poolKey('p'), poolValue.encode(pool)),
    ...[z, other].map((name) => putZone(name)),
    putZone(reverse, true),
    putHost(),
    putAddress(address, hostHolder),
  ];
  await replica.commit((context) => built(context, steps));
  return replica;
}

function built(context: Parameters<Decide<void>>[0], writes: Write[]) {
  const builder = new TransactionBuilder(context);
  for (const write of writes) write(builder);
  return builder.build(undefined);
}

const actorWith = (scope: Scope, role: Role = 'admin'): TokenActor => ({
  kind: 'token',
  id: 't',
  name: 't',
  rights: { role, ...scope },
});

test('no decision writes beyond the scope of its actor', async (t) => {
  const { views } = await prepare(t);
  for (const [what, writes, refused] of rows) {
    assert.ok(built(contextOf(views), writes).operations.length > 0, what);
    for (const [limit, missing] of refused) {
      const actor = typeof limit === 'string' ? actorWith({}, limit) : actorWith(limit);
      const decide = () => built(contextOf(views, actor), writes);
      const isIt = (error: Refusal) => error.code === 'forbidden' && error.members.missing === missing;
      assert.throws(decide, isIt, `${what}: ${JSON.stringify(limit)}`);
    }
  }
});

test('a host needs no rights for the zones of its PTRs and for automatic zones', async (t) => {
  const { views } = await prepare(t);
  built(contextOf(views, actorWith(mine, 'operator')), whole);
  const gone = [erase(hostKey(a)), erase(addressKey('default', address)), erase(zoneKey(reverse))];
  built(contextOf(views, actorWith(mine, 'operator')), gone);
});
