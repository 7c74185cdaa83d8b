// The access of a Pod to its own cluster: the files of its service account. They are read again as cluster-access.ts
// says, because the token rotates.

import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { checkAuthorities } from '../../../model/pem.ts';
import { messageOf } from '../../../model/thrown.ts';
import { type ClusterAccess, type Credentials, RereadAccess } from './cluster-access.ts';
import { tlsOptions } from './tls-options.ts';

export interface PodEnvironment {
  /** KUBERNETES_SERVICE_HOST */
  host: string | undefined;
  /** KUBERNETES_SERVICE_PORT */
  port: string | undefined;
  /** The folder of the service account. Default: where Kubernetes mounts it. */
  folder?: string;
}

const mounted = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Returns the access of this Pod. Rejects with a message for people if this is not a Pod. */
export async function inClusterAccess({ host, port, folder = mounted }: PodEnvironment): Promise<ClusterAccess> {
  const missing = host ? (port ? undefined : 'KUBERNETES_SERVICE_PORT') : 'KUBERNETES_SERVICE_HOST';
  if (missing !== undefined) throw new Error(`in-cluster: ${missing} is not set: this process runs in no Pod`);
  const server = URL.parse(`https://${isIPv6(host as string) ? `[${host}]` : host}:${port}`);
  if (server === null)
    throw new Error('in-cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are no host and port');
  const read = () => readAccount(server, folder);
  await read();
  return new RereadAccess(read);
}

async function readAccount(server: URL, folder: string): Promise<Credentials> {
  const [ca, token] = await Promise.all([readOf(folder, 'ca.crt'), readOf(folder, 'token')]);
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`in-cluster: ${join(folder, 'token')} has no token`);
  try {
    checkAuthorities(ca);
  } catch (error) {
    throw new Error(`in-cluster: ${join(folder, 'ca.crt')} ${messageOf(error)}`, { cause: error });
  }
  return { server, tls: tlsOptions({ ca, cert: undefined, key: undefined }), token };
}

async function readOf(folder: string, name: string): Promise<string> {
  try {
    return (await readFile(join(folder, name), 'utf8')).trim();
  } catch (error) {
    const wayOut = 'does the Pod have automountServiceAccountToken: false?';
    throw new Error(`in-cluster: ${messageOf(error)}: ${wayOut}`, { cause: error });
  }
}
