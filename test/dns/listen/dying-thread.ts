// A thread that reports ready, then exits.

import { parentPort } from 'node:worker_threads';
import type { ThreadReport } from '../../../src/dns/listen/thread-task.ts';

const ready: ThreadReport = { kind: 'ready', addresses: [], descriptors: [] };
parentPort?.postMessage(ready);
parentPort?.postMessage({ kind: 'fault', message: 'a bug that did not end it' } satisfies ThreadReport);
setImmediate(() => {
  throw new Error('this thread always dies');
});
