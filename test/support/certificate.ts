// Self-signed certificates for localhost, made by openssl.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from './peer-process.ts';

export interface MadeCertificate {
  /** The path of the certificate. */
  readonly cert: string;
  /** The path of the private key. */
  readonly key: string;
  /** The certificate in PEM: a client that has it as a CA trusts the server. */
  readonly ca: string;
}

/** A test's `skip`: false if openssl is installed, or under CI, where the test must fail without it. */
export const withoutOpenssl =
  findProgram('openssl') === undefined && process.env.CI !== 'true' ? 'openssl is not installed' : false;

/** Writes `<name>.cert.pem` and `<name>.key.pem` into the folder. */
export async function makeCertificate(folder: string, name: string): Promise<MadeCertificate> {
  const [cert, key] = [join(folder, `${name}.cert.pem`), join(folder, `${name}.key.pem`)];
  const forWhom = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  await promisify(execFile)('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert, ...forWhom]);
  return { cert, key, ca: await readFile(cert, 'utf8') };
}
