// The taker of the forwarder's thread, as the answering threads see it while that thread is not running, dies or is
// started again. In this test, all are in one thread.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AllLateAnswers } from '../../../src/dns/handed-on/late-answers.ts';
import { Outlets } from '../../../src/dns/handed-on/outlet.ts';
import { underWayIn } from '../../../src/dns/handed-on/query-ring.ts';
import { type RemoteLine, RemoteTaker } from '../../../src/dns/handed-on/remote-taker.ts';
import { Taker } from '../../../src/dns/handed-on/taker.ts';
import type { Tenant } from '../../../src/dns/handed-on/tenant.ts';
import { handedOnKind } from '../../../src/dns/respond/hand-on.ts';
import { clientAt } from '../../support/answers.ts';
import type { Cleanup } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import { forEachKind } from './for-each-kind.ts';

const limits = { maxUnderWay: 4, maxOctets: 2 ** 20, maxPerSecond: forEachKind(1e9), deadline: 10_000 };

/** Starts a taker in place of the forwarder's thread. `end` does what follows the death of that thread. */
function startTaker(t: Cleanup, remote: RemoteTaker, tenant: Tenant): { taker: Taker; end(): void } {
  const taker = new Taker({
    tenants: { [handedOnKind.forward]: tenant },
    failure: () => Uint8Array.of(2),
    sendDatagrams: () => assert.fail('nothing is sent by a descriptor'),
    limits,
    doorbell: remote.doorbell,
    count: () => undefined,
    onFault: (message) => assert.fail(message),
  });
  const serve = ({ ring, channel }: RemoteLine) => void taker.serve(ring, channel);
  for (const line of remote.started((order) => 'serve' in order && serve(order.serve))) serve(line);
  t.after(() => taker.close());
  return {
    taker,
    end: () => {
      taker.close();
      remote.ended();
    },
  };
}

/**
 * Returns the parts of an answering thread, and `ask`, which hands a query on. `ask` returns undefined if the query is
 * refused, else an object that later has the answer.
 */
function openThread(t: Cleanup, remote: RemoteTaker) {
  const main = remote.attach();
  const attachment = remote.attach();
  const tasks = { main: main.task, forwarder: attachment.task };
  const counts = { handedOn: () => undefined, refused: () => undefined };
  const late = new AllLateAnswers(new Outlets(tasks, counts), tasks);
  t.after(() => {
    late.close();
    attachment.close();
    main.close();
  });
  const ask = (): { answer: Uint8Array | undefined } | undefined => {
    const got: { answer: Uint8Array | undefined } = { answer: undefined };
    const query = { kind: handedOnKind.forward, message: new Uint8Array(30), client: clientAt('192.0.2.1'), port: 7 };
    const recipient = {
      deliver: (message: Uint8Array) => {
        got.answer = message;
        return true;
      },
      end: () => undefined,
    };
    return late.handOn(query, recipient) === undefined ? undefined : got;
  };
  return { ask, ring: attachment.task.ring, attachment };
}

const answers: Tenant = () => Promise.resolve(Uint8Array.of(1));

test('queries are refused before the thread runs, and answered after it has started', async (t) => {
  const remote = new RemoteTaker(limits);
  const { ask } = openThread(t, remote);
  assert.equal(ask(), undefined);
  startTaker(t, remote, answers);
  const got = ask();
  await until(() => got?.answer?.[0] === 1, 'no answer');
});

test('an answering thread that is attached after the start of the taker gets answers, too', async (t) => {
  const remote = new RemoteTaker(limits);
  startTaker(t, remote, answers);
  const { ask } = openThread(t, remote);
  const got = ask();
  await until(() => got?.answer?.[0] === 1, 'no answer');
});

test('queries that a dead thread had taken no longer count, and the next thread answers those that it had not taken', async (t) => {
  const remote = new RemoteTaker(limits);
  const { ask, ring } = openThread(t, remote);
  let taken = 0;
  const first = startTaker(t, remote, () => {
    taken += 1;
    return new Promise(() => undefined);
  });
  for (let i = 0; i < 3; i += 1) assert.notEqual(ask(), undefined);
  await until(() => taken === 3, 'the queries are not taken');
  first.taker.close();
  const left = ask();
  assert.equal(underWayIn(ring), 4);
  assert.equal(ask(), undefined, 'a query beyond the limit is taken');
  first.end();
  assert.equal(underWayIn(ring), 1);
  assert.equal(ask(), undefined, 'a query is taken while no thread runs');
  startTaker(t, remote, answers);
  await until(() => left?.answer?.[0] === 1, 'the query in the ring is lost');
  for (let i = 0; i < 4; i += 1) assert.notEqual(ask(), undefined);
});

test('failAll() answers all queries that the taker has taken as failed', async (t) => {
  const remote = new RemoteTaker(limits);
  const { ask, ring } = openThread(t, remote);
  const { taker } = startTaker(t, remote, () => new Promise(() => undefined));
  const got = [ask(), ask()];
  await until(() => underWayIn(ring) === 2, 'the queries are not taken');
  await new Promise(setImmediate);
  taker.failAll();
  await until(() => got.every((one) => one?.answer?.[0] === 2), 'a query has no answer');
  assert.equal(underWayIn(ring), 0);
});
