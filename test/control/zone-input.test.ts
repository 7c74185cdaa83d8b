// The parsers of requests about zones and RRsets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type NamedRrsetInput,
  parseRrsetList,
  parseRrsetPlace,
  parseRrsetPut,
} from '../../src/control/zones/rrset-input.ts';
import { parseNewZone, parseZoneInput, parseZonePatch, type ZoneInput } from '../../src/control/zones/zone-input.ts';
import { parseName } from '../../src/model/name.ts';
import { type Zone, zoneDefaults } from '../../src/model/zone.ts';
import { faultPaths, faultPathsLater } from './fault-paths.ts';

/** A name of 201 characters. The names of nameservers below this name would be too long. */
const longName = `${'a.'.repeat(100)}a`;

const refusedZones: [string, ZoneInput & { name: string }, string][] = [
  ['an empty label', { name: 'a..example' }, '/name'],
  ['a name with no room for its nameservers', { name: longName }, '/name'],
  ['an invalid nameserver', { name: 'example', nameservers: ['ns', 'a b'] }, '/nameservers/1'],
  ['a nameserver twice', { name: 'example', nameservers: ['ns.example', 'NS.example.'] }, '/nameservers/1'],
  ['an invalid primary server', { name: 'example', soa: { mname: 'a b' } }, '/soa/mname'],
  ['an invalid mailbox', { name: 'example', soa: { rname: 'a..b' } }, '/soa/rname'],
  ['a mailbox without a domain', { name: 'example', soa: { rname: 'hostmaster@' } }, '/soa/rname'],
  ['a mailbox with Unicode before the @', { name: 'example', soa: { rname: 'ü@z.test' } }, '/soa/rname'],
  ['a mailbox in two domains', { name: 'example', soa: { rname: 'a@b@c' } }, '/soa/rname'],
];

for (const [what, input, path] of refusedZones) {
  test(`a zone's input is refused at ${path}: ${what}`, () => {
    assert.deepEqual(
      faultPaths(() => parseNewZone(input)),
      ['invalid_request', path],
    );
  });
}

test('a zone gets its defaults, and its names in canonical form', () => {
  assert.deepEqual(parseNewZone({ name: 'Example.' }), { name: 'example', ...zoneDefaults });
  const { nameservers, soa } = parseNewZone({
    name: 'example',
    nameservers: ['NS.Example.'],
    soa: { mname: 'NS.Example', rname: 'Admin.Example', refreshSeconds: 5 },
  });
  assert.deepEqual(nameservers, ['ns.example']);
  assert.deepEqual(soa, { mname: 'ns.example', rname: 'admin.example', refreshSeconds: 5 });
});

const mailboxes = [
  ['hostmaster@Example', 'hostmaster.example'],
  ['hostmaster@example.', 'hostmaster.example'],
  ['john.doe@mail.example', 'john\\.doe.mail.example'],
  ['john\\.doe@mail.example', 'john\\.doe.mail.example'],
  ['a\\@b@mail.example', 'a\\@b.mail.example'],
  ['a\\@b.example', 'a\\@b.example'],
  ['hostmaster.example', 'hostmaster.example'],
] as const;

for (const [text, rname] of mailboxes) {
  test(`the mailbox ${text} is ${rname}`, () => {
    assert.equal(parseNewZone({ name: 'example', soa: { rname: text } }).soa.rname, rname);
  });
}

const current = {
  ...zoneDefaults,
  name: parseName('example'),
  generation: 3,
  soa: { mname: parseName('ns.example'), refreshSeconds: 5 },
  automatic: true,
} satisfies Zone;

test('a changed zone keeps its generation, and is no longer automatic', () => {
  assert.deepEqual(parseZoneInput(current.name, { defaultTtl: 60 }, current), {
    ...zoneDefaults,
    name: 'example',
    generation: 3,
    defaultTtl: 60,
  });
  assert.deepEqual(parseZonePatch(current, { soa: { mname: null, retrySeconds: 6 } }), {
    ...current,
    soa: { refreshSeconds: 5, retrySeconds: 6 },
    automatic: false,
  });
  assert.deepEqual(
    faultPaths(() => parseZonePatch(current, { nameservers: ['a b'] })),
    ['invalid_request', '/nameservers/0'],
  );
});

