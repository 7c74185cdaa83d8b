// Sockets that cannot be opened, or are closed while they are being opened. If a socket cannot be opened, its queries
// fail at once, so that the questions need not wait for the timeout. A socket that was closed meanwhile sends nothing.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DatagramPorts } from '../../../src/forwarding/forwarders/datagram-ports.ts';
import { parseAddress } from '../../../src/model/address.ts';
import { socketKinds } from './socket-kinds.ts';

const source = new URL('../../../src/', import.meta.url);

/** The script of a process that may open no more files. Its last argument is the kind of sockets. */
const script = `
import { openSync } from 'node:fs';
import { DatagramPorts } from '${source}forwarding/forwarders/datagram-ports.ts';
import { BatchedServerSockets } from '${source}dns/ask/batched-server-sockets.ts';
import { openNodeSocket } from '${source}dns/ask/server-socket.ts';
import { openLibc } from '${source}dns/listen/libc.ts';
const open = process.argv.at(-1) === 'batched' ? new BatchedServerSockets(openLibc()).open : openNodeSocket;
const ports = new DatagramPorts({ address: '127.0.0.1', port: 9 }, open, () => undefined);
try { for (;;) openSync('/dev/null'); } catch {}
const failed = [];
const send = () => ports.send({ query: new Uint8Array(12), sentAt: 0, fail: (why) => failed.push(why) });
for (let i = 0; i < 3; i += 1) send();
const told = failed.length;
await null;
process.exitCode = told === 0 && failed.join() === 'broken,broken,broken' ? 0 : 1;
`;

for (const { name, open, skip } of socketKinds) {
  suite(`${name} sockets`, { skip }, () => {
    test('without file descriptors, each query fails at once', async () => {
      const limited = `ulimit -n 64; exec "$0" --disable-warning=ExperimentalWarning --input-type=module -e "$1" ${name}`;
      const run = promisify(execFile)('bash', ['-c', limited, process.execPath, script], { timeout: 20_000 });
      await assert.doesNotReject(run);
    });

    test('a socket that is closed while it is being opened sends nothing', async (t) => {
      const ports = new DatagramPorts({ address: parseAddress('127.0.0.1'), port: 9 }, open(t), () => undefined);
      ports.send({
        query: new Uint8Array(12),
        isStream: false,
        sentAt: 0,
        receive: () => true,
        fail: () => assert.fail('the query has failed'),
        waiting: undefined,
        id: 0,
        nextWaiting: undefined,
      });
      ports.close();
      // An error thrown in an event of the socket would end this process.
      await delay(50);
    });
  });
}
