// `zonewright backup FILE`: asks a running replica for a backup, checks it to its last octet while it arrives, and
// gives the file its name when all of it is on the disk. How the replica makes it: backup/backup-spool.ts.

import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { PeerCertificate } from 'node:tls';
import { BackupFault, type LedgerInBackup } from '../backup/backup-format.ts';
import { checkBackup } from '../backup/restore-backup.ts';
import { messageOf } from '../model/thrown.ts';
import { type EncryptOptions, encrypted } from './encryption.ts';
import { askReplica, codeOf, detailIn, type Where } from './find-replica.ts';
import { type Output, openOutput } from './output-file.ts';
import { Progress, shownSize } from './progress.ts';

interface BackupOptions extends EncryptOptions {
  /** `-`: standard output. */
  file: string;
  force: boolean;
  withoutLedger: boolean;
  /** The replica on this machine. */
  where: Where;
  /** The API of a replica elsewhere. */
  api: URL | undefined;
  adminToken: string | undefined;
  tokenFile: string | undefined;
  /** The file of the certificate that the replica on this machine has. */
  certificate: string | undefined;
  tlsCa: string | undefined;
  tlsCert: string | undefined;
  tlsKey: string | undefined;
}

/** How long the replica may say nothing: while it makes the backup, and while it sends it. */
const makeMilliseconds = 3_600_000;
const sendMilliseconds = 120_000;

/** Returns the exit status: 0 if the backup is whole and on the disk, else 1. */
export async function backup(options: BackupOptions): Promise<number> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => interrupt.abort(new Error(`interrupted by ${signal}: no backup was written`)));
  const progress = new Progress();
  let output: Output | undefined;
  try {
    output = await encrypted(() => openOutput(options.file, options), options);
    const told = await writeBackup(options, output, progress, interrupt.signal);
    progress.end();
    (options.file === '-' ? process.stderr : process.stdout).write(`${told}\n`);
    return 0;
  } catch (error) {
    progress.end();
    await output?.discard();
    const reason = interrupt.signal.aborted ? interrupt.signal.reason : error;
    process.stderr.write(`zonewright backup: ${messageOf(reason)}\n`);
    return 1;
  }
}

/** Where the ledger is, for each value of the header. */
export const shownLedger: Readonly<Record<LedgerInBackup, string>> = {
  included: 'with the ledger',
  postgresql: 'without the ledger: it is in PostgreSQL, which has tools for its own backups',
  off: 'there is no ledger',
  'left-out': 'without the ledger',
};

/** Returns what to tell when all is written. */
async function writeBackup(
  options: BackupOptions,
  output: Output,
  progress: Progress,
  signal: AbortSignal,
): Promise<string> {
  const { url, response } = await request(options, progress, signal);
  const total = Number(response.headers['content-length']);
  let octets = 0;
  async function* kept(): AsyncGenerator<Buffer> {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      octets += chunk.length;
      progress.show(() => `${shownSize(octets)} of ${shownSize(total)} received`);
      await output.write(chunk);
      yield chunk;
    }
  }
  const { header, entries, sha256 } = await checkBackup(kept()).catch((error: unknown) => {
    if (error instanceof BackupFault) throw new Error(`${url}: what was received is not whole: ${error.message}`);
    if (codeOf(error) !== 'ECONNRESET') throw error;
    throw new Error(`${url}: the connection ended after ${octets} of ${total} octets`, { cause: error });
  });
  signal.throwIfAborted();
  await output.finish();
  const what = `revision ${header.revision} of ${header.at}, ${entries} keys, ${shownSize(octets)}`;
  const where = options.file === '-' ? '' : `${options.file}: `;
  return `${where}${what}, SHA-256 of its contents ${sha256}; ${shownLedger[header.ledger]}`;
}