test('a zone that exists may keep a name that a new zone may not have', () => {
  const name = parseName(longName);
  const old = { ...current, name };
  assert.equal(parseZoneInput(name, {}, old).name, name);
  assert.deepEqual(
    faultPaths(() => parseZoneInput(name, {}, undefined)),
    ['invalid_request', '/name'],
  );
});

const zone = parseName('example');

const refusedLists: [string, NamedRrsetInput[], string, string][] = [
  ['an invalid name', [{ name: 'a..b', type: 'A', records: [] }], 'invalid_request', '/0/name'],
  ['a name outside the zone', [{ name: 'www.other.', type: 'A', records: [] }], 'outside_zone', '/0/name'],
  ['an unknown type', [{ name: 'www', type: 'NOPE', records: [] }], 'invalid_request', '/0/type'],
  [
    'an invalid record',
    [
      { name: '@', type: 'A', records: ['192.0.2.1'] },
      { name: 'www', type: 'A', records: ['192.0.2.1', '192.0.2'] },
    ],
    'record_invalid',
    '/1/records/1',
  ],
  [
    'an RRset twice',
    [
      { name: 'www', type: 'A', records: ['192.0.2.1'] },
      { name: 'www', type: 'AAAA', records: [] },
      { name: 'WWW.example.', type: 'a', records: [] },
    ],
    'invalid_request',
    '/2',
  ],
];

for (const [what, inputs, code, path] of refusedLists) {
  test(`a list of RRsets is refused at ${path}: ${what}`, async () => {
    const refusal = await parseRrsetList(zone, inputs).catch((error: unknown) => error);
    assert.deepEqual(
      faultPaths(() => {
        throw refusal;
      }),
      [code, path],
    );
  });
}

test('a list of RRsets with more than 10,000 records is refused', async () => {
  const records = Array.from({ length: 1000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  const inputs = Array.from({ length: 11 }, (_, index) => ({ name: `n${index}`, type: 'A', records }));
  await assert.rejects(parseRrsetList(zone, inputs), { code: 'payload_too_large' });
  assert.equal((await parseRrsetList(zone, inputs.slice(1))).length, 10);
});

test('a list of RRsets gets names, types and records in canonical form, and one without records means a deletion', async () => {
  const inputs = [
    { name: '@', type: 'mx', records: ['10 Mail.Example.'], ttl: 60 },
    { name: 'WWW', type: 'A', records: [] },
  ];
  assert.deepEqual(await parseRrsetList(zone, inputs), [
    {
      owner: 'example',
      type: 'MX',
      rrset: { type: 'MX', records: ['10 mail.example.'], ttl: 60 },
      path: '/0/name',
    },
    { owner: 'www.example', type: 'A', rrset: undefined, path: '/1/name' },
  ]);
});

test('the owner and the type of one RRset are parsed apart from its contents', async () => {
  const place = parseRrsetPlace(zone, { name: 'WWW', type: 'a' });
  assert.deepEqual(place, { owner: 'www.example', type: 'A' });
  assert.deepEqual(await parseRrsetPut(zone, { name: 'WWW', type: 'a' }, { records: ['192.0.2.1'] }), {
    ...place,
    rrset: { type: 'A', records: ['192.0.2.1'] },
    path: ':name',
  });
  const refused: [() => unknown, string, string][] = [
    [() => parseRrsetPlace(zone, { name: 'a..b', type: 'A' }), 'invalid_request', ':name'],
    [() => parseRrsetPlace(zone, { name: 'www.other.', type: 'A' }), 'outside_zone', ':name'],
    [() => parseRrsetPlace(zone, { name: 'www', type: 'NOPE' }), 'invalid_request', ':type'],
  ];
  for (const [parse, code, path] of refused) assert.deepEqual(faultPaths(parse), [code, path]);
  const faulty = parseRrsetPut(zone, { name: 'www', type: 'MX' }, { records: ['x'] });
  assert.deepEqual(await faultPathsLater(() => faulty), ['record_invalid', '/records/0']);
});

test('other work gets its turn while the many records of one RRset are parsed', async () => {
  const place = { name: 'a', type: 'TXT' };
  const records = Array.from({ length: 5000 }, (_, i) => `"${'x'.repeat(100)}${i % 10}"`);
  let turns = 0;
  let ended = false;
  const count = () => {
    turns += 1;
    if (!ended) setImmediate(count);
  };
  setImmediate(count);
  await parseRrsetPut(zone, place, { records });
  ended = true;
  assert.ok(turns >= 10, `the event loop had only ${turns} turns`);
});
