// A worker that asks without pause over UDP, some queries in flight, until told to stop; counts answers in shared memory.

import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import { queryBytes, type Server } from '../../support/dns-client.ts';

export interface FloodTask {
  readonly server: Server;
  /** [answers, not 0: stop] */
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
// What was lost is not waited for: a closing server loses some.
const refill = setInterval(() => {
  if (Atomics.load(shared, 1) === 0) return send();
  clearInterval(refill);
  socket.close();
}, 20);
parentPort?.postMessage('asking');
