// A thread that reports ready with an open descriptor, then exits when it gets an order.

import { openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { ThreadReport } from '../../../src/dns/listen/thread-task.ts';

const descriptors = [openSync('/dev/null', 'r')];
parentPort?.postMessage({ kind: 'ready', addresses: [], descriptors } satisfies ThreadReport);
parentPort?.once('message', () => process.exit(0));
