// Each invalid value in the store is one fault, and all other values are listed and served as before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressNumber, parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import type { Revision } from '../../src/model/revision.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { addressKey } from '../../src/store/kinds/address.ts';
import { hostKey } from '../../src/store/kinds/host.ts';
import { memberKey } from '../../src/store/kinds/member.ts';
import { nameKey } from '../../src/store/kinds/name.ts';
import { poolKey } from '../../src/store/kinds/pool.ts';
import { serialKey } from '../../src/store/kinds/serial.ts';
import { tokenKey } from '../../src/store/kinds/token.ts';
import { zoneKey } from '../../src/store/kinds/zone.ts';
import type { Entry, Operation } from '../../src/store/store.ts';
import type { Views } from '../../src/views/views.ts';
import { emptyViews } from '../support/control-plane.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { readViews } from './same-views.ts';

const k8s = parseName('k8s');
const since = '2026-01-01T00:00:00.000Z';
const address = parseAddress('10.0.0.5');
const rrset = { type: 'A', ttl: 300, records: ['10.0.0.5', '10.0.0.6'] };
const pool = { v: 1, name: 'p', ranges: ['10.0.0.0/24'], ...poolDefaults, tags: { a: 'b' } };
const zone = {
  v: 1,
  name: 'k8s',
  ...zoneDefaults,
  soa: { mname: 'ns.example', refreshSeconds: 60 },
};
const holder = {
  kind: 'allocation',
  id: '1',
  owner: 'me',
  sharingKey: 'k',
  ports: [{ protocol: 'tcp', port: 80 }],
  expiresAt: '2040-01-01T00:00:00.000Z',
};
const held = { v: 1, address, space: 'default', pool: 'p', state: 'held', holders: [holder], since };
const host = {
  v: 1,
  name: 'h.k8s',
  zone: 'k8s',
  addresses: [{ address: '10.0.0.7', pool: 'p', space: 'default' }],
  aliases: ['alias.k8s'],
  ttl: null,
  ptr: true,
  owner: '',
  tags: {},
  createdAt: since,
};
const token = { v: 1, id: 't', hash: 'a'.repeat(64), salt: 'b'.repeat(32), role: 'admin', createdAt: since };
const member = { v: 1, replica: 'else', dns: ['192.0.2.1:53', '[2001:db8::1]:53'] };
const nameValueOf = (name: string, ...rrsets: unknown[]) => ({ v: 1, name, rrsets });
const keyOfName = (name: string) => nameKey(k8s, 1, parseName(name));

/** One valid value of each kind, to be mutated. */
const kinds: [key: string, value: object][] = [
  [poolKey('p'), pool],
  [addressKey('default', address), held],
  [zoneKey(parseName('mutated')), { ...zone, name: 'mutated' }],
  [keyOfName('n.k8s'), nameValueOf('n.k8s', { ...rrset, manager: 'host' }, { type: 'TXT', ttl: 1, records: ['"x"'] })],
  [keyOfName('c.k8s'), nameValueOf('c.k8s', { type: 'CNAME', ttl: 1, records: ['n.k8s.'], manager: 'host' })],
  [hostKey(parseName('h.k8s')), host],
  [tokenKey('t'), token],
  [memberKey('else'), member],
];
const neighbours: [key: string, value: object | ''][] = [
  [poolKey('stays'), { ...pool, name: 'stays', ranges: ['10.1.0.0/24'] }],
  [addressKey('default', parseAddress('10.1.0.1')), { ...held, address: '10.1.0.1', pool: 'stays' }],
  [hostKey(parseName('stays.k8s')), { ...host, name: 'stays.k8s', aliases: [], addresses: [] }],
  [keyOfName('stays.k8s'), nameValueOf('stays.k8s', rrset)],
  [serialKey(k8s), ''],
  [zoneKey(k8s), zone],
];

const odd = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e308, 2 ** 31, 2 ** 53, '', '.', '..', '@'),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(
      ...['a b', 'K8S', `${'x'.repeat(70)}.k8s`, 'é.k8s', '\\', '10.0.0.300', '::ffff:10.0.0.1', '0.0.0.0/0'],
      ...['OPT', 'ANY', 'SOA', 'A', 'CNAME', 'TYPE1', 'TYPE65280', '__proto__', 'constructor', 'host', 'held'],
      ...['Jan 1 2026 ("x)', '2026-13-01T00:00:00Z', '9999999-01-01T00:00:00Z', '\u0000', '\ud800', 'x'.repeat(300)],
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
);
const mutation = fc.record({
  at: fc.nat(1000),
  how: fc.constantFrom('replace', 'remove', 'double', 'add') as fc.Arbitrary<'replace' | 'remove' | 'double' | 'add'>,
  with: odd,
  member: fc.constantFrom('__proto__', 'x', 'toString', 'mname', 'expiresAt', 'manager', 'freeAt'),
});
const mutated = fc.record({
  kind: fc.nat(kinds.length - 1),
  mutations: fc.array(mutation, { minLength: 1, maxLength: 3 }),
});

