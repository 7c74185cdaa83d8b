// Hosts in key order: all of them, those after a name, and those at or below some names.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Host } from '../../src/model/host.ts';
import { type Fqdn, isWithin, parseName } from '../../src/model/name.ts';
import type { Revision } from '../../src/model/revision.ts';
import { hostKey } from '../../src/store/kinds/host.ts';
import { HostView } from '../../src/views/host-view.ts';

const names = ['.', 'z', 'a.z', 'a-1.z', 'b.a.z', 'c.b.a.z', 'b.a-1.z', '*.a.z', 'zz', 'a.zz', 'y', 'a_.z'].map(
  parseName,
);
const hosts = names.filter((name) => name !== '.');
const some = fc.uniqueArray(fc.constantFrom(...names));

test('a list has each host that is at or below one of the names, and after the start, once and in key order', () => {
  const inOrder = hosts.toSorted((a, b) => (hostKey(a) < hostKey(b) ? -1 : 1));
  const check = (present: Fqdn[], tops: Fqdn[], after: Fqdn | undefined) => {
    const view = new HostView();
    for (const name of present) view.put({ name } as Host, 1 as Revision);
    const expected = inOrder.filter(
      (name) =>
        present.includes(name) &&
        tops.some((top) => isWithin(name, top)) &&
        (after === undefined || hostKey(name) > hostKey(after)),
    );
    assert.deepEqual(
      [...view.list(after, tops)].map(({ value }) => value.name),
      expected,
    );
  };
  const present = fc.uniqueArray(fc.constantFrom(...hosts));
  fc.assert(fc.property(present, some, fc.option(fc.constantFrom(...hosts), { nil: undefined }), check));
  check(hosts, ['z', 'a.z', 'zz'].map(parseName), undefined);
});
