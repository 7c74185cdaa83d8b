// Sends each write operation with each pair of faults from different stages: the answer tells both, and no fault that
// only follows from one of them. If one fault hides another, the row of the other says so (`needs`).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pino } from 'pino';
import { memberKey } from '../../src/store/kinds/member.ts';
import { type Problem, problemIn } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';
import {
  badName,
  badZone,
  because,
  createOnly,
  type Fault,
  fault,
  inItem,
  longKey,
  noZone,
  noZoneOfRrset,
  type Operation,
  stages,
  stale,
  stray,
} from './fault-forms.ts';
import { poolParts } from './fault-rows-of-pool-parts.ts';
import { tokensAndForwarders } from './fault-rows-of-tokens.ts';

const hostSchema = [
  fault('schema', '/ttl', -1),
  fault('schema', '/tags', 'x'),
  fault('schema', '/owner', 7),
  fault('schema', '/ptr', 1),
  fault('schema', '/prefer', 1),
  fault('schema', '/pool', 'No Label'),
  fault('schema', '/families/0', 'ipv5'),
  stray,
];
const hostParse = [
  fault('parse', '/aliases/0', 'a..b'),
  fault('parse', '/addresses/0', '300.1.1.1'),
  fault('parse', '/addresses', ['192.0.2.300', '192.0.2.11'], ['/addresses']),
];
/** What conflicts of addresses need: the pool, and no unknown field (`stray`), which may be a misspelt `pool`. */
const ofPool = ['/pool', '/stray'];
const hostStands = [
  fault('stands', '/aliases/1', 'www.foo.k8s'),
  fault('stands', '/aliases/2', 'none.test'),
  fault('stands', '/pool', 'none'),
];

