// Sends every operation of openapi/openapi.json with tokens of each role and several scopes: which requests are
// allowed, and which missing rights a refusal names. Fails if the table lacks an operation of the description.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import type { TokenInput } from '../../src/control/tokens/token-input.ts';
import { type Role, roles } from '../../src/model/rights.ts';
import { registerMember, startAnswering } from '../support/answering-target.ts';
import { type Api, apiAt, type Method, problemIn } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { suiteCleanup } from '../support/suite-cleanup.ts';
import { tokenFor } from '../support/tokens.ts';

/** The resources of a request: existing ones within the scope, existing ones beyond it, or missing ones. */
interface Side {
  zone: string;
  pool: string;
  range: string;
  ip: string;
  owner: string;
}
const within: Side = { zone: 'in.test', pool: 'in', range: '10.1.0.0/24', ip: '10.1.0.200', owner: 'team' };
const beyond: Side = { zone: 'out.test', pool: 'out', range: '10.2.0.0/24', ip: '10.2.0.200', owner: 'other' };
const absent: Side = { zone: 'gone.test', pool: 'gone', range: '10.3.0.0/24', ip: '10.3.0.200', owner: 'nobody' };

interface Rule {
  role: Role;
  /** The scope of the token must have the zone of the side. */
  zones?: true;
  /** The scope must have the pool of the side. `all`: the scope must not be limited to pools. */
  pools?: true | 'all';
  /** The scope must have the owner of the side, or none. `none`: the scope must not be limited to an owner. */
  owner?: true | 'none';
  /** The token must have no scope. */
  whole?: true;
  path?: (side: Side) => Record<string, string>;
  query?: string | ((side: Side) => string);
  body?: (side: Side) => unknown;
  /** Returns the requests of the admin that create or delete resources before the request. */
  prepare?: (side: Side) => [Method, string, unknown?][];
}

const host = ({ zone }: Side, name = 'a') => ({ name: `${name}.${zone}` });
const hostBody = ({ pool, owner }: Side) => ({ pool, owner });
const inZone = ({ zone }: Side) => ({ zone });
const inPool = ({ pool }: Side) => ({ pool });
const newZone = ({ zone }: Side) => `new-${zone}`;
const newPool = ({ pool }: Side) => `${pool}-new`;
/** A part of the side's range that its pool does not have yet. */
const newRange = ({ range }: Side) => range.replace('.0/24', '.240/28');
const pools = { role: 'operator', owner: 'none' } as const;
const records = { role: 'operator', zones: true, owner: 'none' } as const;
const hosts = { zones: true, pools: true, owner: true } as const;
const txt = ({ zone }: Side) => ({ zone, name: 'txt', type: 'TXT' });
const putTxt = ({ zone }: Side): [Method, string, unknown] => [
  'PUT',
  `/v1/zones/${zone}/rrsets/txt/TXT`,
  { records: ['"x"'] },
];
const tokens = { role: 'admin', whole: true } as const;
const spare = { path: () => ({ id: 'spare' }), prepare: () => [newToken('spare')] };
const newResolver: [Method, string, unknown] = ['PUT', '/v1/resolvers/spare', { address: '192.0.2.53', kind: 'bind' }];
const newForwarder: [Method, string, unknown] = ['PUT', '/v1/forwarders/corp.test', { targets: ['192.0.2.53'] }];
const corp = { path: () => ({ zone: 'corp.test' }) };
const newToken = (name: string): [Method, string, unknown] => ['POST', '/v1/tokens', { name, role: 'viewer' }];

/** Returns the requests that create a pool anew, and begin to renumber it. */
const renumbered =
  (isBegun: boolean) =>
  (side: Side): [Method, string, unknown?][] => [
    ['DELETE', `/v1/pools/${newPool(side)}?force=true`],
    ['POST', '/v1/pools', { name: newPool(side), ranges: [newRange(side)] }],
    ...(isBegun
      ? [['POST', `/v1/pools/${newPool(side)}/renumber`, { to: side.pool }] as [Method, string, unknown]]
      : []),
  ];

