// The changes that a follower of /v1/watch sees for each kind of write and each kind of key: one row for each.
// test/http/watch.test.ts tests the stream, test/http/watched-changes.test.ts the text for each request.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ResourceChange, resourceChanges } from '../../src/control/watch/resource-changes.ts';
import { cleanGenerations } from '../../src/control/zone-file/clean-generations.ts';
import { parseAddress } from '../../src/model/address.ts';
import { inSlices } from '../../src/model/in-slices.ts';
import { parseName } from '../../src/model/name.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import { after, type Revision } from '../../src/model/revision.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { activityKey } from '../../src/store/kinds/activity.ts';
import { addressKey } from '../../src/store/kinds/address.ts';
import { flushKey } from '../../src/store/kinds/flush.ts';
import { forwarderKey } from '../../src/store/kinds/forwarder.ts';
import { hostKey } from '../../src/store/kinds/host.ts';
import { idempotencyKey } from '../../src/store/kinds/idempotency.ts';
import { importKey } from '../../src/store/kinds/import.ts';
import { leaderKey } from '../../src/store/kinds/leader.ts';
import { ledgerHomeKey } from '../../src/store/kinds/ledger.ts';
import { memberKey } from '../../src/store/kinds/member.ts';
import { nameKey, zoneNamesPrefix } from '../../src/store/kinds/name.ts';
import { offsetKey } from '../../src/store/kinds/offset.ts';
import { outboxKey } from '../../src/store/kinds/outbox.ts';
import { poolKey } from '../../src/store/kinds/pool.ts';
import { renumberingKey } from '../../src/store/kinds/renumbering.ts';
import { resolverKey } from '../../src/store/kinds/resolver.ts';
import { serialKey } from '../../src/store/kinds/serial.ts';
import { skydnsStateKey } from '../../src/store/kinds/skydns.ts';
import type { KindName } from '../../src/store/kinds/stored-kind.ts';
import { tokenKey } from '../../src/store/kinds/token.ts';
import { zoneKey } from '../../src/store/kinds/zone.ts';
import type { Operation } from '../../src/store/store.ts';
import type { Method } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

type Request = [method: Method, path: string, body?: unknown, headers?: Record<string, string>];

const pool = (more: object = {}): Request => ['POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'], ...more }];
const zone = (name = 'z', more: object = {}): Request => ['POST', '/v1/zones', { name, ...more }];
const host = (name = 'a.z', more: object = {}): Request => ['POST', '/v1/hosts', { name, ptr: false, ...more }];
const allocate = (body: object = {}): Request => ['POST', '/v1/pools/p/allocations', body];
const rrset = (name: string, type: string, ...records: string[]): Request => [
  'PUT',
  `/v1/zones/z/rrsets/${name}/${type}`,
  { records, ttl: 60 },
];
const file = (text: string): Request => ['PUT', '/v1/zones/z/zonefile', text, { 'content-type': 'text/dns' }];
const shared = (port: number) => ({ sharingKey: 'k', ports: [{ protocol: 'tcp', port }], owner: `o${port}` });

/** Returns the key of the pool p. */
const keyOf = ({ pools }: ServedApi['views']) => poolKey(pools.byName('p')?.value.id ?? '');

