// A worker that asks over HTTP/2 for as much as it may, and then is too busy to read a single answer: Node's own client would read them on its own.

import { once } from 'node:events';
import { connect } from 'node:http2';
import { workerData } from 'node:worker_threads';

export interface UnreadingTask {
  readonly port: number;
  readonly ca: string;
  readonly path: string;
  /** One Int32: not 0 when it should end. */
  readonly stop: SharedArrayBuffer;
}

const { port, ca, path, stop }: UnreadingTask = workerData;
/** In octets: HTTP/2's own flow control is not what stops the server. */
const window = 1 << 30;

const session = connect(`https://127.0.0.1:${port}`, {
  ca,
  servername: 'localhost',
  settings: { initialWindowSize: window },
});
session.on('error', () => undefined);
await once(session, 'connect');
session.setLocalWindowSize(window);
for (let i = 0; i < 90; i += 1)
  session
    .request({ ':path': path })
    .on('error', () => undefined)
    .end();
// What was asked goes out first.
setImmediate(() => {
  Atomics.wait(new Int32Array(stop), 0, 0);
  session.destroy();
});
