// A worker that sends many requests over HTTP/2, then blocks its thread, so that Node's client cannot read an answer.

import { once } from 'node:events';
import { connect } from 'node:http2';
import { workerData } from 'node:worker_threads';

export interface UnreadingTask {
  readonly port: number;
  readonly ca: string;
  readonly path: string;
  /** One Int32. The thread ends when it is no longer 0. */
  readonly stop: SharedArrayBuffer;
}

const { port, ca, path, stop }: UnreadingTask = workerData;
/** The window in octets, so large that HTTP/2's flow control does not stop the server. */
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
// Blocks after the requests were sent.
setImmediate(() => {
  Atomics.wait(new Int32Array(stop), 0, 0);
  session.destroy();
});