const rows: [what: string, given: Request[], request: Request | ((served: ServedApi) => Promise<unknown>), string[]][] =
  [
    ['a pool is created', [], pool(), ['pool created p: 10.0.0.0/29']],
    [
      'a pool changes',
      [pool()],
      ['PATCH', '/v1/pools/p', { ranges: ['10.0.0.0/28'] }],
      ['pool changed p: 10.0.0.0/28'],
    ],
    ['a pool is renamed', [pool()], ['PATCH', '/v1/pools/p', { name: 'q' }], ['pool changed q: 10.0.0.0/29']],
    ['a pool is written as it is', [pool()], ['PUT', '/v1/pools/p', { ranges: ['10.0.0.0/29'] }], []],
    ['a pool is deleted', [pool()], ['DELETE', '/v1/pools/p'], ['pool deleted p']],
    [
      'a pool shrinks by force',
      [pool(), zone(), host('a.z', { addresses: ['10.0.0.0', '10.0.0.6'] }), allocate({ addresses: ['10.0.0.7'] })],
      ['PATCH', '/v1/pools/p?force=true', { ranges: ['10.0.0.0/30'] }],
      ['allocation deleted 10.0.0.7', 'host changed a.z: 10.0.0.0', 'pool changed p: 10.0.0.0/30'],
    ],
    ['a zone is created', [], zone(), ['zone created z: 300']],
    ['a zone changes', [zone()], ['PATCH', '/v1/zones/z', { defaultTtl: 60 }], ['zone changed z: 60']],
    ['a zone is written as it is', [zone()], ['PUT', '/v1/zones/z', {}], []],
    [
      'a zone is deleted with its records',
      [zone(), rrset('a', 'TXT', '"x"'), rrset('@', 'MX', '1 a.example.')],
      ['DELETE', '/v1/zones/z'],
      ['zone deleted z'],
    ],
    [
      'a zone is deleted by force with its hosts',
      [pool(), zone(), zone('y'), host('a.z'), host('a.y', { aliases: ['b.z'] })],
      ['DELETE', '/v1/zones/z?force=true'],
      ['host changed a.y: 10.0.0.1', 'host deleted a.z', 'zone deleted z'],
    ],
    ['an RRset is created', [zone()], rrset('a', 'TXT', '"x"'), ['rrset created a.z TXT in z: "x"']],
    [
      'an RRset changes',
      [zone(), rrset('a', 'TXT', '"x"')],
      rrset('a', 'TXT', '"y"'),
      ['rrset changed a.z TXT in z: "y"'],
    ],
    ['an RRset is written as it is', [zone(), rrset('a', 'TXT', '"x"')], rrset('a', 'TXT', '"x"'), []],
    [
      'RRsets of one name are written and deleted',
      [zone(), rrset('a', 'TXT', '"x"'), rrset('a', 'A', '192.0.2.1')],
      [
        'PATCH',
        '/v1/zones/z/rrsets',
        [
          { name: 'a', type: 'TXT', records: [] },
          { name: 'a', type: 'AAAA', records: ['2001:db8::1'] },
        ],
      ],
      ['rrset created a.z AAAA in z: 2001:db8::1', 'rrset deleted a.z TXT in z'],
    ],
    [
      'the last RRset of a name is deleted',
      [zone(), rrset('a', 'TXT', '"x"')],
      ['DELETE', '/v1/zones/z/rrsets/a/TXT'],
      ['rrset deleted a.z TXT in z'],
    ],
    [
      'a delegation is written, and the zone again',
      [zone()],
      rrset('sub', 'NS', 'ns.example.'),
      ['rrset created sub.z NS in z: ns.example.'],
    ],
    [
      'a host is created, with a reverse zone',
      [pool(), zone()],
      host('a.z', { ptr: true, aliases: ['b.z'] }),
      ['host created a.z: 10.0.0.0', 'zone created 0.0.10.in-addr.arpa: 300'],
    ],
    [
      'a host is deleted, with the reverse zone',
      [pool(), zone(), host('a.z', { ptr: true, aliases: ['b.z'] })],
      ['DELETE', '/v1/hosts/a.z'],
      ['host deleted a.z', 'zone deleted 0.0.10.in-addr.arpa'],
    ],
    [
      'a host is renamed',
      [pool(), zone(), host()],
      ['PATCH', '/v1/hosts/a.z', { name: 'b.z' }],
      ['host created b.z: 10.0.0.0', 'host deleted a.z'],
    ],
    [
      'a host takes over a record',
      [zone(), rrset('a', 'A', '192.0.2.1')],
      host('a.z', { adopt: true }),
      ['host created a.z: 192.0.2.1', 'rrset deleted a.z A in z'],
    ],
    [
      'addresses are allocated',
      [pool()],
      allocate({ count: 2, owner: 'o' }),
      ['allocation created 10.0.0.0: o', 'allocation created 10.0.0.1: o'],
    ],
    [
      'an allocation shares an address',
      [pool(), allocate(shared(1))],
      allocate(shared(2)),
      ['allocation changed 10.0.0.0: o1 o2'],
    ],
    [
      'one of two allocations is released',
      [pool(), allocate(shared(1)), allocate(shared(2))],
      ['DELETE', '/v1/addresses/10.0.0.0?owner=o1'],
      ['allocation changed 10.0.0.0: o2'],
    ],
    [
      'an allocation is released, and its address cools down',
      [pool({ coolDownSeconds: 600 }), allocate()],
      ['DELETE', '/v1/addresses/10.0.0.0'],
      ['allocation deleted 10.0.0.0'],
    ],
    [
      'a cool-down ends',
      [pool({ coolDownSeconds: 600 }), allocate(), ['DELETE', '/v1/addresses/10.0.0.0']],
      ['DELETE', '/v1/addresses/10.0.0.0'],
      [],
    ],
    [
      'a zone file replaces the records',
      [zone(), rrset('a', 'TXT', '"x"')],
      file('@ 300 MX 1 a.example.\nb 300 TXT "y"\n'),
      ['zone imported z: 300'],
    ],
    [
      'a record is written after an import',
      [zone(), rrset('a', 'TXT', '"x"'), file('b 300 TXT "y"\n')],
      rrset('b', 'TXT', '"z"'),
      ['rrset changed b.z TXT in z: "z"'],
    ],
    ['a zone file with the records that there are', [zone(), rrset('a', 'TXT', '"x"')], file('a 60 TXT "x"\n'), []],
    [
      'values that cannot be read, and keys that no key builder makes',
      [pool(), zone()],
      ({ store, views }) =>
        commit(
          store,
          { kind: 'put', key: keyOf(views), value: '{}' },
          { kind: 'put', key: zoneKey(parseName('y')), value: 'no' },
          { kind: 'put', key: hostKey(parseName('a.z')), value: '{}' },
          { kind: 'put', key: addressKey('default', parseAddress('10.0.0.1')), value: '{}' },
          { kind: 'put', key: 'zones/Z', value: '{}' },
          { kind: 'put', key: 'nothing', value: '{}' },
        ),
      [],
    ],
    [
      'a value that cannot be read is mended',
      [pool()],
      async ({ store, views }) => {
        const key = keyOf(views);
        const text = (await store.get(key))?.value ?? '';
        await commit(store, { kind: 'put', key, value: '{}' });
        await commit(store, { kind: 'put', key, value: text });
        await commit(store, { kind: 'put', key, value: '{}' });
        await commit(store, { kind: 'delete', key });
      },
      ['pool changed p: 10.0.0.0/29', 'pool deleted p'],
    ],
  ];

