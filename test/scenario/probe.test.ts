// `zonewright probe` ends with 0 if the replica is ready, on any port. Otherwise it ends with 1, and prints the reason
// in one line.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readProbeConfig } from '../../src/config.ts';
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts';
import { temporaryFolder } from '../support/temporary.ts';

const command = fileURLToPath(new URL('../../src/cli/zonewright.js', import.meta.url));
/** Ports that `fetch` refuses to ask, as browsers do. */
const refusedByFetch = [10080, 6697, 6669, 6668, 6667, 6666, 6665, 6566, 6000, 5061, 5060, 4190, 4045, 2049, 1723];

/** The output for a data directory with which no replica serves: it says what is missing, and what to do. */
const noReplica = /^zonewright probe: \S+: there is no endpoints\.json[^\n]*--data-dir[^\n]*--http[^\n]*\n$/;

function probe(http: string, dataDir = '/nowhere'): Promise<{ status: unknown; output: string }> {
  return probeWith(['--http', http, '--data-dir', dataDir]);
}

function probeWith(flags: string[], env: Record<string, string> = {}): Promise<{ status: unknown; output: string }> {
  const args = ['--disable-warning=ExperimentalWarning', command, 'probe', ...flags];
  const options = { timeout: 20_000, env: { ...process.env, ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ status: error?.code ?? error?.signal ?? 0, output: stdout + stderr }),
    );
  });
}

/** Starts an HTTP server on the first of the ports that is free. Returns its address. */
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

test('the probe needs only the setting that says where to ask: it ignores faults of other settings', async (t) => {
  const http = await answering(t, [0], (_, response) => response.end('{}'));
  const half = {
    ZONEWRIGHT_ETCD_ENDPOINTS: 'https://10.0.0.1:2379',
    ZONEWRIGHT_ETCD_CERT: '/nowhere',
    ZONEWRIGHT_DNS_TLS_LISTEN: '0.0.0.0:853',
    ZONEWRIGHT_DNS_THREADS: '99',
    ZONEWRIGHT_NOPE: '1',
  };
  assert.deepEqual(await probeWith(['--http', http, '--store', 'etcd'], half), { status: 0, output: '' });
  assert.deepEqual(await probeWith([], { ...half, ZONEWRIGHT_HTTP_LISTEN: http }), { status: 0, output: '' });
  const wrong = await probeWith(['--http', 'here', '--nope']);
  assert.equal(wrong.status, 2);
  assert.match(wrong.output, /--nope is not a flag.*\n.*--http: 'here' must be an address/);
});

test('without --http, the probe asks at the address that the running replica has written into its data directory', async (t) => {
  const http = await answering(t, [0], (_, response) => response.end('{}'));
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const nobody = `127.0.0.1:${(closed.address() as AddressInfo).port}`;
  closed.close();
  const dataDir = await temporaryFolder(t);
  const variables = { ZONEWRIGHT_DATA_DIR: dataDir };
  const file = join(dataDir, 'endpoints.json');
  await writeFile(file, JSON.stringify({ http, dns: [] }));
  assert.equal((await probeWith([], { ...variables, ZONEWRIGHT_HTTP_LISTEN: nobody })).status, 0);
  // endpoints.json is still that of an earlier start, as after a start on a full disk.
  await writeFile(file, JSON.stringify({ http: nobody, dns: [] }));
  assert.equal((await probeWith([], { ...variables, ZONEWRIGHT_HTTP_LISTEN: http })).status, 0);
  assert.equal((await probeWith(['--http', nobody], { ...variables, ZONEWRIGHT_HTTP_LISTEN: http })).status, 1);
});

test('with --data-dir, the probe asks only the replica of that directory, because another one may have the default address', async (t) => {
  const dataDir = await temporaryFolder(t);
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const nobody = `127.0.0.1:${(closed.address() as AddressInfo).port}`;
  closed.close();
  for (const [flags, env] of [
    [['--data-dir', dataDir], {}],
    [[], { ZONEWRIGHT_DATA_DIR: dataDir }],
  ] as const) {
    await rm(join(dataDir, 'endpoints.json'), { force: true });
    const missing = await probeWith([...flags], env);
    assert.equal(missing.status, 1);
    assert.match(missing.output, noReplica);
    await writeFile(join(dataDir, 'endpoints.json'), JSON.stringify({ http: nobody, dns: [] }));
    assert.deepEqual(await probeWith([...flags], env), {
      status: 1,
      output: `zonewright probe: http://${nobody}/readyz: connect ECONNREFUSED ${nobody}\n`,
    });
  }
  assert.equal(readProbeConfig([], {}).http?.port, 8053);
  assert.equal(readProbeConfig(['--data-dir', dataDir], { ZONEWRIGHT_HTTP_LISTEN: '127.0.0.1:1' }).http?.port, 1);
});

test('the probe asks an API over TLS, whether it is told so or not', { skip: withoutOpenssl }, async (t) => {
  const dataDir = await temporaryFolder(t);
  const files = await makeCertificate(dataDir, 'api');
  const [cert, key] = [await readFile(files.cert), await readFile(files.key)];
  let status = 200;
  const server = createTlsServer({ cert, key }, (_, response) => {
    response.writeHead(status).end(JSON.stringify({ detail: 'waiting' }));
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const http = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(join(dataDir, 'endpoints.json'), JSON.stringify({ http, httpTls: true, dns: [] }));
  const ways = [
    ['--http', http],
    ['--http', http, '--http-tls-cert', files.cert],
    ['--data-dir', dataDir],
  ];
  for (const flags of ways) assert.deepEqual(await probeWith(flags), { status: 0, output: '' });
  status = 503;
  const unready = await probeWith(['--data-dir', dataDir]);
  assert.deepEqual(unready, { status: 1, output: `zonewright probe: https://${http}/readyz: waiting\n` });
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
  assert.match(gone.output, noReplica);
});
