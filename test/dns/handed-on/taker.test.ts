// The taker works in small slices, so that its event loop turns during a flood. The slices take queries of all
// answering threads, so that no thread waits until all queries of another are answered.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Outlet } from '../../../src/dns/handed-on/outlet.ts';
import { Taker, type TakerOptions } from '../../../src/dns/handed-on/taker.ts';
import { handedOnKind } from '../../../src/dns/respond/hand-on.ts';
import { clientAt } from '../../support/answers.ts';
import type { Cleanup } from '../../support/temporary.ts';
import { forEachKind } from './for-each-kind.ts';

/** Opens a taker whose tenant notes what it answers. `fill` has functions that write into two threads' rings. */
function openTaker(t: Cleanup, work = () => {}, options: Partial<TakerOptions> = {}) {
  const answered: number[] = [];
  const taker = new Taker({
    tenants: forEachKind(({ port }) => {
      work();
      answered.push(port);
      return undefined;
    }),
    failure: () => undefined,
    sendDatagrams: () => assert.fail('nothing is to be sent'),
    limits: { maxUnderWay: 1_000, maxOctets: 2 ** 20, maxPerSecond: forEachKind(1e9), deadline: 1_000 },
    count: () => undefined,
    onFault: (message) => assert.fail(message),
    ...options,
  });
  const fillers = [0, 1].map(() => {
    const { task, ports, close } = taker.attach();
    t.after(() => {
      close();
      for (const port of ports) port.close();
    });
    const outlet = new Outlet(task, { handedOn: () => undefined, refused: () => assert.fail('refused') });
    return (port: number) =>
      outlet.handOn({
        kind: handedOnKind.notify,
        message: new Uint8Array(30),
        client: clientAt('192.0.2.1'),
        port,
        id: 1,
      });
  });
  t.after(() => taker.close());
  return { answered, fill: fillers as [(port: number) => boolean, (port: number) => boolean] };
}

test('a flood is answered in slices of at most 64 queries, and the event loop turns between two slices', async (t) => {
  const { answered, fill } = openTaker(t);
  for (let i = 0; i < 500; i += 1) fill[0](i);
  let before = 0;
  for (let turns = 0; answered.length < 500; turns += 1) {
    await turn();
    assert.ok(answered.length - before <= 64, `${answered.length - before} queries were answered in one turn`);
    assert.ok(turns < 1_000_000, 'the taker does not work');
    before = answered.length;
  }
  assert.deepEqual(answered, [...Array(500).keys()]);
});

test('one query of a thread does not wait for hundreds of another thread', async (t) => {
  const { answered, fill } = openTaker(t);
  for (let i = 0; i < 500; i += 1) fill[0](i);
  fill[1](1_000);
  while (!answered.includes(1_000)) await turn();
  assert.ok(answered.indexOf(1_000) <= 1, `${answered.indexOf(1_000)} queries were answered before this one`);
});

test('a taker rests at least 1.5 times as long as it has worked', async (t) => {
  const workMilliseconds = 0.1;
  const { answered, fill } = openTaker(t, () => {
    for (const until = performance.now() + workMilliseconds; performance.now() < until; );
  });
  const started = performance.now();
  const count = 200;
  for (let i = 0; i < count; i += 1) fill[0](i);
  while (answered.length < count) await turn();
  const elapsed = performance.now() - started;
  // A slow machine can only make the elapsed time longer. After the last slice there is no pause.
  assert.ok(elapsed > 2.5 * count * workMilliseconds, `${elapsed} ms for ${count * workMilliseconds} ms of work`);
});

test('a taker with a pause takes all queries that came during the pause in one turn, and answers a lone query at once', async (t) => {
  const turns: number[] = [];
  let turnsBefore = 0;
  const { answered, fill } = openTaker(t, () => turns.push(turnsBefore), { pause: 2, restPerWork: 0 });
  fill[0](1);
  while (answered.length < 1) await turn();
  // Writes queries between two turns, as another thread does.
  const count = 300;
  for (let i = 0; i < count; ) {
    for (let burst = 0; burst < 4; burst += 1, i += 1) fill[0](i);
    await turn();
    turnsBefore += 1;
  }
  while (answered.length < count + 1) await turn();
  const used = new Set(turns).size;
  assert.ok(used <= count / 2, `${used} turns for ${count} queries`);
});

test('a late answer ends its query once', async (t) => {
  const ends: string[] = [];
  const { fill } = openTaker(t, undefined, {
    tenants: forEachKind(() => (taker) => {
      setImmediate(() => {
        taker.answer(undefined);
        taker.answer(undefined);
        taker.fail(new Error('the query has ended'));
      });
    }),
    count: (end) => ends.push(end),
  });
  fill[0](1);
  fill[1](2);
  for (let turns = 0; turns < 100; turns += 1) await turn();
  assert.deepEqual(ends, ['silent', 'silent']);
});