const z = parseName('z');
const since = '2026-01-01T00:00:00.000Z';
const secret = { salt: 'b'.repeat(32), hash: 'a'.repeat(64) };
const address = parseAddress('10.0.0.1');

const skydnsState = {
  zone: 'z',
  settings: { on: true, generation: 1, defaultTtl: 300 },
  phase: 'following',
  done: 0,
  total: 0,
  leftOut: { count: 0, first: [] },
  notServed: { count: 0, first: [] },
};

/**
 * The kind of a stored key → a key and its value, then the change that followers see when the key is put, and when it
 * is deleted; without a text, they see none.
 */
const kinds: Record<KindName, [key: string, value: object, put?: string, deleted?: string]> = {
  host: [
    hostKey(parseName('a.z')),
    { name: 'a.z', zone: 'z', addresses: [], aliases: [], ttl: null, ptr: true, owner: '', tags: {}, createdAt: since },
    'host created a.z: ',
    'host deleted a.z',
  ],
  pool: [
    poolKey('p'),
    { id: 'p', name: 'p', ranges: ['10.0.0.0/24'], ...poolDefaults },
    'pool created p: 10.0.0.0/24',
    'pool deleted p',
  ],
  zone: [zoneKey(z), { name: 'z', ...zoneDefaults, generation: 1 }, 'zone created z: 300', 'zone deleted z'],
  token: [
    tokenKey('t'),
    { id: 't', ...secret, role: 'viewer', createdAt: since },
    'token created t: viewer',
    'token deleted t',
  ],
  skydns: [skydnsStateKey(z), skydnsState],
  renumbering: [
    renumberingKey('p'),
    {
      pool: 'p',
      to: 'q',
      allocations: false,
      state: 'running',
      startedAt: since,
      done: 0,
      total: 1,
      left: 0,
      skipped: { count: 0, first: [] },
    },
  ],
  resolver: [
    resolverKey('office'),
    { name: 'office', address: '192.0.2.53', port: 53, kind: 'bind' },
    'resolver created office: bind',
    'resolver deleted office',
  ],
  forwarder: [
    forwarderKey(parseName('corp')),
    {
      zone: 'corp',
      targets: [{ address: '192.0.2.53', port: 53 }],
      strategy: 'first-healthy',
      timeoutMilliseconds: 2000,
      allowFrom: ['127.0.0.0/8'],
    },
    'forwarder created corp: 192.0.2.53',
    'forwarder deleted corp',
  ],
  name: [
    nameKey(z, 1, z),
    { name: 'z', rrsets: [{ type: 'TXT', ttl: 1, records: ['"x"'] }] },
    'rrset created z TXT in z: "x"',
    'rrset deleted z TXT in z',
  ],
  address: [
    addressKey('default', address),
    {
      address,
      space: 'default',
      givenBy: null,
      state: 'held',
      holders: [{ kind: 'allocation', id: '1', owner: 'o' }],
      since,
    },
    'allocation created 10.0.0.1: o',
    'allocation deleted 10.0.0.1',
  ],
  flush: [flushKey(z), { zone: 'z', at: 0 }],
  serial: [serialKey(z), { serial: 7 }],
  import: [importKey(z), {}],
  idempotency: [idempotencyKey('t', 'k'), { request: '00', result: null }],
  member: [memberKey('one'), { replica: 'one', dns: [] }],
  activity: [activityKey('t'), { token: 't', lastUsedAt: since }],
  offset: [offsetKey, { offset: 7 }],
  outbox: [outboxKey('01KGZ8V1CR9Q4M3Z7T2B5X6Y0W'), { at: since, replica: 'one', decisions: [] }],
  ledger: [ledgerHomeKey, { kind: 'sqlite', ledger: '5e2fb3a4-2b5c-4a44-9a5e-000000000000', replica: 'one' }],
  leader: [leaderKey('ledger'), { replica: 'one' }],
};

