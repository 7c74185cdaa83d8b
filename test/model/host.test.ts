// The names that a host may have, and how it shares its addresses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../src/model/address.ts';
import { type HostAddress, isPtrTarget, parseHostName, sharingOf, withoutSharing } from '../../src/model/host.ts';
import { InvalidValue } from '../../src/model/invalid-value.ts';

test('RFC 1123 §2.1: a host name has letters, digits and inner hyphens, and may also have `_` and a first label `*`', () => {
  for (const name of [
    'nginx.k8s',
    '3com.example',
    'a-b.example',
    '_sip.example',
    'a_.example',
    '*.example',
    'localhost',
  ])
    assert.equal(parseHostName(`${name}.`), name);
  assert.equal(parseHostName('NGINX.K8S'), 'nginx.k8s');
  for (const text of [
    '.',
    '*',
    'a.*.example',
    '*a.example',
    '-a.example',
    'a-.example',
    'a b.example',
    'a\\.b.example',
    'xn--ü.example',
  ])
    assert.throws(() => parseHostName(text), InvalidValue, text);
});

test('a PTR cannot name a wildcard', () => {
  assert.equal(isPtrTarget(parseHostName('*.example')), false);
  assert.equal(isPtrTarget(parseHostName('a.example')), true);
});

test('an address is its sharing, and the rest', () => {
  const place = { address: parseAddress('192.0.2.1'), space: 'default', givenBy: null, ptr: false } as const;
  const ports = [{ protocol: 'tcp', port: 80 }] as const;
  for (const sharing of [{}, { shared: true, ptrFor: true }, { sharingKey: 'k', ports: [...ports] }] as const) {
    const one = { ...place, ...sharing } as HostAddress;
    assert.deepEqual(withoutSharing(one), place);
    assert.deepEqual({ ...withoutSharing(one), ...sharingOf(one) }, one);
  }
});