/** Returns the answer with the backup. The tokens of this machine's files are tried one after the other. */
async function request(
  options: BackupOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<{ url: string; response: IncomingMessage }> {
  // The replica is found without a token: so no token is sent without TLS to a replica that has it.
  const path = `/v1/backup${options.withoutLedger ? '?ledger=false' : ''}`;
  const url = new URL(path, options.api ?? (await urlHere(options.where)));
  const trust = url.protocol === 'https:' ? await trustOf(options) : {};
  const tokens = await tokensOf(options);
  progress.wait('the replica reads its store');
  for (const [index, token] of tokens.entries()) {
    const response = await send(url, token, trust, signal);
    if (response.statusCode === 200) return { url: String(url), response };
    const detail = detailIn(await text(response));
    if (response.statusCode === 401 && index < tokens.length - 1) continue;
    throw new Error(`${url}: ${detail ?? `the answer is ${response.statusCode}: is this a replica?`}`);
  }
  throw new Error('there is no token');
}

async function urlHere(where: Where): Promise<string> {
  try {
    const { url, response } = await askReplica(where, '/healthz');
    response.resume();
    return url;
  } catch (error) {
    const ways = 'say with --data-dir or --http where the replica on this machine is, or with --api where another is';
    throw new Error(`no replica answers: ${messageOf(error)}: ${ways}`, { cause: error });
  }
}

async function send(url: URL, token: string, trust: RequestOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const { get } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const sent = get(url, {
    ...trust,
    agent: false,
    signal,
    headers: { authorization: `Bearer ${token}` },
    timeout: makeMilliseconds,
  });
  sent.on('timeout', () => sent.destroy(new Error('the replica says nothing any more')));
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    // From now on, the response has the errors too.
    sent.on('error', () => undefined).setTimeout(sendMilliseconds);
    return response;
  } catch (error) {
    throw new Error(`${url.origin}: ${messageOf(error)}${wayOutOf(error)}`, { cause: error });
  }
}

/** Returns what to do about an error of TLS. */
function wayOutOf(error: unknown): string {
  const code = codeOf(error);
  if (/^ERR_TLS_CERT_ALTNAME_INVALID$/.test(code))
    return ': name the host of the certificate with --api, or give the certificate itself with --http-tls-cert';
  if (/CERT|ISSUER|SIGNATURE/.test(code))
    return ': give the authority of its certificate with --tls-ca, or the certificate itself with --http-tls-cert';
  return '';
}

/**
 * Returns whom to trust. The certificate that the settings of the replica name is trusted whatever name it has: it is a
 * file of this machine.
 */
async function trustOf({ certificate, tlsCa, tlsCert, tlsKey }: BackupOptions): Promise<RequestOptions> {
  const [ca, own, cert, key] = await Promise.all([tlsCa, certificate, tlsCert, tlsKey].map(readNamed));
  const tls = await import('node:tls');
  const { X509Certificate } = await import('node:crypto');
  const pinned = own && new X509Certificate(own).fingerprint256;
  const roots = ca === undefined ? tls.rootCertificates : [ca];
  return {
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...((ca ?? own) !== undefined && { ca: [...roots, ...(own === undefined ? [] : [own])] }),
    ...(pinned !== undefined && { allowPartialTrustChain: true }),
    checkServerIdentity: (host: string, peer: PeerCertificate) =>
      peer.fingerprint256 === pinned ? undefined : tls.checkServerIdentity(host, peer),
  };
}

async function readNamed(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  });
}

/** Returns the tokens to try. A data directory may have the tokens of several stores: the newest comes first. */
async function tokensOf({ tokenFile, adminToken, api, where }: BackupOptions): Promise<string[]> {
  if (tokenFile !== undefined) return [((await readNamed(tokenFile)) ?? '').trim()];
  if (adminToken !== undefined) return [adminToken];
  const ways = 'give its file with --token-file, or set ZONEWRIGHT_ADMIN_TOKEN';
  // The token of a replica here is not shown to one elsewhere.
  if (api !== undefined) throw new Error(`a replica elsewhere needs the token of an admin: ${ways}`);
  const { dataDir } = where;
  const names = await readdir(dataDir).catch((error: unknown) => {
    throw new Error(`there is no token (${messageOf(error)}): ${ways}`, { cause: error });
  });
  const files = await Promise.all(
    names
      .filter((name) => /^admin-token(-\d+)?$/.test(name))
      .map(async (name) => ({ path: join(dataDir, name), at: (await stat(join(dataDir, name))).mtimeMs })),
  );
  if (files.length === 0) throw new Error(`${dataDir} has no admin-token: ${ways}`);
  const texts = await Promise.all(files.sort((a, b) => b.at - a.at).map(({ path }) => readNamed(path)));
  return texts.map((content = '') => content.trim());
}
