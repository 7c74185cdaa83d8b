// Clients that ask and do not read. Few octets of answers wait in the kernel, and none after the connections were cut.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { Worker } from 'node:worker_threads';
import type { DnsServer } from '../../../src/dns/listen/dns-server.ts';
import { withoutOpenssl } from '../../support/certificate.ts';
import { lengthPrefix, queryBytes } from '../../support/dns-client.ts';
import type { Cleanup } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import { batchedHere, counted } from './running-server.ts';
import { runSecureServer } from './secure-server.ts';
import type { UnreadingTask } from './unreading-thread.ts';

const question = queryBytes({ name: 'large.example', type: 'TXT' });
const frame = Buffer.concat([lengthPrefix(question.length), question]);
/**
 * Questions whose answers have more than 12 MB. The questions are so short that the server reads all at once. If it
 * closed a socket with questions still to read, the kernel would reset the connection.
 */
const asked = Buffer.alloc(1_500 * frame.length, frame);
/** The limit, in octets. It is twice the send buffer that the server asks for, because the kernel doubles that. */
const mostWaiting = 512 * 1024;

/** Returns the port's connections in the kernel's list, each with the octets that wait to be sent or acknowledged. */
function connectionsOf(port: number): { waiting: number }[] {
  const rows = readFileSync('/proc/net/tcp', 'latin1').trim().split('\n').slice(1);
  const own = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(own) && state !== listening)
    .map(([, , , , queues = '']) => ({ waiting: Number.parseInt(queues.split(':')[0] ?? '', 16) }));
}

const listening = '0A';

async function open(test: Cleanup, port: number, certificate: { ca: string } | undefined): Promise<Socket> {
  const socket =
    certificate === undefined
      ? connect({ host: '127.0.0.1', port })
      : connectTls({ host: '127.0.0.1', port, ca: certificate.ca, servername: 'localhost' });
  socket.on('error', () => undefined);
  test.after(() => socket.destroy());
  await once(socket, certificate === undefined ? 'connect' : 'secureConnect');
  return socket;
}

/** Watches the port until all its connections were cut. Asserts that the waiting octets never exceeded the limit. */
async function holdsLittle(server: DnsServer, port: number, connections: number): Promise<void> {
  let most = 0;
  await until(() => {
    const open = connectionsOf(port);
    for (const { waiting } of open) most = Math.max(most, waiting);
    return counted(server, 'dns_tcp_idle_closed_total') === connections && open.length === 0;
  }, 'a connection was not cut');
  assert.ok(most > 0 && most <= mostWaiting, `${most} octets waited for one client`);
}

suite('unread answers', { skip: withoutOpenssl || !batchedHere, concurrency: true }, () => {
  for (const secure of [false, true]) {
    test(`over ${secure ? 'TLS' : 'TCP'} few unread octets wait, and none after the connection was cut`, async (t) => {
      const { server, tls, certificate } = await runSecureServer(t, { limits: { idleMilliseconds: 3_000 } });
      const { port } = secure ? tls : server.addresses[0]!;
      const greedy = await Promise.all(
        Array.from({ length: 5 }, () => open(t, port, secure ? certificate : undefined)),
      );
      for (const socket of greedy) socket.pause().write(asked);
      await holdsLittle(server, port, greedy.length);
    });
  }

  test('over HTTPS few unread octets wait, and none after the connection was cut', async (t) => {
    const { server, https, certificate } = await runSecureServer(t, { limits: { idleMilliseconds: 3_000 } });
    const stop = new SharedArrayBuffer(4);
    const path = `/dns-query?dns=${Buffer.from(question).toString('base64url')}`;
    const workerData: UnreadingTask = { port: https.port, ca: certificate.ca, path, stop };
    const ended = Array.from({ length: 3 }, () =>
      once(new Worker(new URL('unreading-thread.ts', import.meta.url), { workerData }), 'exit'),
    );
    t.after(async () => {
      Atomics.store(new Int32Array(stop), 0, 1);
      Atomics.notify(new Int32Array(stop), 0);
      await Promise.all(ended);
    });
    await until(() => counted(server, 'dns_https_answered_total') > 0, 'nothing was asked');
    await holdsLittle(server, https.port, ended.length);
  });
});