/** Returns a mutated value as text, so that an own field `__proto__` is kept. */
function mutate({ kind, mutations }: { kind: number; mutations: readonly Mutation[] }): [key: string, text: string] {
  const [key, value] = kinds[kind] as [string, object];
  let text = JSON.stringify(value);
  for (const one of mutations) text = JSON.stringify(mutateOnce(JSON.parse(text), one)) ?? 'null';
  return [key, text];
}

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutateOnce(value: unknown, { at, how, with: other, member }: Mutation): unknown {
  const places: [parent: Record<string, unknown> | unknown[], name: string][] = [];
  const visit = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, child] of Object.entries(node)) {
      places.push([node as Record<string, unknown>, name]);
      visit(child);
    }
  };
  visit(value);
  const [parent, name] = places[at % places.length] ?? [];
  if (parent === undefined || name === undefined) return other;
  const here = (parent as Record<string, unknown>)[name];
  if (how === 'remove') delete (parent as Record<string, unknown>)[name];
  else if (how === 'double' && Array.isArray(parent)) parent.push(here);
  else if (how === 'add') Object.defineProperty(parent, member, { value: other, enumerable: true, configurable: true });
  else (parent as Record<string, unknown>)[name] = other;
  return value;
}

function entriesOf(pairs: Iterable<readonly [string, object | string]>, revision: number): Entry[] {
  return [...pairs].map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? value : JSON.stringify(value),
    created: 1 as Revision,
    modified: revision as Revision,
  }));
}

const zonesLast = (entry: Entry) => Number(entry.key.startsWith('zones/'));

function loadInto(views: Views, entries: readonly Entry[], revision: number): void {
  views.beginLoad();
  for (const entry of entries.toSorted((a, b) => zonesLast(a) - zonesLast(b))) views.load(entry);
  views.endLoad(revision as Revision);
}

function assertNeighbours(views: Views): void {
  assert.equal(views.pools.byName('stays')?.value.ranges[0], '10.1.0.0/24');
  assert.equal(views.pools.usage('stays', Date.now())?.ipv4.used, 1n);
  assert.ok(views.hosts.get(parseName('stays.k8s')));
  assert.deepEqual(views.zones.name(k8s, parseName('stays.k8s')).rrsets, [rrset]);
  assert.ok(views.zones.implied(k8s).some(({ rrset: { type } }) => type === 'NS'));
  for (const [key] of neighbours) assert.equal(views.faults.get(key), undefined);
}

test('with randomly mutated stored values no load and no change throws, and other values stay as they are', () => {
  fc.assert(
    fc.property(fc.array(mutated, { minLength: 1, maxLength: 5 }), (wrong) => {
      const views = emptyViews();
      const base = [...kinds, ...neighbours];
      loadInto(views, entriesOf(base, 1), 1);
      assert.deepEqual([...views.faults], []);
      const changed = new Map<string, object | string>(base);
      for (const [index, one] of wrong.entries()) {
        const pair = mutate(one);
        changed.set(...pair);
        const events = entriesOf([pair], index + 2).map((entry) => ({ kind: 'put' as const, entry }));
        views.apply({ revision: (index + 2) as Revision, events });
        assertNeighbours(views);
        readViews(views, entriesOf(changed, 1));
      }
      const fresh = emptyViews();
      loadInto(fresh, entriesOf(changed, 10), 10);
      assertNeighbours(fresh);
      readViews(fresh, entriesOf(changed, 1));
      // A mutated value that was accepted must not block a member that comes later.
      loadInto(views, entriesOf([...base, [memberKey('late'), { ...member, replica: 'late' }]], 11), 11);
      assertNeighbours(views);
      assert.deepEqual([...views.faults], []);
      const ns = views.zones.implied(k8s).find(({ rrset: { type } }) => type === 'NS');
      assert.ok(ns?.rrset.records.includes('ns-late.k8s.'));
    }),
    { numRuns: 600 },
  );
});

const lists = [
  '/v1/pools',
  '/v1/pools/stays/allocations',
  '/v1/zones',
  '/v1/zones/k8s/rrsets',
  '/v1/zones/k8s/zonefile',
  '/v1/hosts',
  '/v1/members',
  '/readyz',
];

