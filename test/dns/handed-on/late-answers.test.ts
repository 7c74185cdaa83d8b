// The list of late answers in an answering thread: each message is delivered to its client, and a receipt says when the
// next message may follow.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { LateAnswers } from '../../../src/dns/handed-on/late-answers.ts';
import { type LateMessage, packMessages, unpackMessages } from '../../../src/dns/handed-on/late-messages.ts';
import { Outlet } from '../../../src/dns/handed-on/outlet.ts';
import { newQueryRing } from '../../../src/dns/handed-on/query-ring.ts';
import { handedOnKind } from '../../../src/dns/respond/hand-on.ts';
import { clientAt } from '../../support/answers.ts';
import type { Cleanup } from '../../support/temporary.ts';
import { forEachKind } from './for-each-kind.ts';

const query = { kind: handedOnKind.notify, message: new Uint8Array(30), client: clientAt('192.0.2.1', 'tcp'), port: 1 };

function openAnswers(t: Cleanup) {
  const { port1: taker, port2: port } = new MessageChannel();
  const doorbell = new SharedArrayBuffer(4);
  const task = {
    ring: newQueryRing(),
    doorbell,
    port,
    limits: { maxUnderWay: 9, maxOctets: 9_999, maxPerSecond: forEachKind(9), deadline: 1_000 },
  };
  const late = new LateAnswers(new Outlet(task, { handedOn: () => undefined, refused: () => undefined }), task);
  t.after(() => late.close());
  const send = (...messages: LateMessage[]) => taker.postMessage(packMessages(messages));
  const receipt = async () => (await once(taker, 'message', { signal: AbortSignal.timeout(20_000) }))[0];
  return { late, send, receipt };
}

const messageFor = (id: number, last = false): LateMessage => ({ id, message: Uint8Array.of(id), last });

test('a message for a client that has disconnected is dropped, and its receipt stops the tenant', async (t) => {
  const { late, send, receipt } = openAnswers(t);
  const answer = late.handOn(query, { deliver: () => assert.fail('delivered'), end: () => assert.fail('ended') });
  answer?.abandon();
  send(messageFor(1));
  assert.deepEqual(await receipt(), { id: 1, goesOn: false });
  send(messageFor(1, true), messageFor(2));
  assert.deepEqual(await receipt(), { id: 2, goesOn: false }, 'there was a receipt for the last message');
});

test('a receipt comes at once, or when the client keeps up again, and says whether messages may follow', async (t) => {
  const { late, send, receipt } = openAnswers(t);
  let keepsUp = true;
  const answer = late.handOn(query, { deliver: () => keepsUp, end: () => undefined });
  send(messageFor(1));
  assert.deepEqual(await receipt(), { id: 1, goesOn: true });
  keepsUp = false;
  send(messageFor(1), messageFor(7));
  assert.deepEqual(await receipt(), { id: 7, goesOn: false }, 'there was a receipt before goOn()');
  answer?.goOn();
  assert.deepEqual(await receipt(), { id: 1, goesOn: true });
  send(messageFor(1), messageFor(7));
  await receipt();
  answer?.abandon();
  assert.deepEqual(await receipt(), { id: 1, goesOn: false });
});

test('messages of any length, and missing ones, are the same after packing and unpacking', () => {
  const messages = [0, 1, 3, 4, 12, 65_535].flatMap((length, i) => [
    { id: i - 3, message: new Uint8Array(length).fill(i), last: i % 2 === 0 },
    { id: 2 ** 31 - 1 - i, message: undefined, last: i % 2 === 1 },
  ]);
  const unpacked: LateMessage[] = [];
  unpackMessages(packMessages(messages), (message) => unpacked.push(message));
  assert.deepEqual(unpacked, messages);
});
