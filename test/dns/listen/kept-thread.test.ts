// A thread that dies is started again after a pause. A thread that reports at its first start that it cannot do its
// work is not.

import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import { test } from 'node:test';
import { KeptThread } from '../../../src/dns/listen/kept-thread.ts';
import { until } from '../../support/until.ts';
import { keepingLog } from './running-server.ts';

test('a thread that always dies is started again after longer and longer pauses, until it is stopped', async () => {
  const logger = keepingLog();
  const told: boolean[] = [];
  let ends = 0;
  const thread = new KeptThread({
    name: 'dying',
    script: new URL('./dying-thread.ts', import.meta.url),
    task: (again) => {
      told.push(again);
      return { workerData: {} };
    },
    logger,
    onEnd: () => {
      ends += 1;
    },
  });
  await thread.start();
  const deaths = () => logger.entries.filter(({ fields }) => fields.restartInMilliseconds !== undefined);
  await until(() => deaths().length === 3, 'the thread did not die three times');
  await thread.stop();
  assert.deepEqual(
    deaths().map(({ fields }) => fields.restartInMilliseconds),
    [100, 200, 400],
  );
  assert.match(String(deaths()[0]?.fields.reason), /this thread always dies/);
  assert.deepEqual(told, [false, true, true]);
  assert.equal(ends, 3);
  assert.ok(
    logger.entries.some(
      ({ message, fields }) =>
        message === 'a query was not answered: this is a bug' && /did not end it/.test(String(fields.reason)),
    ),
  );
});

test('a thread that cannot do its work at its first start is not started again', async () => {
  const logger = keepingLog();
  const script = new URL('./failing-thread.ts', import.meta.url);
  const thread = new KeptThread({ name: 'failing', script, task: () => ({ workerData: {} }), logger });
  await assert.rejects(thread.start(), /^Error: it cannot listen$/);
  await thread.stop();
  assert.deepEqual(logger.entries, []);
});

test('the descriptors of a thread are closed after it has ended, and after onStopped() and onEnd()', async () => {
  const steps: string[] = [];
  let descriptor = -1;
  const open = () => fstatSync(descriptor).isCharacterDevice();
  const thread = new KeptThread({
    name: 'descriptor',
    script: new URL('./descriptor-thread.ts', import.meta.url),
    task: () => ({ workerData: {} }),
    logger: keepingLog(),
    onStopped: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      steps.push(`stopped, ${open()}`);
    },
    onEnd: () => steps.push(`ended, ${open()}`),
  });
  descriptor = (await thread.start()).descriptors[0] ?? -1;
  await thread.stop();
  assert.deepEqual(steps, ['stopped, true', 'ended, true']);
  assert.throws(open, { code: 'EBADF' });
});