const operations: Record<string, Operation> = {
  createHost: {
    method: 'POST',
    path: '/v1/hosts',
    body: { name: 'new.foo.k8s', aliases: ['one.foo.k8s', 'two.foo.k8s', 'three.foo.k8s'] },
    faults: [
      fault('text', '/name', '\u0000twice'),
      fault('schema', '/adopt', 'yes'),
      longKey,
      ...hostSchema,
      ...hostParse.slice(0, 2),
      fault('parse', '/name', 'a..b'),
      fault('stands', '/name', 'other.foo.k8s'),
      fault('stands', '/name', 'a.none.test'),
      ...hostStands,
      because('/addresses/1', { '/addresses/0': '192.0.2.9', '/addresses/1': '192.0.2.2' }, [...ofPool]),
      because('/families', { '/families': ['ipv6'] }, [...ofPool, '/prefer', '/addresses', '/addresses/0']),
    ],
  },
  createHosts: {
    method: 'POST',
    path: '/v1/hosts:batch',
    body: {
      hosts: [
        { name: 'first.foo.k8s' },
        { name: 'new.foo.k8s', aliases: ['one.foo.k8s', 'two.foo.k8s', 'three.foo.k8s'] },
      ],
      atomic: true,
    },
    faults: [
      longKey,
      stray,
      ...inItem('/hosts/1', [
        ...hostSchema,
        ...hostParse.slice(0, 2),
        fault('parse', '/name', 'a..b'),
        fault('stands', '/name', 'other.foo.k8s'),
        fault('stands', '/name', 'first.foo.k8s'),
        ...hostStands,
      ]),
      fault('stands', '/hosts/0/name', 'other.foo.k8s'),
    ],
  },
  importHosts: {
    method: 'POST',
    path: '/v1/hosts:import',
    body: 'name\nimported.foo.k8s\n',
    headers: { 'content-type': 'text/csv' },
    faults: [fault('schema', '?dryRun', 'maybe'), fault('schema', '?mode', 'never')],
  },
  swapHosts: {
    method: 'POST',
    path: '/v1/hosts/web.foo.k8s/swap',
    body: { with: 'other.foo.k8s' },
    faults: [
      longKey,
      stray,
      fault('schema', '/families/0', 'ipv5'),
      badName,
      fault('parse', '/with', 'a..b'),
      fault('stands', ':name', 'none.foo.k8s'),
      fault('stands', '/with', 'none.foo.k8s'),
    ],
  },
  putHost: {
    method: 'PUT',
    path: '/v1/hosts/web.foo.k8s',
    body: { aliases: ['one.foo.k8s', 'two.foo.k8s', 'three.foo.k8s'] },
    faults: [
      createOnly,
      ...hostSchema,
      ...hostParse.slice(0, 2),
      fault('parse', '/name', 'a..b'),
      badName,
      stale,
      fault('stands', '/zone', 'other', [':name']),
      fault('stands', '/aliases/1', 'own.foo.k8s', [':name']),
      fault('stands', '/aliases/2', 'none.test', [':name']),
      fault('stands', '/pool', 'none', [':name']),
      because('/addresses/1', { '/addresses/0': '192.0.2.9', '/addresses/1': '192.0.2.3' }, [...ofPool, ':name']),
    ].map((one) => (one === stale ? { ...one, needs: [':name'] } : one)),
  },
  patchHost: {
    method: 'PATCH',
    path: '/v1/hosts/web.foo.k8s',
    body: { aliases: ['one.foo.k8s', 'two.foo.k8s', 'three.foo.k8s'] },
    faults: [
      createOnly,
      ...hostSchema,
      ...hostParse.slice(0, 2),
      fault('parse', '/name', 'a..b'),
      badName,
      { ...stale, needs: [':name'] },
      fault('stands', '/name', 'other.foo.k8s', [':name']),
      fault('stands', '/aliases/1', 'own.foo.k8s', [':name']),
      fault('stands', '/aliases/2', 'none.test', [':name']),
      fault('stands', '/pool', 'none', [':name']),
    ],
  },
  deleteHost: {
    method: 'DELETE',
    path: '/v1/hosts/web.foo.k8s',
    faults: [createOnly, badName, fault('stands', ':name', 'none.foo.k8s'), { ...stale, needs: [':name'] }],
  },
  createPool: {
    method: 'POST',
    path: '/v1/pools',
    body: { name: 'q', ranges: ['10.77.0.0/24', '10.78.0.0/24'] },
    faults: [
      longKey,
      stray,
      fault('schema', '/priority', 'x'),
      fault('schema', '/strategy', 'best'),
      fault('schema', '/space', 'No Label'),
      fault('schema', '/allowFirstLast', 1),
      fault('parse', '/ranges/0', 'x'),
      fault('parse', '/exclude/0', 'x'),
      fault('stands', '/name', 'p'),
      fault('stands', '/ranges/1', '192.0.2.0/30', ['/space', '/stray']),
    ],
  },
  putPool: {
    method: 'PUT',
    path: '/v1/pools/p',
    body: { ranges: ['192.0.2.0/28', '10.78.0.0/24'] },
    faults: [
      stray,
      createOnly,
      fault('schema', '?force', 'maybe'),
      fault('schema', '/priority', 'x'),
      fault('schema', '/drain', 1),
      fault('schema', '/space', 'No Label'),
      fault('parse', '/exclude/0', 'x'),
      { ...stale, needs: [':pool'] },
      fault('stands', '/name', 'other', [':pool']),
      fault('stands', '/id', 'other', [':pool']),
      fault('stands', '/ranges/1', '10.9.0.0/30', ['/space', '/stray', ':pool']),
      because('/ranges', { '/ranges/0': '192.0.2.8/29' }, ['/space', '/stray', '?force', '/ranges/1', ':pool']),
    ],
  },
  patchPool: {
    method: 'PATCH',
    path: '/v1/pools/p',
    body: { ranges: ['192.0.2.0/28', '10.78.0.0/24'] },
    faults: [
      stray,
      createOnly,
      fault('schema', '?force', 'maybe'),
      fault('schema', '/priority', 'x'),
      fault('schema', '/tags', 7),
      fault('parse', '/ranges/0', 'x'),
      fault('parse', '/exclude/0', 'x'),
      { ...stale, needs: [':pool'] },
      fault('stands', '/name', 'lab', [':pool']),
      fault('stands', '/id', 'other', [':pool']),
      fault('stands', ':pool', 'none'),
      fault('stands', '/ranges/1', '10.9.0.0/30', ['/space', '/stray', ':pool']),
    ],
  },
  carvePool: {
    method: 'POST',
    path: '/v1/pools/lab/pools',
    body: { name: 'q', prefixLength: 28 },
    faults: [
      longKey,
      stray,
      fault('schema', '/priority', 'x'),
      fault('schema', '/family', 'ipv5'),
      fault('parse', '/exclude/0', 'x'),
      fault('stands', ':pool', 'none'),
      fault('stands', '/name', 'p', [':pool']),
      fault('stands', '/prefixLength', 8, [':pool', '/family', '/stray']),
    ],
  },
  deletePool: {
    method: 'DELETE',
    path: '/v1/pools/lab',
    faults: [
      createOnly,
      fault('schema', '?force', 'maybe'),
      fault('schema', '?stray', '1'),
      fault('schema', ':pool', 'No%20Label'),
      { ...stale, needs: [':pool'] },
      fault('stands', ':pool', 'p', ['?force', '?stray']),
    ],
  },
  createZone: {
    method: 'POST',
    path: '/v1/zones',
    body: { name: 'new.test', nameservers: ['ns1.new.test', 'ns2.new.test'] },
    faults: [
      longKey,
      stray,
      fault('schema', '/defaultTtl', -1),
      fault('schema', '/soa/ttl', 'x'),
      fault('parse', '/nameservers/1', 'a..b'),
      fault('parse', '/soa/rname', 'a..b'),
      { ...fault('stands', '/skydns', true), needs: ['/name'] },
      fault('parse', '/name', 'a..b'),
      fault('stands', '/name', 'foo.k8s'),
      fault('stands', '/name', 'web.foo.k8s'),
    ],
  },
  putZone: {
    method: 'PUT',
    path: '/v1/zones/foo.k8s',
    body: { nameservers: ['ns1.new.test', 'ns2.new.test'] },
    faults: [
      stray,
      createOnly,
      badZone,
      fault('schema', '/defaultTtl', -1),
      fault('schema', '/soa/ttl', 'x'),
      fault('parse', '/nameservers/1', 'a..b'),
      fault('parse', '/soa/rname', 'a..b'),
      fault('parse', '/name', 'other.test', [':zone']),
      fault('stands', ':zone', 'web.foo.k8s'),
      { ...stale, needs: [':zone'] },
    ],
  },
  patchZone: {
    method: 'PATCH',
    path: '/v1/zones/foo.k8s',
    body: { nameservers: ['ns1.new.test', 'ns2.new.test'] },
    faults: [
      stray,
      createOnly,
      badZone,
      fault('schema', '/defaultTtl', -1),
      fault('schema', '/soa', 'x'),
      fault('parse', '/nameservers/1', 'a..b'),
      fault('parse', '/name', 'other.test', [':zone']),
      noZone,
      { ...stale, needs: [':zone'] },
    ],
  },
  deleteZone: {
    method: 'DELETE',
    path: '/v1/zones/bar.k8s',
    faults: [
      createOnly,
      badZone,
      noZone,
      fault('schema', '?force', 'maybe'),
      { ...stale, needs: [':zone'] },
      fault('stands', ':zone', 'foo.k8s', ['?force']),
    ],
  },
  putRRset: {
    method: 'PUT',
    path: '/v1/zones/foo.k8s/rrsets/x/A',
    body: { records: ['192.0.2.200', '192.0.2.201'] },
    faults: [
      stray,
      createOnly,
      badName,
      badZone,
      noZoneOfRrset,
      fault('schema', '/ttl', -1),
      fault('schema', '/records/0', 7),
      fault('parse', '/records/1', 'x', [':type']),
      fault('parse', ':type', 'NOTYPE'),
      fault('parse', '/name', 'y', [':name', ':zone']),
      fault('stands', ':name', 'web', [':zone', ':type', '/stray']),
      { ...stale, needs: [':zone', ':type', ':name'] },
    ],
  },
  patchRRsets: {
    method: 'PATCH',
    path: '/v1/zones/foo.k8s/rrsets',
    body: [
      { name: 'x', type: 'A', records: ['192.0.2.200'] },
      { name: 'y', type: 'A', records: ['192.0.2.201'] },
      { name: 'z', type: 'CNAME', records: ['x.foo.k8s.'] },
    ],
    faults: [
      createOnly,
      badZone,
      noZoneOfRrset,
      fault('schema', '/0/ttl', -1),
      fault('schema', '/0/stray', 1),
      fault('schema', '/1/records', 'x'),
      fault('parse', '/0/name', 'a..b'),
      fault('parse', '/0/type', 'NOTYPE'),
      fault('parse', '/1/records/0', 'x'),
      // Conflicts between records need all items of the list.
      fault('stands', '/2/name', 'own', [':zone', '/0/name', '/0/type', '/1/records']),
      because('/2/name', { '/2/type': 'SOA', '/2/records': [] }, [':zone']),
      { ...stale, needs: [':zone'] },
    ],
  },
  deleteRRset: {
    method: 'DELETE',
    path: '/v1/zones/foo.k8s/rrsets/own/A',
    faults: [
      createOnly,
      badName,
      badZone,
      noZoneOfRrset,
      fault('parse', ':type', 'NOTYPE'),
      fault('stands', ':name', 'web', [':zone', ':type']),
      { ...stale, needs: [':zone', ':type', ':name'] },
    ],
  },
  importZoneFile: {
    method: 'PUT',
    path: '/v1/zones/foo.k8s/zonefile',
    body: 'a A 192.0.2.1\n',
    headers: { 'content-type': 'text/dns' },
    faults: [
      createOnly,
      badZone,
      noZone,
      fault('schema', '?dryRun', 'maybe'),
      fault('schema', '?signed', 'never'),
      { ...stale, needs: [':zone'] },
    ],
  },
  adoptZone: {
    method: 'POST',
    path: '/v1/zones/foo.k8s/adopt',
    faults: [badZone, noZone],
  },
  sweepSkydns: {
    method: 'DELETE',
    path: '/v1/zones/foo.k8s/skydns/orphans',
    faults: [badZone, noZone],
  },
  allocateAddresses: {
    method: 'POST',
    path: '/v1/pools/p/allocations',
    body: {},
    faults: [
      longKey,
      stray,
      fault('schema', '/owner', 7),
      fault('schema', '/sharingKey', ''),
      fault('schema', '/expiresInSeconds', 0),
      fault('schema', '/ports', 'x'),
      fault('parse', '/tags', Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, '']))),
      fault('schema', '/count', 0),
      fault('parse', '/addresses/0', '300.1.1.1'),
      fault('stands', ':pool', 'none'),
      because('/addresses/1', { '/addresses/0': '192.0.2.9', '/addresses/1': '192.0.2.1' }, [':pool']),
      because(':pool', { '/family': 'ipv6' }, [
        '/addresses',
        '/addresses/0',
        '/addresses/1',
        '/sharingKey',
        '/count',
        '/stray',
      ]),
    ],
  },
  importAllocations: {
    method: 'POST',
    path: '/v1/pools/p/allocations:import',
    body: 'address\n192.0.2.7\n',
    headers: { 'content-type': 'text/csv' },
    faults: [fault('schema', '?dryRun', 'maybe'), fault('schema', '?mode', 'never'), fault('stands', ':pool', 'none')],
  },
  changeAllocation: {
    method: 'PATCH',
    path: '/v1/addresses/192.0.2.5/holders/@',
    body: {},
    faults: [
      stray,
      createOnly,
      fault('schema', '?space', 'No%20Label'),
      fault('schema', '/owner', 7),
      fault('schema', '/sharingKey', ''),
      fault('schema', '/expiresInSeconds', 0),
      fault('schema', '/tags', 'x'),
      fault('parse', ':ip', '300.1.1.1'),
      { ...stale, needs: [':ip', '?space', ':id'] },
      fault('stands', ':ip', '192.0.2.4', ['?space']),
      fault('stands', ':id', 'none', [':ip', '?space']),
    ],
  },
  releaseAddress: {
    method: 'DELETE',
    path: '/v1/addresses/192.0.2.5',
    faults: [
      createOnly,
      fault('parse', ':ip', '300.1.1.1'),
      fault('schema', '?space', 'No%20Label'),
      fault('schema', '?owner', 'o'.repeat(256)),
      { ...stale, needs: [':ip', '?space'] },
      fault('stands', ':ip', '192.0.2.1', ['?space', '?owner']),
    ],
  },
  renumberPool: {
    method: 'POST',
    path: '/v1/pools/p/renumber',
    body: { to: 'lab' },
    faults: [
      longKey,
      stray,
      fault('schema', '/allocations', 'x'),
      fault('schema', '?dryRun', 'maybe'),
      fault('parse', '/to', '300.1.1.1'),
      fault('stands', ':pool', 'none'),
      fault('stands', '/to', 'none'),
    ],
  },
  stopRenumbering: {
    method: 'DELETE',
    path: '/v1/pools/renumbered/renumbering',
    faults: [createOnly, fault('stands', ':pool', 'none'), { ...stale, needs: [':pool'] }],
  },
  ...poolParts,
  ...tokensAndForwarders,
};