for (const [kind, [key, value, put, deleted]] of Object.entries(kinds)) {
  test(`a key of the kind ${kind} ${put === undefined ? 'tells nothing' : 'is told once'}`, async (t) => {
    const served = await servedApi(t);
    const { store } = served;
    // Followers see changes of names only when the serial of the zone is put, too.
    const serial: Operation[] =
      kind === 'serial' ? [] : [{ kind: 'put', key: serialKey(z), value: '{"v":1,"serial":7}' }];
    const told = async (operation: Operation) => {
      const start = (await store.list('', { limit: 1 })).revision;
      await commit(store, operation, ...serial);
      return (await toldAfter(served, start)).map(lineOf);
    };
    const text = JSON.stringify({ v: 1, ...value });
    assert.deepEqual(await told({ kind: 'put', key, value: text }), put === undefined ? [] : [put]);
    assert.deepEqual(await told({ kind: 'put', key, value: text }), [], 'a put of the same value is a change');
    assert.deepEqual(await told({ kind: 'delete', key }), deleted === undefined ? [] : [deleted]);
  });
}

for (const [what, given, request, changes] of rows) {
  test(what, async (t) => {
    const served = await servedApi(t);
    const { api, store } = served;
    for (const one of given) assert.ok((await api.send(...one)).status < 300, `given: ${one}`);
    const start = (await store.list('', { limit: 1 })).revision;
    if (typeof request === 'function') await request(served);
    else assert.ok((await api.send(...request)).status < 300);
    const told = await toldAfter(served, start);
    assert.deepEqual(told.map(lineOf).sort(), changes.sort());
  });
}

