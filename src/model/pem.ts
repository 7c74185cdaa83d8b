// Checks certificates and keys in PEM before TLS uses them. TLS itself treats an empty text as missing, ignores
// authorities that it cannot read, and reports a wrong key without the name of the file.

import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { InvalidValue } from './invalid-value.ts';
import { messageOf } from './thrown.ts';

/**
 * Throws InvalidValue if `cert` is not a certificate, or if `key` is not its private key. Intermediate certificates may
 * follow the certificate in `cert`.
 */
export function checkCertificate(cert: string, key: string): void {
  try {
    if (cert.trim() === '') throw new Error('the certificate is empty');
    if (key.trim() === '') throw new Error('the key is empty');
    createSecureContext({ cert, key });
  } catch (error) {
    throw new InvalidValue(`must be a certificate and its own unencrypted key, in PEM: ${messageOf(error)}`);
  }
}

/** Throws InvalidValue if the text has no certificate, or has one that cannot be read. */
export function checkAuthorities(pem: string): void {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  try {
    if (certificates.length === 0) throw new Error('it has no certificate');
    for (const one of certificates) new X509Certificate(one);
  } catch (error) {
    throw new InvalidValue(`must be certificates of authorities, in PEM: ${messageOf(error)}`);
  }
}
