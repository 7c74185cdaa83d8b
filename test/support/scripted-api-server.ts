// An API server whose answers a test writes itself: for what a real one does only rarely. The real one: kubernetes.ts.

import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ClusterAccess } from '../../src/interop/kubernetes/client/cluster-access.ts';
import { RereadAccess } from '../../src/interop/kubernetes/client/cluster-access.ts';
import { KubernetesApi } from '../../src/interop/kubernetes/client/kubernetes-api.ts';
import { makeCertificate } from './certificate.ts';
import { type Cleanup, temporaryFolder } from './temporary.ts';

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  token: string;
  body: unknown;
}

export interface ScriptedServer {
  api: KubernetesApi;
  access: ClusterAccess;
  url: URL;
  /** All requests so far. */
  asked: Asked[];
  /** Ends all connections. */
  cut(): void;
}

type Answer = (asked: Asked, response: ServerResponse, request: IncomingMessage) => unknown;

/** Starts a server. `tokens`: what the client reads as its token, one after the other; the last one stays. */
export async function startScriptedServer(
  scope: Cleanup,
  answer: Answer,
  tokens: readonly string[] = ['secret'],
): Promise<ScriptedServer> {
  const { cert, key, ca } = await makeCertificate(await temporaryFolder(scope), 'api');
  const asked: Asked[] = [];
  const options = { cert: await readFile(cert), key: await readFile(key) };
  const server = createServer(options, async (request, response) => {
    const { pathname, searchParams } = new URL(request.url as string, 'https://x');
    const body = await text(request).catch(() => '');
    const one: Asked = {
      method: request.method as string,
      path: pathname,
      query: searchParams,
      token: request.headers.authorization?.replace('Bearer ', '') ?? '',
      body: body === '' ? undefined : JSON.parse(body),
    };
    asked.push(one);
    answer(one, response, request);
  });
  scope.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  let reads = 0;
  const access = new RereadAccess(async () => {
    reads += 1;
    return { server: url, tls: { ca }, token: tokens[Math.min(reads, tokens.length) - 1] };
  });
  const api = new KubernetesApi(access);
  scope.after(() => api.close());
  return { api, access, url, asked, cut: () => server.closeAllConnections() };
}

/** Answers with a Status of this code. */
export function refuse(response: ServerResponse, code: number, status: object = {}): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', code, ...status }));
}

/** Answers with JSON. */
export function give(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** Sends events of a watch. */
export function tell(response: ServerResponse, ...events: object[]): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' });
  for (const event of events) response.write(`${JSON.stringify(event)}\n`);
}

/** Returns a Service at a version. */
export function service(name: string, version: number | string, uid = `uid-${name}`, more: object = {}) {
  return { metadata: { name, namespace: 'default', uid, resourceVersion: String(version) }, ...more };
}

/** Returns the bookmark that ends the initial events of a WatchList. */
export function endOfList(version: number) {
  const metadata = { resourceVersion: String(version), annotations: { 'k8s.io/initial-events-end': 'true' } };
  return { type: 'BOOKMARK', object: { metadata } };
}
