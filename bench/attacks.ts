// The attacks of bench/api-under-attack.ts: connections that send many requests at once or none, and the heaviest
// requests that one token may send. Each attack runs in a thread of its own.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker, workerData } from 'node:worker_threads';
import { adminToken } from '../test/support/api-client.ts';

const pipelinedRequests = 100_000;
const silentConnections = 1_024;
const silentSeconds = 15;
const octets = 4 * 1024 * 1024 - 1024;
const json = 'application/json';

/** A title → the attack. Resolves with a short result. */
const attacks: Record<string, (port: number) => Promise<string>> = {
  'pipelined /metrics on 4 connections': (port) => pipelineAll(port, 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'),
  'pipelined /v1/hosts on 4 connections': (port) =>
    pipelineAll(port, `GET /v1/hosts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${adminToken}\r\n\r\n`),
  [`${silentConnections} silent connections`]: beSilent,
  '350,000 unknown fields': (port) => send(port, 'POST', '/v1/hosts', manyFields()),
  '350,000 unknown fields in tags': (port) =>
    send(port, 'POST', '/v1/hosts', `{"name":"a.k8s","tags":${manyFields()}}`),
  '350,000 times one field': (port) => send(port, 'POST', '/v1/hosts', `{${'"a":0,'.repeat(octets / 6 - 1)}"a":0}`),
  'arrays in arrays': (port) => send(port, 'POST', '/v1/hosts', '['.repeat(octets / 2) + ']'.repeat(octets / 2)),
  'objects in objects': (port) =>
    send(port, 'POST', '/v1/hosts', `${'{"":'.repeat(octets / 5)}0${'}'.repeat(octets / 5)}`),
  'a name of 4 MB': (port) => send(port, 'POST', '/v1/hosts', `{"name":"${'a'.repeat(octets - 20)}"}`),
  '2,000,000 escapes': (port) => send(port, 'POST', '/v1/hosts', `{"name":"${'\\"'.repeat(octets / 2 - 20)}"}`),
  '4 MB that are not JSON': (port) => send(port, 'POST', '/v1/hosts', `{"name":"${'\\u0000'.repeat(octets / 6 - 20)}`),
  '1,000,000 items of a wrong type': (port) =>
    send(port, 'POST', '/v1/pools', `{"name":"p","ranges":[${'0,'.repeat(octets / 2 - 20)}0]}`),
  '1,000,000 RRsets that are numbers': (port) =>
    send(port, 'PATCH', '/v1/zones/foo.k8s/rrsets', `[${'0,'.repeat(octets / 2 - 20)}0]`),
  'PATCH: 100 RRsets of 40 KB, A': (port) =>
    patch(port, 100, (i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 2_500),
  'PATCH: 100 RRsets of 40 KB, TXT': (port) => patch(port, 100, (i) => `\\"${i} ${'x'.repeat(240)}\\"`, 155, 'TXT'),
  'PATCH: one RRset of 4 MB': (port) => patch(port, 1, (i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 250_000),
  'PATCH: 100 RRsets of 40 KB with a fault each': (port) => patch(port, 100, (i) => `10.${i}`, 4_000),
  'PATCH: RRsets that are just small enough, TXT': (port) =>
    patch(port, 18, (i) => `\\"${i} ${'x'.repeat(240)}\\"`, 155, 'TXT'),
  'PUT: one RRset of 3.8 MB of escapes': (port) =>
    send(port, 'PUT', '/v1/zones/foo.k8s/rrsets/escapes/TXT', rrset([...Array(3_000)].map((_, i) => escaped(i)))),
  'PUT: 5,000 HTTPS records': (port) =>
    send(port, 'PUT', '/v1/zones/foo.k8s/rrsets/many/HTTPS', rrset([...Array(5_000)].map((_, i) => httpsRecord(i)))),
  'a zone file with $GENERATE of megabytes': (port) =>
    send(port, 'PUT', '/v1/zones/foo.k8s/zonefile', `$GENERATE 0-4294967295 h$ TXT ${'x'.repeat(200)}\n`, 'text/dns'),
  'a zone file with one owner name of 4 MB': (port) =>
    send(port, 'PUT', '/v1/zones/foo.k8s/zonefile', `${'a'.repeat(octets - 40)} 300 A 10.0.0.1\n`, 'text/dns'),
  'a pool of 1,000 ranges': (port) =>
    send(port, 'POST', '/v1/pools', JSON.stringify({ name: 'many', ranges: ranges(1_000), exclude: ranges(1_000) })),
  '4 MB without a token': (port) => send(port, 'POST', '/v1/hosts', manyFields(), json, 'none'),
};

export const attackNames: readonly string[] = Object.keys(attacks);

/** Runs an attack in a thread of its own. Resolves with its result. */
export async function runAttack(name: string, port: number): Promise<string> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { attack: name, port } });
  const [message] = (await once(worker, 'message')) as [string];
  await worker.terminate();
  return message;
}