test('with randomly mutated stored values every list of the API succeeds', async (t) => {
  const served = await servedApi(t);
  const put = (pairs: Iterable<readonly [string, object | string]>) => write(served, pairs);
  await put([...kinds, ...neighbours]);
  const property = fc.asyncProperty(fc.array(mutated, { minLength: 1, maxLength: 5 }), async (wrong) => {
    await put(new Map(wrong.map(mutate)));
    assertNeighbours(served.views);
    for (const path of lists) {
      const response = await fetch(served.url + path, { headers: { authorization: 'Bearer a-token-for-tests-only' } });
      const text = await response.text();
      assert.equal(response.status, 200, `${path}: ${text}`);
      if (path !== '/v1/zones/k8s/zonefile') JSON.parse(text);
    }
  });
  await fc.assert(property, { numRuns: 60 });
});

async function write({ store, views }: ServedApi, pairs: Iterable<readonly [string, object | string]>): Promise<void> {
  const operations = entriesOf(pairs, 1).map(({ key, value }): Operation => ({ kind: 'put', key, value }));
  await views.reached((await store.commit({ compares: [], operations })).revision);
}

const longLabel = 'x'.repeat(70);

/** Values of which each must be reported as a fault of its key. */
const refused: [title: string, key: string, value: object | string][] = [
  ['a zone without a name', 'zones/', { ...zone, name: '' }],
  ['a zone with a label of 70 octets', `zones/${longLabel}.k8s`, { ...zone, name: `${longLabel}.k8s` }],
  ['a zone with an empty label', 'zones/a..k8s', { ...zone, name: 'a..k8s' }],
  ['a zone whose nameservers would have too long names', `zones/${longName(250)}`, { ...zone, name: longName(250) }],
  ['a serial of an invalid zone name', 'serials/a..k8s', ''],
  ['a SOA time that is text', zoneKey(k8s), { ...zone, soa: { refreshSeconds: 'x' } }],
  ['a SOA time beyond 31 bits', zoneKey(k8s), { ...zone, soa: { expireSeconds: 2 ** 31 } }],
  ['a negative TTL', zoneKey(k8s), { ...zone, defaultTtl: -1 }],
  ['a generation that is not a safe integer', zoneKey(k8s), { ...zone, generation: 1e300 }],
  ['a nameserver named twice', zoneKey(k8s), { ...zone, nameservers: ['a.b', 'a.b'] }],
  ['a name in a generation that is not a number', 'names/k8s/NaN/k8s.n', nameValueOf('n.k8s', rrset)],
  ['a name in a zone with an invalid name', 'names/a..k8s/1/k8s..a.n', nameValueOf('n.a..k8s', rrset)],
  ['a name in a zone without a name', 'names//1/k8s.n', nameValueOf('n.k8s', rrset)],
  ['a name outside its zone', 'names/k8s/1/example.n', nameValueOf('n.example', rrset)],
  ['a name with an empty label', 'names/k8s/1/k8s..n', nameValueOf('n..k8s', rrset)],
  ['a type twice', keyOfName('n.k8s'), nameValueOf('n.k8s', rrset, rrset)],
  ['a record twice', keyOfName('n.k8s'), nameValueOf('n.k8s', { ...rrset, records: ['10.0.0.5', '10.0.0.5'] })],
  [
    'a record twice, written otherwise',
    keyOfName('n.k8s'),
    nameValueOf('n.k8s', { type: 'NS', ttl: 1, records: ['a.', 'A.'] }),
  ],
  ['a TTL beyond 31 bits', keyOfName('n.k8s'), nameValueOf('n.k8s', { ...rrset, ttl: 2 ** 31 })],
  [
    'a type that occurs only in messages',
    keyOfName('n.k8s'),
    nameValueOf('n.k8s', { type: 'OPT', ttl: 1, records: ['\\# 0'] }),
  ],
  ['a type in lower case', keyOfName('n.k8s'), nameValueOf('n.k8s', { ...rrset, type: 'a' })],
  ['a type by number', keyOfName('n.k8s'), nameValueOf('n.k8s', { ...rrset, type: 'TYPE1' })],
  ['two CNAMEs', keyOfName('n.k8s'), nameValueOf('n.k8s', { type: 'CNAME', ttl: 1, records: ['a.', 'b.'] })],
  [
    'a CNAME beside other types',
    keyOfName('n.k8s'),
    nameValueOf('n.k8s', { type: 'CNAME', ttl: 1, records: ['a.'] }, rrset),
  ],
  ['a CNAME at the apex', keyOfName('k8s'), nameValueOf('k8s', { type: 'CNAME', ttl: 1, records: ['a.'] })],
  ['no records', keyOfName('n.k8s'), nameValueOf('n.k8s', { ...rrset, records: [] })],
  ['no RRsets', keyOfName('n.k8s'), nameValueOf('n.k8s')],
  [
    'an RRset too large for a message',
    keyOfName('n.k8s'),
    nameValueOf('n.k8s', { ...rrset, records: Array.from({ length: 5000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`) }),
  ],
  [
    "a host's record of a type that hosts have not",
    keyOfName('n.k8s'),
    nameValueOf('n.k8s', { type: 'MX', ttl: 1, records: ['1 a.'], manager: 'host' }),
  ],
  ['a pool of an unknown strategy', poolKey('p'), { ...pool, strategy: 'best' }],
  ['a pool that overlaps itself', poolKey('p'), { ...pool, ranges: ['10.0.0.0/24', '10.0.0.5'] }],
  ['a pool without ranges', poolKey('p'), { ...pool, ranges: [] }],
  ['a pool with a negative cool-down', poolKey('p'), { ...pool, coolDownSeconds: -1 }],
  ['a range in another notation', poolKey('p'), { ...pool, ranges: ['10.0.0.7/24'] }],
  ['a pool with an invalid name', poolKey('P Q'), { ...pool, name: 'P Q' }],
  ['a tag named `__proto__`', poolKey('p'), JSON.stringify(pool).replace('"a":', '"__proto__":')],
  [
    'a host with a field named `__proto__`',
    hostKey(parseName('h.k8s')),
    JSON.stringify(host).replace('{', '{"__proto__":{},'),
  ],
  ['a port beyond 16 bits', addressKey('default', address), heldBy({ ports: [{ protocol: 'tcp', port: 65_536 }] })],
  ['an unknown protocol', addressKey('default', address), heldBy({ ports: [{ protocol: 'x', port: 1 }] })],
  ['a sharing key that is not text', addressKey('default', address), heldBy({ sharingKey: 5 })],
  ['a time that is not in ISO 8601', addressKey('default', address), { ...held, since: 'Jan 1 2026 ("x)' }],
  ['a time on 30 February', addressKey('default', address), { ...held, since: '2026-02-30T00:00:00.000Z' }],
  ['a host of 30 February', hostKey(parseName('h.k8s')), { ...host, createdAt: '2026-02-30T00:00:00.000Z' }],
  ['a token of 30 February', tokenKey('t'), { ...token, createdAt: '2026-02-30T00:00:00.000Z' }],
  ['a holder twice', addressKey('default', address), { ...held, holders: [holder, holder] }],
  ['a host outside its zone', hostKey(parseName('h.k8s')), { ...host, zone: 'other' }],
  ['a host with an address twice', hostKey(parseName('h.k8s')), { ...host, addresses: twice(host.addresses) }],
  ['a host with a negative TTL', hostKey(parseName('h.k8s')), { ...host, ttl: -5 }],
  ['a host whose time of creation is not a time', hostKey(parseName('h.k8s')), { ...host, createdAt: 'x' }],
  ['a token with half a hash', tokenKey('t'), { ...token, hash: 'abc' }],
  ["another's token", tokenKey('u'), token],
  ['a member whose address is not an address', memberKey('else'), { ...member, dns: ['x'] }],
];

for (const [title, key, value] of refused) {
  test(`${title} is a fault`, () => {
    const views = emptyViews();
    loadInto(views, entriesOf([...neighbours, ...kinds], 1), 1);
    assert.deepEqual([...views.faults], []);
    const before = readViews(views, []);
    const events = entriesOf([[key, value]], 2).map((entry) => ({ kind: 'put' as const, entry }));
    views.apply({ revision: 2 as Revision, events });
    assert.deepEqual([...views.faults.keys()], [key]);
    views.faults.clear();
    assert.deepEqual(readViews(views, []), before);
  });
}

test('the minimum and maximum values that the API accepts are read', () => {
  const wide = { type: 'TXT', ttl: 2 ** 31 - 1, records: [`"${'x'.repeat(255)}" `.repeat(200).trim()] };
  const good: [string, object][] = [
    [poolKey('q'), { ...pool, name: 'q', ranges: ['2001:db8::/32', '10.9.0.1'], priority: -1_000_000 }],
    [zoneKey(parseName('.')), { ...zone, name: '.', defaultTtl: 0, soa: { refreshSeconds: 0, rname: 'a\\.b.c' } }],
    [keyOfName('*.k8s'), nameValueOf('*.k8s', wide, { type: 'TYPE65280', ttl: 0, records: ['\\# 0'] })],
    [hostKey(parseName('*.k8s')), { ...host, name: '*.k8s', ttl: 2 ** 31 - 1, tags: { '': '', 'a\nb': 'x' } }],
    [memberKey('A b/c'), { ...member, replica: 'A b/c', dns: [] }],
  ];
  const views = emptyViews();
  loadInto(views, entriesOf([...neighbours, ...good], 1), 1);
  assert.deepEqual([...views.faults], []);
  assert.equal(addressNumber(address), 0xffff0a000005n);
});

function heldBy(more: object): object {
  return { ...held, holders: [{ ...holder, ...more }] };
}

function twice<T>(items: readonly T[]): T[] {
  return [...items, ...items];
}

function longName(length: number): string {
  return `${'abcdefghi.'.repeat(Math.floor(length / 10))}k8s`;
}
