// Makes the TLS options for an API server. The callers have checked the certificates and the key.

import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { ClusterTls } from './cluster-access.ts';

interface TlsParts {
  ca: string | undefined;
  cert: string | undefined;
  key: string | undefined;
  /** The name in the server's certificate, if it is not the host of the URL. */
  serverName?: string | undefined;
  isUnverified?: boolean;
}

export function tlsOptions({ ca, cert, key, serverName, isUnverified = false }: TlsParts): ClusterTls {
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
    ...(isUnverified && { rejectUnauthorized: false }),
    ...(serverName !== undefined && {
      // RFC 6066 §3: SNI has no address.
      servername: isIP(serverName) === 0 ? serverName : '',
      checkServerIdentity: (_host, peer) => checkServerIdentity(serverName, peer),
    }),
  };
}