// Other threads of the bench import this file too, with other worker data.
if (typeof workerData?.attack === 'string') {
  const { parentPort } = await import('node:worker_threads');
  const attack = attacks[workerData.attack];
  // On Linux, this sets the priority of this thread only.
  setPriority(0, 0);
  parentPort?.postMessage((await attack?.(workerData.port)) ?? 'there is no such attack');
}

async function pipelineAll(port: number, request: string): Promise<string> {
  const answered = await Promise.all([1, 2, 3, 4].map(() => pipeline(port, request)));
  return `${answered.join(', ')} answered`;
}

/** Sends the same request many times on one connection. Resolves with the number of answers in half a minute. */
async function pipeline(port: number, request: string): Promise<number> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  let answered = 0;
  socket.on('data', (chunk) => {
    for (let at = chunk.indexOf('HTTP/1.1 '); at >= 0; at = chunk.indexOf('HTTP/1.1 ', at + 9)) answered += 1;
  });
  const closed = once(socket, 'close');
  socket.write(request.repeat(pipelinedRequests));
  await Promise.race([closed, delay(30_000)]);
  socket.destroy();
  return answered;
}

async function beSilent(port: number): Promise<string> {
  const sockets: Socket[] = [];
  let ended = 0;
  for (let i = 0; i < silentConnections; i += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.on('close', () => {
      ended += 1;
    });
    sockets.push(socket);
    if (i % 64 === 63) await delay(5);
  }
  await delay(silentSeconds * 1000);
  const message = `${ended} closed by the server`;
  for (const socket of sockets) socket.destroy();
  return message;
}

/** Sends the same request three times, one after the other. Resolves with the statuses. */
async function send(
  port: number,
  method: string,
  path: string,
  body: string,
  type = json,
  token = adminToken,
): Promise<string> {
  const statuses: (number | string)[] = [];
  for (let i = 0; i < 3; i += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      body,
    }).catch((error: Error) => error);
    statuses.push(answer instanceof Error ? String(answer.cause ?? answer.message) : answer.status);
    if (!(answer instanceof Error)) await answer.text();
    await delay(200);
  }
  return `${Math.round(body.length / 1000)} kB: ${statuses.join(', ')}`;
}

function manyFields(): string {
  return `{${Array.from({ length: 350_000 }, (_, i) => `"${i.toString(36)}":0`).join()}}`;
}

function patch(port: number, rrsets: number, record: (i: number) => string, records: number, type = 'A') {
  const list = `[${Array.from({ length: records }, (_, i) => `"${record(i)}"`).join()}]`;
  const items = Array.from(
    { length: rrsets },
    (_, i) => `{"name":"n${i}","type":"${type}","ttl":300,"records":${list}}`,
  );
  return send(port, 'PATCH', '/v1/zones/foo.k8s/rrsets', `[${items.join()}]`);
}

function rrset(records: string[]): string {
  return JSON.stringify({ ttl: 300, records });
}

/** Returns a TXT record of one string of 255 octets: 251 escapes of four characters, and the four digits of `i`. */
function escaped(i: number): string {
  return `"${'\\001'.repeat(251)}${String(i).padStart(4, '0')}"`;
}

function httpsRecord(i: number): string {
  return `${i + 1} . alpn=h2,h3 port=${i + 1} ipv4hint=10.0.${i >> 8}.${i & 255} key65000=x${i}`;
}

function ranges(count: number): string[] {
  return Array.from(
    { length: count },
    (_, i) => `10.${100 + (i >> 7)}.${(i << 1) & 255}.1-10.${100 + (i >> 7)}.${(i << 1) & 255}.99`,
  );
}
