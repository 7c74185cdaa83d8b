// The certificate of DNS over TLS and HTTPS: read from its two files, checked, and read again when they change.
// The main thread does this, so that a thread that is started again gets the last good pair, whatever the files hold by then.

import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { messageOf } from '../../errors.ts';
import type { Logger } from '../../model/logger.ts';

export interface CertificateFiles {
  /** PEM: our certificate, and those between it and an authority behind it. */
  readonly cert: string;
  /** PEM, not encrypted. */
  readonly key: string;
}

/** What the files hold. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** How often the files are looked at, in milliseconds. */
const betweenLooks = 1_000;

/** Throws an error that says what to do when the files cannot be read, or are no pair. */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([
    readPem('--dns-tls-cert', files.cert, 'certificate'),
    readPem('--dns-tls-key', files.key, 'private key'),
  ]);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw new Error(
      `--dns-tls-cert '${files.cert}' and --dns-tls-key '${files.key}' must be a certificate and its own unencrypted key, in PEM: ${messageOf(cause)}`,
      { cause },
    );
  }
  return { cert, key };
}

async function readPem(flag: string, path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Error(`${flag}: the ${what} cannot be read, check the path and its permissions: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Keeps the pair that is served; polls, which sees renames, swapped links and network folders alike. */
export class KeptCertificate {
  #current: Certificate;
  readonly #files: CertificateFiles;
  readonly #log: Logger;
  /** What the files looked like at the last look, and when they were last read. */
  #seen: string;
  #read: string;
  #timer: NodeJS.Timeout | undefined;

  private constructor(files: CertificateFiles, log: Logger, current: Certificate, stamp: string) {
    this.#files = files;
    this.#log = log;
    this.#current = current;
    this.#seen = stamp;
    this.#read = stamp;
  }

  static async open(files: CertificateFiles, log: Logger): Promise<KeptCertificate> {
    // Before reading: a change in between is then seen at the next look.
    const stamp = await stampOf(files);
    return new KeptCertificate(files, log, await readCertificate(files), stamp);
  }

  get current(): Certificate {
    return this.#current;
  }

  /** Tells of every good new pair. A bad one is logged once, and the old one stays. */
  watch(onChange: (certificate: Certificate) => void): void {
    const again = () => {
      this.#timer = setTimeout(() => void this.#look(onChange).finally(() => this.#timer && again()), betweenLooks);
      this.#timer.unref();
    };
    again();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #look(onChange: (certificate: Certificate) => void): Promise<void> {
    const stamp = await stampOf(this.#files);
    const settled = stamp === this.#seen;
    this.#seen = stamp;
    // Not between the change of the one file and of the other.
    if (!settled || stamp === this.#read) return;
    this.#read = stamp;
    try {
      const { cert, key } = await readCertificate(this.#files);
      if (cert === this.#current.cert && key === this.#current.key) return;
      this.#current = { cert, key };
    } catch (error) {
      this.#log.error({ reason: messageOf(error) }, 'the new DNS certificate is not usable: the old one stays in use');
      return;
    }
    if (this.#timer === undefined) return;
    onChange(this.#current);
    this.#log.info({ cert: this.#files.cert }, 'the DNS certificate has changed and is in use');
  }
}

/** Changes when either file changes or becomes another one. */
async function stampOf({ cert, key }: CertificateFiles): Promise<string> {
  const stamps = await Promise.all(
    [cert, key].map((path) =>
      stat(path, { bigint: true }).then(
        ({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(' '),
        () => 'none',
      ),
    ),
  );
  return stamps.join(', ');
}
