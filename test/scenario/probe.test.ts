// `zonewright probe` ends with 0 if the replica is ready, else with 1 and the reason in one line, on every port.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('../../src/cli/zonewright.js', import.meta.url));
/** Ports that browsers, and with them `fetch`, refuse to ask. */
const refusedByFetch = [10080, 6697, 6669, 6668, 6667, 6666, 6665, 6566, 6000, 5061, 5060, 4190, 4045, 2049, 1723];

function probe(http: string, dataDir = '/nowhere'): Promise<{ status: unknown; output: string }> {
  const args = ['--disable-warning=ExperimentalWarning', command, 'probe', '--http', http, '--data-dir', dataDir];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({ status: error?.code ?? error?.signal ?? 0, output: stdout + stderr }),
    );
  });
}

/** Starts an HTTP server on the first port that is free; returns its address. */
async function answering(t: TestContext, ports: readonly number[], answer: RequestListener): Promise<string> {
  for (const port of ports) {
    const server: Server = createServer(answer).listen(port, '127.0.0.1');
    t.after(() => server.close());
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (isFree) return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  throw new Error('no port of the list is free');
}

test('the probe asks a port that fetch refuses', async (t) => {
  const asked: unknown[] = [];
  const http = await answering(t, refusedByFetch, (request, response) => {
    asked.push(request.url);
    response.end('{}');
  });
  assert.deepEqual(await probe(http), { status: 0, output: '' });
  assert.deepEqual(asked, ['/readyz']);
});

test('the probe prints why a replica is not ready', async (t) => {
  const problem = JSON.stringify({ detail: 'waiting for views from etcd' });
  const http = await answering(t, [0], (_, response) => response.writeHead(503).end(problem));
  assert.deepEqual(await probe(http), {
    status: 1,
    output: `zonewright probe: http://${http}/readyz: waiting for views from etcd\n`,
  });
});

test('another program that listens on the port is not ready', async (t) => {
  const http = await answering(t, [0], (_, response) => response.writeHead(404).end('<html>'));
  assert.deepEqual(await probe(http), { status: 1, output: `zonewright probe: http://${http}/readyz: 404\n` });
});

test('the probe fails with the reason if nothing answers, or if the port is unknown', async (t) => {
  const silent = createTcpServer().listen(0, '127.0.0.1');
  t.after(() => silent.close());
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const mute = await probe(`127.0.0.1:${port}`);
  assert.equal(mute.status, 1);
  assert.match(mute.output, /^zonewright probe: http:\S+: [^\n]*timeout[^\n]*\n$/);
  silent.close();
  const gone = await probe('127.0.0.1:0');
  assert.equal(gone.status, 1);
  assert.match(gone.output, /^zonewright probe: \S+: ENOENT[^\n]*endpoints\.json[^\n]*\n$/);
});
