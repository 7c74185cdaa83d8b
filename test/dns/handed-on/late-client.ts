// Sends messages in octets to a server over every transport, and starts servers in which a tenant of the test answers
// the handed-on queries.

import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import type { Tenant } from '../../../src/dns/handed-on/tenant.ts';
import { exchange, queryBytes, TcpClient } from '../../support/dns-client.ts';
import type { Cleanup } from '../../support/temporary.ts';
import type { TestServerOptions } from '../listen/running-server.ts';
import { runSecureServer, type SecureServer } from '../listen/secure-server.ts';
import { forEachKind } from './for-each-kind.ts';

export const transports = ['udp', 'tcp', 'tls', 'https'] as const;
export type Transport = (typeof transports)[number];

/** Returns a NOTIFY for a zone, or for another question. */
export function notifyBytes(name: string, type = 'SOA', edns = true): Buffer {
  const query = Buffer.from(queryBytes({ name, type, ...(edns && { edns: {} }) }));
  query[2] = 4 << 3;
  return query;
}

/** Returns a response to the query: a header, then the octets `rest`. */
export function replyTo(query: Uint8Array, ...rest: number[]): Uint8Array {
  const reply = new Uint8Array(12 + rest.length);
  reply.set(query.subarray(0, 2));
  reply[2] = 0x80 | (4 << 3);
  reply.set(rest, 12);
  return reply;
}

/** Starts a server of the zone `example`. If `tenant` is set, it answers the handed-on queries of all kinds. */
export function runWithTenant(
  test: Cleanup,
  tenant: Tenant | undefined,
  options: TestServerOptions = {},
): Promise<SecureServer> {
  return runSecureServer(test, { ...options, ...(tenant && { tenants: forEachKind(tenant) }) });
}

export async function askOver(test: Cleanup, running: SecureServer, transport: Transport, query: Uint8Array) {
  if (transport === 'udp') return exchange(running.server.addresses[0]!, query);
  if (transport === 'https') return (await askHttps(await openHttps(test, running), query)).body;
  const client = await openStream(test, running, transport);
  client.send(query);
  return client.next();
}

export function openStream(test: Cleanup, running: SecureServer, transport: 'tcp' | 'tls'): Promise<TcpClient> {
  if (transport === 'tcp') return TcpClient.open(running.server.addresses[0]!, test);
  return TcpClient.openTls(running.tls, { ca: running.certificate.ca }, test);
}

export async function openHttps(test: Cleanup, { https, certificate }: SecureServer): Promise<ClientHttp2Session> {
  const session = connect(`https://127.0.0.1:${https.port}`, { ca: certificate.ca, servername: 'localhost' });
  session.on('error', () => undefined);
  test.after(() => session.destroy());
  await once(session, 'connect');
  return session;
}

export async function askHttps(session: ClientHttp2Session, query: Uint8Array) {
  const type = 'application/dns-message';
  const stream = session.request({ ':method': 'POST', ':path': '/dns-query', 'content-type': type });
  const responded = once(stream, 'response');
  stream.end(query);
  const [headers] = await responded;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { status: Number(headers[':status']), body: Buffer.concat(chunks) };
}
