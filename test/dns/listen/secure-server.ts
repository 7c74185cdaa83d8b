// A DNS server for tests that serves the zone `example` over TLS and HTTPS too, with its own certificate.

import type { DnsServer } from '../../../src/dns/listen/dns-server.ts';
import type { Endpoint } from '../../../src/model/endpoint.ts';
import { type MadeCertificate, makeCertificate } from '../../support/certificate.ts';
import { type Cleanup, temporaryFolder } from '../../support/temporary.ts';
import { exampleTable } from './example-zone.ts';
import { loopback, runServer, type TestServerOptions } from './running-server.ts';

export interface SecureServer {
  readonly server: DnsServer;
  readonly tls: Endpoint;
  readonly https: Endpoint;
  readonly folder: string;
  readonly certificate: MadeCertificate;
}

export async function runSecureServer(
  test: Cleanup,
  { address = loopback, ...options }: TestServerOptions & { address?: Endpoint } = {},
): Promise<SecureServer> {
  const folder = await temporaryFolder(test);
  const certificate = await makeCertificate(folder, 'first');
  const server = await runServer(test, {
    table: exampleTable().table,
    addresses: [address],
    secure: { tls: [address], https: [address], certificate },
    ...options,
  });
  return { server, tls: server.tls[0]!, https: server.https[0]!, folder, certificate };
}
