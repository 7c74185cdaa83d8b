// A worker that asks over UDP without pause, with several queries under way, until it is stopped. It counts the answers
// in shared memory.

import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import { queryBytes, type Server } from '../../support/dns-client.ts';

export interface FloodTask {
  readonly server: Server;
  /** Two Int32: the number of answers, and a value that is not 0 when the worker must stop. */
  readonly cells: SharedArrayBuffer;
}

const { server, cells }: FloodTask = workerData;
const shared = new Int32Array(cells);
const inFlight = 8;
const socket = createSocket('udp4');
const query = queryBytes({ name: 'flood.example', type: 'A' });

function send(): void {
  socket.send(query, server.port, server.address, () => undefined);
}

socket.on('error', () => undefined);
socket.on('message', () => {
  Atomics.add(shared, 0, 1);
  if (Atomics.load(shared, 1) === 0) send();
});
for (let i = 0; i < inFlight; i += 1) send();
// Sends more queries even if answers are missing: a server that closes does not answer all.
const refill = setInterval(() => {
  if (Atomics.load(shared, 1) === 0) return send();
  clearInterval(refill);
  socket.close();
}, 20);
parentPort?.postMessage('asking');
