// Which Events are written: each happening once, a series if it comes back, and nothing for what an API server loses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { KubernetesError } from '../../../src/interop/kubernetes/client/kubernetes-error.ts';
import type { NewEvent } from '../../../src/interop/kubernetes/client/kubernetes-event.ts';
import { EventWriter, type Happening } from '../../../src/interop/kubernetes/event-writer.ts';

const subject = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web', uid: 'u1' };
const full = (note: string): Happening => ({
  about: 'address',
  type: 'Warning',
  reason: 'PoolExhausted',
  action: 'AllocateAddress',
  note,
});

/** Returns a writer, and what it has sent. */
function startWriter() {
  const sent: string[] = [];
  let keeps = true;
  const api = {
    createEvent: async ({ note }: NewEvent) => {
      sent.push(`new: ${note}`);
      return { namespace: 'default', name: `event-${sent.length}` };
    },
    patchEventSeries: async ({ name }: { name: string }, { count }: { count: number }) => {
      if (!keeps) throw new KubernetesError(404);
      sent.push(`${name}: ${count} times`);
    },
  };
  const { signal } = new AbortController();
  const writer = new EventWriter(api, { instance: 'a', logger: pino({ level: 'silent' }), signal });
  const tell = async (...happenings: Happening[]) => {
    writer.tellLasting(subject, happenings);
    for (let count = 0; count < 4; count += 1) await turn();
  };
  return {
    writer,
    sent,
    tell,
    lose: () => {
      keeps = false;
    },
  };
}

test('what lasts is told once', async () => {
  const { sent, tell } = startWriter();
  await tell(full('26 of 26'));
  await tell(full('26 of 26'));
  assert.deepEqual(sent, ['new: 26 of 26']);
});

test('what comes back continues its series', async () => {
  const { sent, tell } = startWriter();
  await tell(full('26 of 26'));
  await tell();
  await tell(full('26 of 26'));
  assert.deepEqual(sent, ['new: 26 of 26', 'event-1: 2 times']);
});

test('another note is another Event', async () => {
  const { sent, tell } = startWriter();
  await tell(full('26 of 26'));
  await tell(full('27 of 27'));
  assert.deepEqual(sent, ['new: 26 of 26', 'new: 27 of 27']);
});

test('an Event that the server no longer keeps is written anew', async () => {
  const { sent, tell, lose } = startWriter();
  await tell(full('26 of 26'));
  await tell();
  lose();
  await tell(full('26 of 26'));
  assert.deepEqual(sent, ['new: 26 of 26', 'new: 26 of 26']);
});

test('an object that was forgotten is told of again', async () => {
  const { writer, sent, tell } = startWriter();
  await tell(full('26 of 26'));
  writer.forget('u1');
  await tell(full('26 of 26'));
  assert.deepEqual(sent, ['new: 26 of 26', 'new: 26 of 26']);
});

test('names that lack something are told apart', async () => {
  const { sent, tell } = startWriter();
  const fault = (about: string): Happening => ({ ...full(`${about} is taken`), about, action: 'WriteName' });
  await tell(fault('a.example'), fault('b.example'));
  await tell(fault('a.example'), fault('b.example'));
  assert.deepEqual(sent, ['new: a.example is taken', 'new: b.example is taken']);
});