const rules: Record<string, Rule | 'open'> = {
  createPool: {
    ...pools,
    pools: 'all',
    body: (side) => ({ name: newPool(side), ranges: [newRange(side)] }),
    prepare: (side) => [['DELETE', `/v1/pools/${newPool(side)}?force=true`]],
  },
  carvePool: {
    ...pools,
    pools: 'all',
    path: inPool,
    body: (side) => ({ name: newPool(side), prefixLength: 32 }),
    prepare: (side) => [['DELETE', `/v1/pools/${newPool(side)}?force=true`]],
  },
  splitPool: {
    ...pools,
    pools: 'all',
    path: (side) => ({ pool: newPool(side) }),
    body: (side) => ({ name: `${newPool(side)}-part`, ranges: [newRange(side).replace('/28', '/29')] }),
    prepare: (side) => [
      ['DELETE', `/v1/pools/${newPool(side)}-part`],
      ['DELETE', `/v1/pools/${newPool(side)}?force=true`],
      ['POST', '/v1/pools', { name: newPool(side), ranges: [newRange(side)] }],
    ],
  },
  mergePools: {
    ...pools,
    pools: 'all',
    path: inPool,
    body: (side) => ({ from: newPool(side) }),
    prepare: (side) => [
      ['DELETE', `/v1/pools/${newPool(side)}?force=true`],
      [
        'PATCH',
        `/v1/pools/${side.pool}`,
        { ranges: [side.range.replace('/24', '/25'), side.range.replace('.0/24', '.200')] },
      ],
      ['POST', '/v1/pools', { name: newPool(side), ranges: [newRange(side)] }],
    ],
  },
  listPools: { role: 'viewer' },
  readPool: { role: 'viewer', pools: true, path: inPool },
  putPool: {
    ...pools,
    pools: true,
    path: inPool,
    body: ({ range }) => ({ ranges: [range.replace('/24', '/25'), range.replace('.0/24', '.200')] }),
  },
  patchPool: { ...pools, pools: true, path: inPool, body: () => ({ description: 'x' }) },
  deletePool: {
    ...pools,
    pools: 'all',
    path: (side) => ({ pool: newPool(side) }),
    prepare: (side) => [['POST', '/v1/pools', { name: newPool(side), ranges: [newRange(side)] }]],
  },
  allocateAddresses: { role: 'operator', pools: true, owner: true, path: inPool, body: ({ owner }) => ({ owner }) },
  importAllocations: {
    role: 'operator',
    pools: true,
    owner: true,
    path: inPool,
    body: ({ ip, owner }) => `address,owner\n${ip},${owner}\n`,
    prepare: ({ ip }) => [['DELETE', `/v1/addresses/${ip}`]],
  },
  renumberPool: {
    role: 'operator',
    whole: true,
    path: (side) => ({ pool: newPool(side) }),
    body: ({ pool }) => ({ to: pool }),
    prepare: renumbered(false),
  },
  readRenumbering: {
    role: 'viewer',
    whole: true,
    path: (side) => ({ pool: newPool(side) }),
    prepare: renumbered(true),
  },
  stopRenumbering: {
    role: 'operator',
    whole: true,
    path: (side) => ({ pool: newPool(side) }),
    prepare: renumbered(true),
  },
  listAllocations: { role: 'viewer', pools: true, path: inPool },
  nextAddresses: { role: 'viewer', pools: true, path: inPool },
  readAddress: { role: 'viewer', pools: true, path: ({ ip }) => ({ ip }) },
  changeAllocation: {
    role: 'operator',
    pools: true,
    owner: true,
    path: ({ ip }) => ({ ip, id: '@' }),
    body: () => ({ tags: { a: 'b' } }),
    prepare: ({ pool, ip, owner }) => [
      ['DELETE', `/v1/addresses/${ip}`],
      ['POST', `/v1/pools/${pool}/allocations`, { addresses: [ip], owner }],
    ],
  },
  releaseAddress: {
    role: 'operator',
    pools: true,
    owner: true,
    path: ({ ip }) => ({ ip }),
    prepare: ({ pool, ip, owner }) => [['POST', `/v1/pools/${pool}/allocations`, { addresses: [ip], owner }]],
  },
  createHost: {
    role: 'operator',
    ...hosts,
    body: (side) => ({ ...host(side, 'new'), ...hostBody(side) }),
    prepare: (side) => [['DELETE', `/v1/hosts/new.${side.zone}`]],
  },
  createHosts: {
    role: 'operator',
    ...hosts,
    body: (side) => ({ hosts: [{ ...host(side, 'new'), ...hostBody(side) }], atomic: true }),
    prepare: (side) => [['DELETE', `/v1/hosts/new.${side.zone}`]],
  },
  importHosts: {
    role: 'operator',
    ...hosts,
    body: (side) => `name,pool,owner\nnew.${side.zone},${side.pool},${side.owner}\n`,
    prepare: (side) => [['DELETE', `/v1/hosts/new.${side.zone}`]],
  },
  listHosts: { role: 'viewer' },
  readHost: { role: 'viewer', ...hosts, path: host },
  putHost: { role: 'operator', ...hosts, path: host, body: hostBody },
  swapHosts: {
    role: 'operator',
    ...hosts,
    path: host,
    body: (side) => ({ with: `swapped.${side.zone}` }),
    prepare: (side) => [['PUT', `/v1/hosts/swapped.${side.zone}`, hostBody(side)]],
  },
  patchHost: { role: 'operator', ...hosts, path: host, body: () => ({ tags: { a: 'b' } }) },
  deleteHost: {
    role: 'operator',
    ...hosts,
    path: (side) => host(side, 'new'),
    prepare: (side) => [['PUT', `/v1/hosts/new.${side.zone}`, hostBody(side)]],
  },
  createZone: {
    ...records,
    body: (side) => ({ name: newZone(side) }),
    prepare: (side) => [['DELETE', `/v1/zones/${newZone(side)}`]],
  },
  listZones: { role: 'viewer' },
  readZone: { role: 'viewer', zones: true, path: inZone },
  putZone: { ...records, path: inZone, body: () => ({}) },
  patchZone: { ...records, path: inZone, body: () => ({ defaultTtl: 60 }) },
  deleteZone: {
    ...records,
    path: (side) => ({ zone: newZone(side) }),
    prepare: (side) => [['POST', '/v1/zones', { name: newZone(side) }]],
  },
  listRRsets: { role: 'viewer', zones: true, path: inZone },
  readRRset: { ...records, role: 'viewer', path: txt, prepare: (side) => [putTxt(side)] },
  putRRset: { ...records, path: txt, body: () => ({ records: ['"y"'] }) },
  deleteRRset: { ...records, path: txt, prepare: (side) => [putTxt(side)] },
  patchRRsets: { ...records, path: inZone, body: () => [{ name: 'p', type: 'TXT', records: ['"x"'] }] },
  exportZoneFile: { role: 'viewer', zones: true, owner: 'none', path: inZone },
  importZoneFile: { ...records, path: inZone, body: () => 'own 60 TXT "x"\ntxt 60 TXT "x"\n' },
  readSkydns: { ...records, role: 'viewer', path: inZone },
  adoptZone: { ...records, path: inZone },
  sweepSkydns: { ...records, path: inZone },
  listForwarding: { role: 'viewer' },
  readForwarding: { role: 'viewer', zones: true, path: inZone },
  renderForwarding: { role: 'viewer', zones: true, path: ({ zone }) => ({ zone, resolver: 'bind' }) },
  renderForwardingOfZones: {
    role: 'viewer',
    zones: true,
    path: () => ({ resolver: 'unbound' }),
    query: ({ zone }) => `?zones=${zone}`,
  },
  listResolvers: { role: 'viewer' },
  readResolver: { role: 'viewer', path: () => ({ name: 'spare' }), prepare: () => [newResolver] },
  putResolver: { ...tokens, path: () => ({ name: 'spare' }), body: () => newResolver[2] },
  deleteResolver: { ...tokens, path: () => ({ name: 'spare' }), prepare: () => [newResolver] },
  listForwarders: { role: 'viewer' },
  readForwarder: { role: 'viewer', ...corp, prepare: () => [newForwarder] },
  listCachedAnswers: { role: 'viewer', ...corp, prepare: () => [newForwarder] },
  putForwarder: { ...tokens, ...corp, body: () => newForwarder[2] },
  deleteForwarder: { ...tokens, ...corp, prepare: () => [newForwarder] },
  emptyForwarderCache: { ...tokens, ...corp, prepare: () => [newForwarder] },
  listEvents: { role: 'viewer', whole: true },
  readHostHistory: { role: 'viewer', whole: true, path: host },
  readAddressHistory: { role: 'viewer', whole: true, path: ({ ip }) => ({ ip }) },
  readPoolUsage: { role: 'viewer', pools: true, path: inPool },
  createToken: {
    ...tokens,
    body: () => ({ name: 'made', role: 'viewer' }),
    prepare: () => [['DELETE', '/v1/tokens/made']],
  },
  listTokens: tokens,
  readToken: { ...tokens, ...spare },
  deleteToken: { ...tokens, ...spare },
  rotateToken: { ...tokens, ...spare },
  listMembers: { role: 'viewer' },
  readBackup: { role: 'admin', whole: true },
  // A stream from a revision that no store has reached ends at once.
  watchChanges: { role: 'viewer', query: `?since=${Number.MAX_SAFE_INTEGER}` },
  readMetrics: 'open',
  checkHealth: 'open',
  checkReadiness: 'open',
};

