// The parser of requests about hosts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostInput, parseHostFilter, parseHostInput, parseHostPatch } from '../../src/control/hosts/host-input.ts';
import type { Host } from '../../src/model/host.ts';
import { maxTags } from '../../src/model/pool.ts';
import { emptyViews } from '../support/control-plane.ts';
import { faultPaths } from './fault-paths.ts';

const manyTags = Object.fromEntries(Array.from({ length: maxTags + 1 }, (_, index) => [`t${index}`, '']));

const refused: [string, HostInput, string][] = [
  ['no name', {}, '/name'],
  ['a name with an empty label', { name: 'a..example' }, '/name'],
  ['a name that no host may have', { name: 'a b.example' }, '/name'],
  ['an invalid alias', { name: 'a.example', aliases: ['b.example', '-b.example'] }, '/aliases/1'],
  ['an invalid address', { name: 'a.example', addresses: ['192.0.2.1', '192.0.2.256'] }, '/addresses/1'],
  ['an alias twice', { name: 'a.example', aliases: ['b.example', 'c.example', 'B.example.'] }, '/aliases/2'],
  ['an address twice', { name: 'a.example', addresses: ['2001:db8::1', '2001:DB8:0::1'] }, '/addresses/1'],
  ['a PTR to a wildcard', { name: '*.example', ptr: true }, '/ptr'],
  ['too many tags', { name: 'a.example', tags: manyTags }, '/tags'],
];

for (const [what, input, path] of refused) {
  test(`a host's input is refused at ${path}: ${what}`, () => {
    assert.deepEqual(
      faultPaths(() => parseHostInput(input)),
      ['invalid_request', path],
    );
  });
}

test('a host gets its defaults, and its names and addresses in canonical form', () => {
  assert.deepEqual(parseHostInput({ name: 'WWW.Example.' }), {
    name: 'www.example',
    aliases: [],
    ttl: null,
    ptr: true,
    everyPtr: false,
    owner: '',
    tags: {},
  });
  const { name, addresses, aliases, ptr } = parseHostInput({
    name: '*.Example',
    addresses: ['2001:DB8:0::1'],
    aliases: ['Web.Example'],
  });
  assert.deepEqual(
    { name, addresses, aliases, ptr },
    { name: '*.example', addresses: ['2001:db8::1'], aliases: ['web.example'], ptr: false },
  );
});

const current = {
  name: 'a.example',
  zone: 'example',
  addresses: [{ address: '192.0.2.1', givenBy: null, space: 'default' }],
  aliases: ['b.example'],
  ttl: 60,
  ptr: false,
  owner: 'me',
  tags: { room: '1', rack: '2' },
  createdAt: '2026-01-01T00:00:00.000Z',
} as unknown as Host;

test('a patch of a host changes only the fields that it contains, and leaves the choice of addresses to the use case', () => {
  const wanted = parseHostPatch(current, { ttl: null, tags: { room: null, row: '3' } });
  assert.deepEqual(wanted, {
    name: 'a.example',
    aliases: ['b.example'],
    ttl: null,
    ptr: false,
    everyPtr: false,
    owner: 'me',
    tags: { rack: '2', row: '3' },
  });
  assert.deepEqual(
    faultPaths(() => parseHostPatch(current, { name: null })),
    ['invalid_request', '/name'],
  );
});

test('a patch asks for missing PTR records to be created again only if it contains the field `ptr`', () => {
  const withPtr = { ...current, ptr: true };
  const ptrs = (patch: object) => {
    const { ptr, everyPtr } = parseHostPatch(withPtr, patch);
    return { ptr, everyPtr };
  };
  assert.deepEqual(ptrs({ ttl: 5 }), { ptr: true, everyPtr: false });
  assert.deepEqual(ptrs({ ptr: true }), { ptr: true, everyPtr: true });
  assert.deepEqual(ptrs({ name: '*.example' }), { ptr: false, everyPtr: false });
});

test('a filter for a list of hosts matches hosts that have all of its values', () => {
  const views = emptyViews();
  const yes = [{}, { name: 'B.example' }, { address: '192.0.2.1', owner: 'me' }, { tag: 'room' }, { tag: 'room=1' }];
  const no = [{ name: 'c.example' }, { address: '192.0.2.1', owner: 'you' }, { tag: 'row' }, { tag: 'room=2' }];
  for (const input of yes) assert.ok(parseHostFilter({ views }, input).matches(current), JSON.stringify(input));
  for (const input of [...no, { pool: 'p' }])
    assert.ok(!parseHostFilter({ views }, input).matches(current), JSON.stringify(input));
  assert.deepEqual(
    faultPaths(() => parseHostFilter({ views }, { address: 'x' })),
    ['invalid_request', '?address'],
  );
});