test('a large zone is deleted in slices, and is one change', async (t) => {
  const served = await servedApi(t);
  const { api, store } = served;
  assert.equal((await api.send(...zone())).status, 201);
  const text = Array.from({ length: 3000 }, (_, number) => `n${number} 300 TXT "x"\n`).join('');
  assert.equal((await api.send(...file(text))).status, 200);
  const start = (await store.list('', { limit: 1 })).revision;
  assert.equal((await api.send('DELETE', '/v1/zones/z')).status, 204);
  assert.deepEqual((await toldAfter(served, start)).map(lineOf), ['zone deleted z']);
  const { signal } = new AbortController();
  for await (const change of store.watch('', after(start), signal, { previous: true })) {
    assert.ok([...resourceChanges(change)].length >= 3);
    break;
  }
});

test('an import and the cleaning after it tell nothing of the names that they write and delete', async (t) => {
  const served = await servedApi(t);
  const { api, store } = served;
  assert.equal((await api.send(...zone())).status, 201);
  const text = Array.from({ length: 300 }, (_, number) => `n${number} 300 TXT "x"\n`).join('');
  assert.equal((await api.send(...file(text))).status, 200);
  const start = (await store.list('', { limit: 1 })).revision;
  assert.equal((await api.send(...file(text.replaceAll('"x"', '"y"')))).status, 200);
  await cleanGenerations(store, parseName('z'));
  assert.equal((await store.list(zoneNamesPrefix(parseName('z')))).entries.length, 300);
  const told = await toldAfter(served, start);
  assert.deepEqual(told.map(lineOf), ['zone imported z: 300']);
});

async function commit(store: ServedApi['store'], ...operations: Operation[]): Promise<void> {
  await store.commit({ compares: [], operations });
}

/** Returns the changes after a revision. Writes a key of no kind to mark their end. */
async function toldAfter({ store }: ServedApi, start: Revision): Promise<ResourceChange[]> {
  const { revision: last } = await store.commit({
    compares: [],
    operations: [{ kind: 'put', key: 'end', value: '' }],
  });
  const told: ResourceChange[] = [];
  const { signal } = new AbortController();
  for await (const change of store.watch('', after(start), signal, { previous: true })) {
    told.push(...(await inSlices(resourceChanges(change))));
    if (change.revision >= last) break;
  }
  return told;
}

/** Returns `resource action id`, and a part of the new value. */
function lineOf(change: ResourceChange): string {
  const value = shownValue(change);
  return `${change.resource} ${change.action} ${idOf(change)}${value === undefined ? '' : `: ${value}`}`;
}

function idOf({ resource, id, before, after }: ResourceChange): string {
  if (resource === 'pool') return (after ?? before)?.name ?? 'p';
  if (resource === 'rrset') return `${id.owner} ${id.type} in ${id.zone}`;
  return resource === 'allocation' ? id.address : id;
}

function shownValue({ resource, after: value }: ResourceChange): unknown {
  if (value === undefined) return undefined;
  switch (resource) {
    case 'host':
      return value.addresses.map(({ address }) => address).join(' ');
    case 'pool':
      return value.ranges.join(' ');
    case 'zone':
      return value.defaultTtl;
    case 'rrset':
      return value.records.join(' ');
    case 'allocation':
      return value.holders.map(({ owner }) => owner).join(' ');
    case 'token':
      return value.role;
    case 'resolver':
      return value.kind;
    case 'forwarder':
      return value.targets[0]?.address ?? '';
  }
}
