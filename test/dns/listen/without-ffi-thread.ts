// A thread without node:ffi, like an older Node. It starts a server, asks it once, and reports what the server logged.

import { parentPort } from 'node:worker_threads';
import { ask } from '../../support/dns-client.ts';
import { keepingLog, loopback, runServer } from './running-server.ts';

const logger = keepingLog();
const cleanUp: (() => unknown)[] = [];
const server = await runServer(
  { after: (clean) => cleanUp.push(clean) },
  { socket: 'batched', addresses: [loopback], logger },
);
await ask({ server: server.addresses[0]!, name: 'host.example', type: 'A' });
for (const clean of cleanUp) await clean();
parentPort?.postMessage(logger.entries);
