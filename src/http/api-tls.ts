// The API over TLS: the options of its server, the change of its certificate while it runs, and the certificates of
// clients.

import type { Server as HttpsServer, ServerOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { Certificate } from '../dns/listen/certificate.ts';
import { minTls } from '../dns/listen/dns-limits.ts';
import { refuse } from '../errors.ts';
import { isHealthCheck } from './is-health-check.ts';

/** Returns the TLS options of a server with this certificate. Without `clientCa`, clients need no certificate. */
export function tlsOptions({ cert, key, clientCa }: Certificate): ServerOptions {
  return {
    cert,
    key,
    minVersion: minTls,
    ...(clientCa !== undefined && {
      ca: clientCa,
      requestCert: true,
      // Lets in clients without a valid certificate: requireClientCertificates refuses their requests, except health
      // checks.
      rejectUnauthorized: false,
    }),
  };
}

/** Uses the certificate for new connections. */
export function useCertificate(app: FastifyInstance, certificate: Certificate): void {
  (app.server as HttpsServer).setSecureContext(tlsOptions(certificate));
}

/** Refuses requests of clients without a certificate from an authority in `clientCa`. Allows health checks. */
export function requireClientCertificates(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw, routeOptions }) => {
    // Health checks send no certificate.
    if (isHealthCheck(routeOptions.url)) return;
    const socket = raw.socket as TLSSocket;
    if (socket.authorized) return;
    // If no certificate was sent, authorizationError says wrongly that its issuer is unknown.
    const isSent = socket.getPeerX509Certificate() !== undefined;
    const reason = isSent ? String(socket.authorizationError) : 'no certificate was sent';
    refuse(
      'client_certificate_needed',
      `the API needs a client certificate from an authority of --http-tls-client-ca (${reason})`,
    );
  });
}