type Scope = Pick<TokenInput, 'zones' | 'pools' | 'owner'>;
const { zone, pool, owner } = within;
const inZones: Scope = { zones: [zone, newZone(within)] };
const inPools: Scope = { pools: [pool] };
const scopes: Scope[] = [
  {},
  inZones,
  { zones: [beyond.zone, newZone(beyond)] },
  { zones: [] },
  inPools,
  { pools: [beyond.pool] },
  { pools: [] },
  { owner },
  { owner: beyond.owner },
  { ...inZones, ...inPools, owner },
];

interface Operation {
  operationId: string;
  method: Method;
  path: string;
}
const description = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, { operationId: string }>>;
};
const operations: Operation[] = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId }]) => ({
    operationId,
    method: method.toUpperCase() as Method,
    path,
  })),
);

/** Returns the parts of the token's rights because of which the request must be refused. */
function missingFor(rule: Rule, role: Role, scope: Scope, side: Side): string[] {
  if (roles.indexOf(role) < roles.indexOf(rule.role)) return ['role'];
  const isIn = (list: string[] | undefined, one: string) => list === undefined || list.includes(one);
  const lacking: Record<keyof Scope, boolean> = {
    zones: rule.zones === true && !isIn(scope.zones, side.zone),
    pools: rule.pools === 'all' ? scope.pools !== undefined : rule.pools === true && !isIn(scope.pools, side.pool),
    owner: scope.owner !== undefined && (rule.owner === 'none' || (rule.owner === true && scope.owner !== side.owner)),
  };
  const all = Object.keys(scope) as (keyof Scope)[];
  return rule.whole ? all : all.filter((one) => lacking[one]);
}

