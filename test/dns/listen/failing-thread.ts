// A thread that reports `failed`, then exits.

import { parentPort } from 'node:worker_threads';
import type { ThreadReport } from '../../../src/dns/listen/thread-task.ts';

const failed: ThreadReport = { kind: 'failed', message: 'it cannot listen', descriptors: [] };
parentPort?.postMessage(failed);
