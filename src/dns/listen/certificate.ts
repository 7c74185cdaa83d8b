// The certificate of DNS over TLS and HTTPS: read from its two files, checked, and read again when they change. The
// main thread does this, so that a restarted thread gets the last good pair, even if the files are broken by then.

import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../../model/logger.ts';
import { messageOf } from '../../model/thrown.ts';

export interface CertificateFiles {
  /** PEM: our certificate, then the intermediate ones. */
  readonly cert: string;
  /** PEM, not encrypted. */
  readonly key: string;
}

/** The content of the files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** The time between two checks of the files, in milliseconds. */
const betweenChecks = 1_000;

/**
 * Reads the pair. Throws an error that says what to do if a file cannot be read, or if the key is not the
 * certificate's.
 */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  // One after the other, so that with both missing the error always names the certificate.
  const cert = await readPem('--dns-tls-cert', files.cert, 'certificate');
  const key = await readPem('--dns-tls-key', files.key, 'private key');
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

/** Holds the pair that is in use. Polls the files: this also sees renames, changed links and network folders. */
export class KeptCertificate {
  #current: Certificate;
  readonly #files: CertificateFiles;
  readonly #logger: Logger;
  /** The files' stamp at the last check, and at the last reading. */
  #seen: string;
  #read: string;
  #timer: NodeJS.Timeout | undefined;

  private constructor(files: CertificateFiles, logger: Logger, current: Certificate, stamp: string) {
    this.#files = files;
    this.#logger = logger;
    this.#current = current;
    this.#seen = stamp;
    this.#read = stamp;
  }

  static async open(files: CertificateFiles, logger: Logger): Promise<KeptCertificate> {
    // Taken before reading, so that the next check sees a change in between.
    const stamp = await stampOf(files);
    return new KeptCertificate(files, logger, await readCertificate(files), stamp);
  }

  get current(): Certificate {
    return this.#current;
  }

  /** Calls `onChange` for every good new pair. A bad one is logged once, and the old one stays in use. */
  watch(onChange: (certificate: Certificate) => void): void {
    const again = () => {
      this.#timer = setTimeout(() => void this.#check(onChange).finally(() => this.#timer && again()), betweenChecks);
      this.#timer.unref();
    };
    again();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #check(onChange: (certificate: Certificate) => void): Promise<void> {
    const stamp = await stampOf(this.#files);
    const changed = stamp !== this.#seen;
    this.#seen = stamp;
    // Waits until the files have not changed for one interval: perhaps only one of them is new.
    if (changed || stamp === this.#read) return;
    this.#read = stamp;
    try {
      const { cert, key } = await readCertificate(this.#files);
      if (cert === this.#current.cert && key === this.#current.key) return;
      this.#current = { cert, key };
    } catch (error) {
      this.#logger.error(
        { reason: messageOf(error) },
        'the new DNS certificate is not usable: the old one stays in use',
      );
      return;
    }
    if (this.#timer === undefined) return;
    onChange(this.#current);
    this.#logger.info({ cert: this.#files.cert }, 'the DNS certificate has changed and is in use');
  }
}

/** Returns a text that changes when either file changes or is replaced. */
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
