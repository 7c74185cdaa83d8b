// The changes of one request, as external-dns and its TXT registry make them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExternalDnsEndpoint } from '../../../src/interop/external-dns/endpoint.ts';
import { type ExternalDnsChanges, readChanges } from '../../../src/interop/external-dns/read-changes.ts';

const owned = '"heritage=external-dns,external-dns/owner=lab"';
const endpoint = (dnsName: string, recordType: string, ...targets: string[]) => ({ dnsName, recordType, targets });
const ownership = (dnsName: string, ownedRecord: string): ExternalDnsEndpoint => ({
  ...endpoint(dnsName, 'TXT', owned),
  labels: { ownedRecord },
});

/** Returns the groups as `name: +put -deleted`. */
function groupsOf(changes: ExternalDnsChanges): string[] {
  return readChanges(changes).names.map(({ name, put, delete: deleted }) =>
    [
      `${name}:`,
      ...put.map(({ owner, type, records }) => `+${owner} ${type} ${records}`),
      ...deleted.map(({ owner, type }) => `-${owner} ${type}`),
    ].join(' '),
  );
}

test('a name and the TXT record that says who owns it are one group', () => {
  const create = [
    endpoint('web.lab.test', 'A', '10.0.0.1'),
    endpoint('app.lab.test', 'A', '10.0.0.2'),
    ownership('a-web.lab.test', 'web.lab.test'),
  ];
  assert.deepEqual(groupsOf({ create }), [
    `web.lab.test: +web.lab.test A 10.0.0.1 +a-web.lab.test TXT ${owned}`,
    'app.lab.test: +app.lab.test A 10.0.0.2',
  ]);
});

test('a change of type deletes the old records in the group that has the new ones', () => {
  const changes = {
    create: [endpoint('web.lab.test', 'CNAME', 'other.test')],
    delete: [endpoint('web.lab.test', 'A', '10.0.0.1'), ownership('a-web.lab.test', 'web.lab.test')],
  };
  assert.deepEqual(groupsOf(changes), [
    'web.lab.test: +web.lab.test CNAME other.test. -web.lab.test A -a-web.lab.test TXT',
  ]);
});

test('an update puts the new records, and deletes the old ones only where they are at another place', () => {
  const changes = {
    updateOld: [endpoint('web.lab.test', 'A', '10.0.0.1'), endpoint('app.lab.test', 'A', '10.0.0.2')],
    updateNew: [endpoint('web.lab.test', 'A', '10.0.0.9'), endpoint('app.lab.test', 'AAAA', 'fd00::1')],
  };
  assert.deepEqual(groupsOf(changes), [
    'web.lab.test: +web.lab.test A 10.0.0.9',
    'app.lab.test: +app.lab.test AAAA fd00::1 -app.lab.test A',
  ]);
});

test('an old endpoint without a new one deletes nothing', () => {
  assert.deepEqual(groupsOf({ updateOld: [endpoint('web.lab.test', 'A', '10.0.0.1')], updateNew: null }), []);
});

test('what is put is not deleted, in whatever order both come', () => {
  const same = [endpoint('web.lab.test', 'A', '10.0.0.1')];
  assert.deepEqual(groupsOf({ delete: same, create: same }), ['web.lab.test: +web.lab.test A 10.0.0.1']);
});

test('an endpoint that cannot be read does not hold back the others', () => {
  const unfit = endpoint('web.lab.test', 'A', 'no address');
  const { names, unfit: found } = readChanges({ create: [unfit, endpoint('app.lab.test', 'A', '10.0.0.2')] });
  assert.deepEqual(
    names.map(({ name }) => name),
    ['app.lab.test'],
  );
  assert.deepEqual(
    found.map((one) => one.endpoint),
    [unfit],
  );
});

test('values of other types are unfit endpoints, or no list at all', () => {
  const odd: unknown[] = [null, 7, 'x', [], {}, { dnsName: 1, targets: [2], recordType: 3 }];
  const { names, unfit } = readChanges({ create: odd as ExternalDnsEndpoint[], delete: 'all' as unknown as [] });
  assert.deepEqual([names.length, unfit.length], [0, odd.length]);
  const labels = { ownedRecord: 7 } as unknown as Record<string, string>;
  assert.deepEqual(groupsOf({ create: [{ ...endpoint('web.lab.test', 'A', '10.0.0.1'), labels }] }), [
    'web.lab.test: +web.lab.test A 10.0.0.1',
  ]);
});
