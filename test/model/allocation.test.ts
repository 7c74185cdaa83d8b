// Which holders may share an address.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Holder, mayShare } from '../../src/model/allocation.ts';

test('holders with the same sharing key and different ports may share an address, and a host shares with nobody', () => {
  const holder = (more: object): Holder => ({ kind: 'allocation', id: '1', owner: '', ...more });
  const tcp = (port: number) => [{ protocol: 'tcp' as const, port }];
  const one = holder({ sharingKey: 'k', ports: tcp(1) });
  assert.ok(mayShare([one], holder({ sharingKey: 'k', ports: tcp(2) })));
  assert.ok(mayShare([one], holder({ sharingKey: 'k', ports: [{ protocol: 'udp', port: 1 }] })));
  for (const newcomer of [
    { sharingKey: 'k', ports: tcp(1) },
    { sharingKey: 'other', ports: tcp(2) },
    { sharingKey: 'k' },
    { sharingKey: 'k', ports: [] },
    { ports: tcp(2) },
    {},
  ]) {
    assert.ok(!mayShare([one], holder(newcomer)), JSON.stringify(newcomer));
  }
  assert.ok(!mayShare([one, holder({ sharingKey: 'k', ports: tcp(2) })], holder({ sharingKey: 'k', ports: tcp(2) })));
  assert.ok(!mayShare([{ kind: 'host', host: 'h' as never, owner: '' }], holder({ sharingKey: 'k', ports: tcp(1) })));
});
