// Where the API server of a cluster is, and the credentials for it. They are read again while we run, because tokens,
// certificates and kubeconfigs rotate. read-kubeconfig.ts and in-cluster.ts make a ClusterAccess, kubernetes-api.ts
// uses it.

import type { PeerCertificate } from 'node:tls';

/** The TLS options of a connection, named as in node:tls. */
export interface ClusterTls {
  ca?: string;
  cert?: string;
  key?: string;
  servername?: string;
  rejectUnauthorized?: false;
  checkServerIdentity?: (host: string, peer: PeerCertificate) => Error | undefined;
}

export interface Credentials {
  /** The URL of the API server. It may have a path. */
  readonly server: URL;
  readonly tls: ClusterTls;
  readonly token: string | undefined;
}

export interface ClusterAccess {
  /** Returns the credentials for the next request. Rejects with a message for people if there are none. */
  credentials(): Promise<Credentials>;
  /** Notes that the server answered 401 to these credentials: the next ones are read anew. */
  reject(refused: Credentials): void;
}

/** Credentials are read again for a request after this time. A Pod's token lives for ten minutes at least. */
const freshMilliseconds = 10_000;

/**
 * Calls `read` again for a request after ten seconds, and after a 401. If `read` fails, the credentials of before stay
 * in use until the server rejects them: a file may be missing for a moment while it is replaced
 * (test/interop/kubernetes/kubeconfig.test.ts).
 */
export class RereadAccess implements ClusterAccess {
  readonly #read: (afterRejection: boolean) => Promise<Credentials>;
  readonly #now: () => number;
  #current: Credentials | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #isRejected = false;
  #reading: Promise<Credentials> | undefined;

  /** `now`: milliseconds of any clock that does not jump. */
  constructor(read: (afterRejection: boolean) => Promise<Credentials>, now: () => number = () => performance.now()) {
    this.#read = read;
    this.#now = now;
  }

  async credentials(): Promise<Credentials> {
    if (this.#current !== undefined && !this.#isRejected && this.#now() - this.#readAt < freshMilliseconds)
      return this.#current;
    this.#reading ??= this.#readAgain().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  reject(refused: Credentials): void {
    if (refused === this.#current) this.#isRejected = true;
  }

  async #readAgain(): Promise<Credentials> {
    const afterRejection = this.#isRejected;
    try {
      const next = await this.#read(afterRejection);
      // The same object stands for the same credentials, so that a late 401 for it does not reject newer ones.
      if (afterRejection || this.#current === undefined || !isSame(next, this.#current)) this.#current = next;
      this.#isRejected = false;
    } catch (error) {
      if (this.#current === undefined || afterRejection) throw error;
    }
    this.#readAt = this.#now();
    return this.#current;
  }
}

function isSame(one: Credentials, other: Credentials): boolean {
  const textOf = ({ server, tls, token }: Credentials) => JSON.stringify([server.href, tls, token]);
  return textOf(one) === textOf(other);
}
