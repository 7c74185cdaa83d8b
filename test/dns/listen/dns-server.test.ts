// The listeners as a whole: ports, failures to listen, a busy main thread, closing under load.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { suite, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { parseAddress } from '../../../src/model/address.ts';
import type { Endpoint } from '../../../src/model/endpoint.ts';
import { ask, type Server, TcpClient } from '../../support/dns-client.ts';
import type { Cleanup } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import type { FloodTask } from './flood-thread.ts';
import {
  type KeepingLog,
  keepingLog,
  loopback,
  loopback6,
  runServer,
  socketKinds,
  startServer,
} from './running-server.ts';

/** Floods the server from a thread of its own, because the test blocks its own thread. */
async function flood(test: Cleanup, server: Server) {
  const cells = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const shared = new Int32Array(cells);
  const task: FloodTask = { server: { address: server.address, port: server.port }, cells };
  const worker = new Worker(new URL('./flood-thread.ts', import.meta.url), { workerData: task });
  const ended = once(worker, 'exit');
  test.after(async () => {
    Atomics.store(shared, 1, 1);
    await ended;
  });
  await once(worker, 'message');
  return { answers: () => Atomics.load(shared, 0) };
}

async function untilLogged(logger: KeepingLog, thread: string, message: string): Promise<void> {
  await until(
    () => logger.entries.some((entry) => entry.message === message && entry.fields.thread === thread),
    `'${message}' was not logged for ${thread}`,
  );
}

/** Returns how many sockets this process has open, from /proc; 0 if there is no /proc. */
function openSockets(): number {
  try {
    return readdirSync('/proc/self/fd').filter((entry) => isSocket(entry)).length;
  } catch {
    return 0;
  }
}

function isSocket(descriptor: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
  } catch {
    return false;
  }
}

function beBusy(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

for (const socket of socketKinds) {
  suite(`DNS server, ${socket} socket`, () => {
    test('port 0 becomes a free port, the same for UDP, TCP and all threads', async (t) => {
      const server = await runServer(t, { socket, threads: 2, addresses: [loopback, loopback6, loopback] });
      assert.equal(server.addresses.length, 3);
      assert.notEqual(server.addresses[0]?.port, server.addresses[2]?.port);
      for (const address of server.addresses) {
        assert.notEqual(address.port, 0);
        for (const tcp of [false, true]) await ask({ server: address, name: 'host.example', type: 'A', tcp });
      }
    });

    test('the server answers while the main thread is blocked', async (t) => {
      const server = await runServer(t, { socket });
      const { answers } = await flood(t, server.addresses[0]!);
      const before = answers();
      beBusy(2_000);
      const during = answers() - before;
      assert.ok(during > 200, `${during} answers in two seconds`);
    });

    test('the server closes under load without an error, and frees its ports', async (t) => {
      const logger = keepingLog();
      const server = await startServer({
        addresses: [loopback, loopback6],
        threads: 2,
        logger,
        socket,
      });
      const { answers } = await flood(t, server.addresses[0]!);
      const idle = await TcpClient.open(server.addresses[1]!, t);
      await until(() => answers() >= 100, 'nothing was answered');
      await server.close();
      await idle.end();
      assert.deepEqual(
        logger.entries.filter(({ level }) => level !== 'info'),
        [],
      );
      const again = await runServer(t, { socket, addresses: server.addresses });
      assert.deepEqual(again.addresses, server.addresses);
    });
  });
}

for (const socket of socketKinds) {
  test(`a thread that dies is started again, and the others keep answering (${socket})`, async (t) => {
    const started: Worker[] = [];
    const keep = (worker: Worker) => started.push(worker);
    process.on('worker', keep);
    t.after(() => process.off('worker', keep));
    const logger = keepingLog();
    const server = await runServer(t, { socket, threads: 2, logger });
    const [address] = server.addresses;
    const descriptors = openSockets();
    for (const name of ['dns-udp-0', 'dns-tcp']) {
      await started.findLast((worker) => worker.threadName === name)?.terminate();
      // These queries reach another thread, because the socket of the stopped thread is closed.
      for (const tcp of name === 'dns-tcp' ? [false] : [false, true]) {
        await ask({ server: address!, name: 'host.example', type: 'A', tcp });
      }
      await untilLogged(logger, name, 'DNS thread exited, restarting');
      await untilLogged(logger, name, 'DNS thread restarted');
      for (const tcp of [false, true]) await ask({ server: address!, name: 'host.example', type: 'A', tcp });
    }
    // TCP connections may still be about to close.
    await until(() => openSockets() === descriptors, 'the dead threads left sockets behind');
  });
}

suite('DNS server: failing to listen', () => {
  async function failure(addresses: readonly Endpoint[]): Promise<string> {
    const logger = keepingLog();
    return startServer({ addresses, logger }).then(
      async (server) => {
        await server.close();
        return 'it listens';
      },
      (error: Error) => error.message,
    );
  }

  test('a taken TCP port makes the start fail, and the error names the address and the flag', async (t) => {
    const other = createServer().listen({ host: '127.0.0.1', port: 0 });
    t.after(() => other.close());
    await once(other, 'listening');
    const address = other.address();
    assert.ok(address !== null && typeof address !== 'string');
    const message = await failure([{ ...loopback, port: address.port }]);
    assert.match(message, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${address.port} \\(TCP, EADDRINUSE\\)`));
    assert.match(message, /choose another port with --dns/);
  });

  test('a taken UDP port makes the start fail, even if the socket on it has SO_REUSEPORT', async (t) => {
    const other = createSocket({ type: 'udp4', reusePort: true });
    t.after(() => other.close());
    const listening = once(other, 'listening');
    other.bind({ address: '127.0.0.1', port: 0 });
    await listening;
    const { port } = other.address();
    const message = await failure([{ ...loopback, port }]);
    assert.match(message, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port} \\(UDP, EADDRINUSE\\)`));
  });

  test('an address that no interface has makes the start fail, and the error says so', async () => {
    const message = await failure([loopback, { address: parseAddress('192.0.2.254'), port: 0 }]);
    assert.match(message, /cannot listen on 192\.0\.2\.254:0 \(TCP, EADDRNOTAVAIL\): no interface/);
  });

  test('the same address twice makes the start fail, and no socket is left behind', async (t) => {
    const server = await runServer(t);
    const [free] = server.addresses;
    await server.close();
    assert.match(await failure([free!, free!]), /EADDRINUSE/);
    await runServer(t, { addresses: [free!] });
  });
});

test('a closed server does not answer', async () => {
  const server = await startServer();
  await server.close();
  await server.close();
  await assert.rejects(
    ask({ server: server.addresses[0]!, name: 'host.example', type: 'A', timeoutMilliseconds: 200 }),
  );
});
