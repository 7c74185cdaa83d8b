// The limit of queries that an answering thread hands on in a second.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { newDoorbell } from '../../../src/dns/handed-on/doorbell.ts';
import { Outlet } from '../../../src/dns/handed-on/outlet.ts';
import { newQueryRing } from '../../../src/dns/handed-on/query-ring.ts';
import { handedOnKind } from '../../../src/dns/respond/hand-on.ts';
import { clientAt } from '../../support/answers.ts';
import { forEachKind } from './for-each-kind.ts';

test('no more queries of a kind are handed on in a second than its limit', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 5_000 });
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  const counts = { handedOn: 0, refused: 0 };
  const outlet = new Outlet(
    {
      ring: newQueryRing(),
      doorbell: newDoorbell(),
      port: port2,
      limits: { maxUnderWay: 1_000, maxOctets: 2 ** 20, maxPerSecond: forEachKind(3), deadline: 1_000 },
    },
    { handedOn: () => ++counts.handedOn, refused: () => ++counts.refused },
  );
  const client = clientAt('192.0.2.1');
  const kind = handedOnKind.notify;
  const handOn = () =>
    outlet.admits(kind) && outlet.handOn({ kind, message: new Uint8Array(12), client, port: 9, id: 1 });
  assert.deepEqual([handOn(), handOn(), handOn(), handOn(), handOn()], [true, true, true, false, false]);
  assert.deepEqual(counts, { handedOn: 3, refused: 2 });
  t.mock.timers.setTime(6_000);
  assert.equal(handOn(), true);
});