test('the table has every write operation of the description', () => {
  const file = new URL('../../openapi/openapi.json', import.meta.url);
  const { paths } = JSON.parse(readFileSync(file, 'utf8')) as { paths: Record<string, Record<string, unknown>> };
  const writes = Object.values(paths).flatMap(({ get: _, ...methods }) => Object.values(methods));
  const ids = writes.map((operation) => (operation as { operationId: string }).operationId);
  assert.deepEqual(Object.keys(operations).sort(), ids.sort());
});

test('each write operation tells two faults of different stages, and none that follows from them', async (t) => {
  // If a trial fails because of a bug, it is logged, and the client gets only the faults that were found before it.
  const failures: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => void failures.push(line) });
  const { api, dump, store } = await servedApi(t, { logger });
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/28'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 'lab', ranges: ['10.9.0.0/24'], autoAssign: false });
  await api.ok(201, 'POST', '/v1/pools', { name: 'renumbered', ranges: ['10.8.0.0/24'], autoAssign: false });
  await api.ok(201, 'POST', '/v1/pools', { name: 'target', ranges: ['10.6.0.0/24'], autoAssign: false });
  await api.ok(201, 'POST', '/v1/pools/renumbered/renumber', { to: 'target' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'fourth', ranges: ['10.7.0.0/24'], autoAssign: false });
  await api.ok(201, 'POST', '/v1/zones', { name: 'bar.k8s' });
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { addresses: ['192.0.2.5'] });
  const host = { name: 'web.foo.k8s', addresses: ['192.0.2.1', '192.0.2.2'], aliases: ['www.foo.k8s'] };
  await api.ok(201, 'POST', '/v1/hosts', host);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'other.foo.k8s', addresses: ['192.0.2.3'] });
  await api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/own/A', { records: ['192.0.2.77'] });
  await api.ok(201, 'POST', '/v1/tokens', { name: 'ci', role: 'viewer' });
  await api.ok(201, 'PUT', '/v1/resolvers/dns1', { address: '192.0.2.53', kind: 'bind' });
  await api.ok(201, 'PUT', '/v1/forwarders/corp.test', { targets: ['192.0.2.53'] });
  await store.commit({
    compares: [],
    operations: [{ kind: 'put', key: memberKey('two'), value: '{"v":1,"replica":"two","dns":["192.0.2.77:53"]}' }],
  });
  const before = await dump();
  for (const [id, operation] of Object.entries(operations)) {
    await t.test(id, async () => {
      for (const one of operation.faults) {
        const alone = await send(operation, [one]);
        assert.deepEqual(pointersOf(alone), [one.at], `${id} ${one.at} alone: ${alone.detail}`);
        for (const other of operation.faults) {
          if (stages.indexOf(one.stage) >= stages.indexOf(other.stage) || clash(one, other)) continue;
          const isHidden = other.needs.some((place) => isAt(one.at, place));
          const problem = await send(operation, [one, other]);
          const expected = isHidden ? [one.at] : [one.at, other.at];
          assert.deepEqual(pointersOf(problem), expected.sort(), `${id} ${one.at}, ${other.at}: ${problem.detail}`);
          assert.equal(problem.code, alone.code, `${id} ${one.at}, ${other.at}`);
        }
      }
      assert.deepEqual(failures.splice(0), []);
      assert.deepEqual(await dump(), before);
    });
  }

  async function send(operation: Operation, faults: readonly Fault[]): Promise<Problem> {
    const { method, path, body, headers } = requestWith(operation, faults);
    return problemIn(await api.send(method, path, body, headers));
  }
});

