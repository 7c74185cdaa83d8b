// One refusal tells all faults in the fields of a request, each with its path.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllocationInput } from '../../src/control/allocations/allocation-input.ts';
import { checkHostPatch, parseHostFilter, parseHostInput, parseHostPut } from '../../src/control/hosts/host-input.ts';
import { parseAll } from '../../src/control/input/refusals.ts';
import { checkPoolPatch, parsePoolInput } from '../../src/control/pools/pool-input.ts';
import { parseRrsetList, parseRrsetPlace, parseRrsetPut } from '../../src/control/zones/rrset-input.ts';
import { checkZonePatch, parseNewZone } from '../../src/control/zones/zone-input.ts';
import { Refusal, refuse, refuseField } from '../../src/errors.ts';
import { parseName } from '../../src/model/name.ts';
import { maxTags } from '../../src/model/pool.ts';
import { emptyViews } from '../support/control-plane.ts';
import { faultPaths, faultPathsLater } from './fault-paths.ts';

const tags = Object.fromEntries(Array.from({ length: maxTags + 1 }, (_, index) => [`t${index}`, '']));
const zone = parseName('foo.k8s');

const inputs: [what: string, parse: () => unknown, faults: string[]][] = [
  [
    'a host',
    () =>
      parseHostInput({
        name: 'a..b',
        aliases: ['-a.k8s', 'b.k8s', 'B.k8s.', 'c d.k8s'],
        addresses: ['192.0.2.1', 'x', '192.0.2.1', '::g'],
        tags,
      }),
    ['/name', '/aliases/0', '/aliases/2', '/aliases/3', '/addresses/1', '/addresses/2', '/addresses/3', '/tags'],
  ],
  [
    'a wildcard host',
    () => parseHostInput({ name: '*.foo.k8s', ptr: true, aliases: ['a..b'] }),
    ['/aliases/0', '/ptr'],
  ],
  [
    'a filter of hosts',
    () => parseHostFilter({ views: emptyViews() }, { name: 'a..b', address: 'x', zone: 'b..c', within: '10.0.0.0/99' }),
    ['?name', '?address', '?zone', '?within'],
  ],
  [
    'a pool',
    () => parsePoolInput('p', { ranges: ['x', '10.0.0.0/24', '10.0.1.9-10.0.1.1'], exclude: ['10.0.0.0/33'], tags }),
    ['/ranges/0', '/ranges/2', '/exclude/0', '/tags'],
  ],
  [
    'a zone',
    () =>
      parseNewZone({
        name: 'a..b',
        nameservers: ['a b', 'ns', 'NS.'],
        soa: { mname: 'a b', rname: 'c..d' },
      }),
    ['/name', '/nameservers/0', '/nameservers/2', '/soa/mname', '/soa/rname'],
  ],
  [
    'an allocation',
    () => parseAllocationInput('p', { addresses: ['x', '10.0.0.1', 'y'], count: 2 }, () => 'id'),
    ['/addresses/0', '/addresses/2', '/count'],
  ],
  ['a host with its path', () => parseHostPut('a..b', { aliases: ['c..d'] }), [':name', '/aliases/0']],
  ['a patch of a host', () => checkHostPatch({ name: null, aliases: ['c..d'], ttl: null }), ['/name', '/aliases/0']],
  ['a patch of a pool', () => checkPoolPatch({ ranges: null, exclude: ['x'] }), ['/ranges', '/exclude/0']],
  ['a patch of a zone', () => checkZonePatch({ soa: { mname: 'a b', rname: null } }), ['/soa/mname']],
  [
    'an RRset with its path',
    () => parseRrsetPut(zone, { name: 'a..b', type: 'A' }, { name: 'c..d', type: 'TXT', records: ['x'] }),
    ['/name', '/type', ':name', '/records/0'],
  ],
  ['the path of an RRset', () => parseRrsetPlace(zone, { name: 'a..b', type: 'NOPE' }), [':name', ':type']],
  [
    'a list of RRsets',
    () =>
      parseRrsetList(zone, [
        { name: 'a..b', type: 'A', records: ['x', '192.0.2.1', '192.0.2'] },
        { name: 'c', type: 'NOPE', records: ['x'] },
        { name: 'd', type: 'MX', records: ['10 mail.'] },
        { name: 'D', type: 'mx', records: ['x y'] },
        { name: 'd', type: 'MX', records: [] },
      ]),
    ['/0/name', '/0/records/0', '/0/records/2', '/1/type', '/3/records/0', '/4'],
  ],
];

for (const [what, parse, faults] of inputs) {
  test(`all faults of ${what} are told at once`, async () => {
    const refusal = await Promise.try(parse).catch((error: unknown) => error);
    const fail = () => {
      throw refusal;
    };
    assert.deepEqual(faultPaths(fail), ['invalid_request', ...faults]);
  });
}

test('of many faults the first hundred are told, and the rest of the request is not read', async () => {
  const records = Array<string>(1000).fill('x');
  const names = [...Array(5).keys()].map((index) => ({ name: `n${index}`, type: 'A', records }));
  const refusal = await parseRrsetList(zone, names).catch((error: unknown) => error);
  assert.ok(refusal instanceof Refusal);
  assert.deepEqual([refusal.errors?.length, refusal.errors?.at(-1)?.path], [100, '/0/records/99']);
});

test('a refusal has the code of its first fault, but a refusal that names no field comes before faults of fields', async () => {
  const place = { name: '@', type: 'A' };
  assert.deepEqual(await faultPathsLater(() => parseRrsetPut(zone, place, { records: ['x', '192.0.2.1', 'y'] })), [
    'record_invalid',
    '/records/0',
    '/records/2',
  ]);
  const field = () => refuseField('address_taken', '/addresses/0', 'is taken', { heldBy: [] });
  assert.throws(() => parseAll(field, () => refuse('not_found', 'there is no pool')), { code: 'not_found' });
  assert.throws(() => parseAll(field, field), { code: 'address_taken', members: { heldBy: [] } });
  assert.throws(
    () => parseAll(field, () => refuseField('zone_not_found', '/name', 'no zone covers it')),
    (error: Refusal) =>
      error instanceof Refusal &&
      error.message === '/addresses/0: is taken; /name: no zone covers it' &&
      error.code === 'address_taken',
  );
  assert.deepEqual(
    parseAll(
      () => 1,
      () => 'x',
    ),
    [1, 'x'],
  );
});
