// A thread that reports that it cannot do its work.

import { parentPort } from 'node:worker_threads';
import type { ThreadReport } from '../../../src/dns/listen/thread-task.ts';

const failed: ThreadReport = { kind: 'failed', message: 'it cannot listen', descriptors: [] };
parentPort?.postMessage(failed);
