// The endpoints that a replica advertises: those on which its sockets receive, and which others can reach.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advertisedEndpoints } from '../../src/cluster/advertised-endpoints.ts';
import { formatEndpoint, parseEndpoint } from '../../src/model/endpoint.ts';

const onMachine = [
  { family: 'IPv4', address: '127.0.0.1', internal: true },
  { family: 'IPv4', address: '192.0.2.1', internal: false },
  { family: 'IPv4', address: '169.254.20.10', internal: false },
  { family: 'IPv6', address: '::1', internal: true },
  { family: 'IPv6', address: '2001:db8::1', internal: false },
  { family: 'IPv6', address: 'fe80::1', internal: false },
  { family: 'IPv6', address: 'febf::1', internal: false },
] as const;

function advertised(listening: string[], advertise: string[] = []): string[] {
  const endpoints = advertisedEndpoints(advertise.map(parseEndpoint), listening.map(parseEndpoint), () => onMachine);
  return endpoints.map(formatEndpoint);
}

test('[::] means only the IPv6 addresses, because its sockets receive no IPv4', () => {
  assert.deepEqual(advertised(['[::]:53']), ['[2001:db8::1]:53']);
});

test('0.0.0.0 means the IPv4 addresses', () => {
  assert.deepEqual(advertised(['0.0.0.0:53']), ['192.0.2.1:53']);
  assert.deepEqual(advertised(['0.0.0.0:53', '[::]:54']), ['192.0.2.1:53', '[2001:db8::1]:54']);
});

test('a link-local address that a setting names is advertised', () => {
  assert.deepEqual(advertised(['169.254.20.10:53']), ['169.254.20.10:53']);
  assert.deepEqual(advertised(['[::]:53'], ['169.254.20.10:53']), ['169.254.20.10:53']);
});

test('without a replacement, the addresses of this machine are read', () => {
  for (const { address } of advertisedEndpoints([], [parseEndpoint('0.0.0.0:53')])) assert.match(address, /^\d+\./);
});
