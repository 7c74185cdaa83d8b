// Reads and checks the certificate of DNS over TLS and HTTPS, or of the API, and reads it again when its files change.
// This is done in the main thread: a restarted thread then gets the last good pair, even if the files have become
// unusable.

import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { Logger } from '../../model/logger.ts';
import { checkAuthorities, checkCertificate } from '../../model/pem.ts';
import { messageOf } from '../../model/thrown.ts';

export interface CertificateFiles {
  /** The file with our certificate, then the intermediate ones, in PEM. */
  readonly cert: string;
  /** The file with the private key, in PEM, not encrypted. */
  readonly key: string;
  /** The file with the authorities that sign the certificates of clients, in PEM. */
  readonly clientCa?: string | undefined;
}

/** The contents of the files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
}

/** What the certificate is for, with the beginning of the flags that name its files. */
const flags = { DNS: '--dns-tls', API: '--http-tls' } as const;

export type CertificateUse = keyof typeof flags;

/** The time between two checks of the files, in milliseconds. */
const betweenChecks = 1_000;

/**
 * Reads the files. Throws if a file cannot be read, if the key does not belong to the certificate, or if the file of
 * authorities has none. The error is an AggregateError with one error for each fault.
 */
export async function readCertificate(files: CertificateFiles, use: CertificateUse = 'DNS'): Promise<Certificate> {
  const { cert, key, clientCa } = await readFiles(files, use);
  return { cert: cert as string, key: key as string, ...(clientCa !== undefined && { clientCa }) };
}

/** Does the same as {@link readCertificate}, but any file may be left out. */
export async function readFiles(files: Partial<CertificateFiles>, use: CertificateUse): Promise<Partial<Certificate>> {
  const flag = flags[use];
  const [pair, clientCa] = await allOf([
    readPair(files, flag),
    files.clientCa === undefined ? undefined : readAuthorities(`${flag}-client-ca`, files.clientCa),
  ]);
  return { ...pair, ...(clientCa !== undefined && { clientCa }) };
}

async function readPair(files: Partial<CertificateFiles>, flag: string): Promise<{ cert?: string; key?: string }> {
  const [cert, key] = await allOf([
    files.cert === undefined ? undefined : readPem(`${flag}-cert`, files.cert, 'certificate'),
    files.key === undefined ? undefined : readPem(`${flag}-key`, files.key, 'private key'),
  ]);
  if (cert !== undefined && key !== undefined)
    naming(`${flag}-cert '${files.cert}' and ${flag}-key '${files.key}'`, () => checkCertificate(cert, key));
  return { ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) };
}

/** Waits for all parts. If any fail, throws an AggregateError with all their errors, in order. */
async function allOf<Parts extends readonly unknown[]>(
  parts: readonly [...Parts],
): Promise<{ -readonly [Part in keyof Parts]: Awaited<Parts[Part]> }> {
  const settled = await Promise.allSettled(parts);
  const errors = settled.flatMap((part) => (part.status === 'rejected' ? errorsIn(part.reason) : []));
  if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join('; '));
  return (await Promise.all(parts)) as { -readonly [Part in keyof Parts]: Awaited<Parts[Part]> };
}

/** Returns the errors of an AggregateError, or the error itself. */
function errorsIn(error: unknown): Error[] {
  return error instanceof AggregateError ? (error.errors as Error[]) : [error as Error];
}

async function readAuthorities(flag: string, path: string): Promise<string> {
  const text = await readPem(flag, path, 'certificate of the authority');
  naming(`${flag} '${path}'`, () => checkAuthorities(text));
  return text;
}

/** Runs the check. If the check throws, adds the names of the files to the message. */
function naming(files: string, check: () => void): void {
  try {
    check();
  } catch (cause) {
    throw new Error(`${files} ${messageOf(cause)}`, { cause });
  }
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

/**
 * Keeps the certificate that is in use. Polls the certificate's files, so that renames, changed links and network
 * folders are noticed too.
 */
export class KeptCertificate {
  #current: Certificate;
  readonly #files: CertificateFiles;
  readonly #use: CertificateUse;
  readonly #logger: Logger;
  /** The stamp of the files at the last check. */
  #seen: string;
  /** The stamp of the files when they were last read. */
  #read: string;
  /** True: the files were not usable when they were last read. */
  #isFaulty = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    files: CertificateFiles,
    use: CertificateUse,
    logger: Logger,
    current: Certificate,
    stamp: string,
  ) {
    this.#files = files;
    this.#use = use;
    this.#logger = logger;
    this.#current = current;
    this.#seen = stamp;
    this.#read = stamp;
  }

  static async open(files: CertificateFiles, logger: Logger, use: CertificateUse = 'DNS'): Promise<KeptCertificate> {
    // The stamp is taken before reading, so that the next check notices a change during reading.
    const stamp = await stampOf(files);
    return new KeptCertificate(files, use, logger, await readCertificate(files, use), stamp);
  }

  get current(): Certificate {
    return this.#current;
  }

  /** Returns when our certificate expires, in seconds since 1970. */
  get expires(): number {
    return Date.parse(new X509Certificate(this.#current.cert).validTo) / 1000;
  }

  /**
   * Calls `onChange` for every new certificate that is good. A bad one is logged once, and the old one stays in use.
   */
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
    // Waits until the files have not changed for one interval: one file may be new and the other not yet.
    if (changed || stamp === this.#read) return;
    this.#read = stamp;
    try {
      const next = await readCertificate(this.#files, this.#use);
      const { cert, key, clientCa } = this.#current;
      const isSame = next.cert === cert && next.key === key && next.clientCa === clientCa;
      if (isSame && this.#isFaulty)
        this.#logger.info({ cert: this.#files.cert }, `the ${this.#use} certificate is usable again, as it was`);
      this.#isFaulty = false;
      if (isSame) return;
      this.#current = next;
    } catch (error) {
      this.#isFaulty = true;
      this.#logger.error(
        { reason: messageOf(error) },
        `the new ${this.#use} certificate is not usable: the old one stays in use`,
      );
      return;
    }
    if (this.#timer === undefined) return;
    onChange(this.#current);
    this.#logger.info({ cert: this.#files.cert }, `the ${this.#use} certificate has changed and is in use`);
  }
}

/** Returns a text that changes when a file changes or is replaced. */
async function stampOf({ cert, key, clientCa }: CertificateFiles): Promise<string> {
  const paths = [cert, key, ...(clientCa === undefined ? [] : [clientCa])];
  const stamps = await Promise.all(
    paths.map((path) =>
      stat(path, { bigint: true }).then(
        ({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(' '),
        () => 'none',
      ),
    ),
  );
  return stamps.join(', ');
}
