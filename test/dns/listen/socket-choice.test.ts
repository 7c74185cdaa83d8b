// The choice of the kind of UDP socket, and its line in the log.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { parseAddress } from '../../../src/model/address.ts';
import { until } from '../../support/until.ts';
import { batchedHere, keepingLog, type LogEntry, loopback, loopback6, runServer } from './running-server.ts';

test('batched sockets are used where they work', { skip: !batchedHere }, async (t) => {
  const logger = keepingLog();
  await runServer(t, {
    addresses: [loopback, loopback6, { address: parseAddress('0.0.0.0'), port: 0 }],
    threads: 2,
    logger,
  });
  assert.deepEqual(
    logger.entries.map(({ level, message }) => [level, message]),
    [['info', 'DNS is listening']],
  );
  assert.equal(logger.entries[0]?.fields.socket, 'batched');
});

test('every thread uses the kind of socket that was chosen at the start, also a thread that is started again', async (t) => {
  const started: Worker[] = [];
  const keep = (worker: Worker) => started.push(worker);
  process.on('worker', keep);
  t.after(() => process.off('worker', keep));
  const logger = keepingLog();
  // Hides node:ffi from this thread only. The other threads would find that batched sockets work.
  const { getBuiltinModule } = process;
  const allButFfi = (name: string) => (name === 'node:ffi' ? undefined : getBuiltinModule(name));
  const withoutFfi = t.mock.method(process, 'getBuiltinModule', allButFfi);
  await runServer(t, { threads: 2, logger });
  withoutFfi.mock.restore();
  await started.find(({ threadName }) => threadName === 'dns-udp-1')?.terminate();
  const isBack = () => logger.entries.find(({ message }) => message === 'DNS thread restarted');
  await until(() => isBack() !== undefined, 'the thread did not come back');
  assert.deepEqual(
    logger.entries.map(({ level, message }) => [level, message]),
    [
      ['warn', 'batched UDP sockets are not usable: using node:dgram'],
      ['info', 'DNS is listening'],
      ['error', 'DNS thread exited, restarting'],
      ['info', 'DNS thread restarted'],
    ],
  );
  assert.deepEqual(isBack()?.fields, { thread: 'dns-udp-1', socket: 'datagram' });
});

test('sockets of node:dgram are used if the setting says so', async (t) => {
  const logger = keepingLog();
  await runServer(t, { socket: 'datagram', logger });
  assert.equal(logger.entries[0]?.fields.socket, 'datagram');
});

test('without node:ffi, sockets of node:dgram are used, and the log says why', async () => {
  const worker = new Worker(new URL('./without-ffi-thread.ts', import.meta.url), {
    execArgv: ['--no-experimental-ffi'],
  });
  const ended = once(worker, 'exit');
  const [entries]: LogEntry[][] = await once(worker, 'message');
  await ended;
  assert.deepEqual(
    entries?.map(({ level, message }) => [level, message]),
    [
      ['warn', 'batched UDP sockets are not usable: using node:dgram'],
      ['info', 'DNS is listening'],
    ],
  );
  assert.match(String(entries?.[0]?.fields.reason), batchedHere ? /node:ffi/ : /Linux/);
});