function pointersOf({ errors = [] }: Problem): string[] {
  return errors.map(({ pointer }) => pointer).sort();
}

function isAt(field: string, place: string): boolean {
  return place === field || place.startsWith(`${field}/`);
}

/**
 * Returns whether two faults cannot be in one request: both set the same value, or both are told at the same pointer.
 */
function clash(one: Fault, other: Fault): boolean {
  const places = [...Object.keys(other.set), other.at];
  return [...Object.keys(one.set), one.at].some((place) =>
    places.some((second) => isAt(place, second) || isAt(second, place)),
  );
}

/** Returns the request of an operation with these faults. */
function requestWith(operation: Operation, faults: readonly Fault[]) {
  const { method, headers: given = {} } = operation;
  const headers = { ...given };
  const query: string[] = [];
  let { path } = operation;
  const body = structuredClone(operation.body) as Record<string, unknown> | string | undefined;
  for (const [place, value] of faults.flatMap(({ set }) => Object.entries(set))) {
    if (place.startsWith('?')) query.push(`${place.slice(1)}=${value}`);
    else if (place.startsWith('header ')) headers[place.slice(7)] = String(value);
    else if (place.startsWith(':')) path = withParameter(operation.path, path, place.slice(1), String(value));
    else setAt(body as Record<string, unknown>, place, value);
  }
  const twice = /"\\u0000twice"/;
  const text = typeof body === 'string' ? body : JSON.stringify(body)?.replace(twice, '"a.foo.k8s","name":"b.foo.k8s"');
  if (text !== undefined) headers['content-type'] ??= 'application/json';
  return { method, path: query.length > 0 ? `${path}?${query.join('&')}` : path, body: text, headers };
}

function setAt(body: Record<string, unknown>, pointer: string, value: unknown): void {
  const steps = pointer.split('/').slice(1);
  let around = body;
  for (const [index, step] of steps.slice(0, -1).entries()) {
    around[step] ??= /^\d/.test(steps[index + 1] ?? '') ? [] : {};
    around = around[step] as Record<string, unknown>;
  }
  around[steps.at(-1) as string] = value;
}

/** A parameter → the number of its segment in the path. */
const segments: Record<string, number> = { zone: 3, name: 3, pool: 3, ip: 3, id: 3, type: 6 };

function withParameter(template: string, path: string, parameter: string, value: string): string {
  const parts = path.split('/');
  const isLater =
    (parameter === 'name' && template.includes('/rrsets/')) || (parameter === 'id' && template.includes('/holders/'));
  parts[isLater ? 5 : (segments[parameter] as number)] = value;
  return parts.join('/');
}