async function send(api: Api, { method, path }: Operation, rule: Rule, side: Side) {
  const values = Object.entries(rule.path?.(side) ?? {});
  const filled = values.reduce((text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)), path);
  assert.doesNotMatch(filled, /\{/);
  const body = rule.body?.(side);
  return api.send(
    method,
    filled + (typeof rule.query === 'function' ? rule.query(side) : (rule.query ?? '')),
    body,
    typeof body === 'string' ? { 'content-type': path.endsWith(':import') ? 'text/csv' : 'text/dns' } : {},
  );
}

let served: ServedApi;
const apis = new Map<string, Api>();
const apiWith = (role: Role, scope: Scope): Api => apis.get(JSON.stringify([role, scope])) ?? assert.fail('no token');
const suite = suiteCleanup();

before(async () => {
  served = await servedApi(suite, { ledger: true });
  const { api, url, store } = served;
  await registerMember(store, 'target', [`127.0.0.1:${(await startAnswering(suite)).port}`]);
  for (const side of [within, beyond]) {
    const ranges = [side.range.replace('/24', '/25'), side.ip];
    await api.ok(201, 'POST', '/v1/pools', { name: side.pool, ranges, autoAssign: false });
    await api.ok(201, 'POST', '/v1/zones', { name: side.zone });
    await api.ok(201, 'POST', '/v1/hosts', { ...host(side), ...hostBody(side) });
  }
  let count = 0;
  for (const role of roles) {
    for (const scope of scopes) {
      const { token } = await tokenFor({ api, url }, `t${++count}`, { role, ...scope });
      apis.set(JSON.stringify([role, scope]), apiAt(url, token));
    }
  }
});
for (const operation of operations) {
  const { operationId } = operation;
  test(`${operationId}: tokens with the rights are allowed to send it, for others the refusal names a missing right`, async () => {
    const rule = rules[operationId] ?? assert.fail(`say in this table who may do ${operationId}`);
    if (rule === 'open') {
      const answer = await fetch(served.url + operation.path);
      assert.equal(answer.status, 200);
      return;
    }
    for (const scope of scopes) {
      for (const role of roles) {
        const what = `${operationId} with ${role} ${JSON.stringify(scope)}`;
        const missing = missingFor(rule, role, scope, within);
        for (const step of rule.prepare?.(within) ?? []) await served.api.send(...step);
        const answer = await send(apiWith(role, scope), operation, rule, within);
        if (missing.length === 0) {
          assert.ok(answer.status >= 200 && answer.status < 300, `${what}: ${answer.status} ${answer.text}`);
          continue;
        }
        const problem = problemIn(answer);
        assert.equal(problem.code, 'forbidden', `${what}: ${answer.text}`);
        assert.ok(missing.includes(String(problem.missing)), `${what}: ${answer.text}`);
        if (problem.missing === 'role') assert.equal(problem.role, rule.role, what);
      }
    }
  });

  test(`${operationId}: a zone or pool beyond the scope is refused in the same way, whether it exists or not`, async () => {
    const rule = rules[operationId];
    if (rule === undefined || rule === 'open') return;
    const ofHost = rule.path === host || operationId === 'deleteHost';
    for (const scope of [inZones, { zones: [] }, inPools, { pools: [] }]) {
      // The pool of a missing host is unknown. A token that may see the zone may learn that the host does not exist.
      if ('pools' in scope && ofHost && operationId !== 'putHost') continue;
      if (missingFor(rule, 'admin', scope, beyond).length === 0) continue;
      const told: unknown[] = [];
      for (const side of [beyond, absent]) {
        for (const step of side === beyond ? (rule.prepare?.(side) ?? []) : []) await served.api.send(...step);
        const { code, missing, detail } = problemIn(await send(apiWith('admin', scope), operation, rule, side));
        const names = [newZone(side), side.zone].reduce((text, name) => text.replaceAll(name, '…'), detail);
        told.push([code, missing, 'zones' in scope ? names : '']);
      }
      const [missing] = Object.keys(scope);
      assert.deepEqual(told[0], told[1], `${operationId} ${JSON.stringify(scope)}`);
      assert.deepEqual((told[0] as unknown[]).slice(0, 2), ['forbidden', missing]);
    }
  });
}

test('every operation of the table is in the description', () => {
  assert.deepEqual(Object.keys(rules).sort(), operations.map(({ operationId }) => operationId).sort());
});
