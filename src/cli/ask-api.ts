// Asks the API of a running replica for a command, with a token. The replica is on this machine or elsewhere.

import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { PeerCertificate } from 'node:tls';
import { messageOf } from '../model/thrown.ts';
import { askReplica, codeOf, detailIn, type Where } from './find-replica.ts';
import { readNamed } from './read-named.ts';

/** The replica to ask, and the credentials to use. */
export interface ApiCall {
  /** The replica on this machine. */
  where: Where;
  /** The API of a replica elsewhere. Undefined: the replica on this machine is asked. */
  api: URL | undefined;
  adminToken: string | undefined;
  tokenFile: string | undefined;
  /** The file with the certificate of the replica on this machine. */
  certificate: string | undefined;
  tlsCa: string | undefined;
  tlsCert: string | undefined;
  tlsKey: string | undefined;
}

interface AskOptions {
  /** The media type of the answer. */
  accept?: string;
  /** Sends a POST with this body. Without it, sends a GET. `open`: opens the body anew for each token. */
  body?: { type: string; open: () => Readable };
  /** Uses this token only. */
  token?: string;
  /** How long the replica may be silent before it answers. */
  answerMilliseconds: number;
  /** How long the replica may be silent between two parts of the answer. */
  sendMilliseconds: number;
  signal?: AbortSignal;
  /** Called when the replica is found, before its answer. */
  onFound?: () => void;
}

/**
 * Sends a GET or a POST. Returns the answer if its status is 200, else rejects with a message for people. If the data
 * directory has several tokens, tries one after the other. `token`: the one that the replica has taken.
 */
export async function askApi(
  call: ApiCall,
  path: string,
  { onFound, ...options }: AskOptions,
): Promise<{ url: string; response: IncomingMessage; token: string }> {
  // Finds the replica without a token, so that no token is sent in clear text to a replica with TLS.
  const url = new URL(path, call.api ?? (await urlHere(call.where)));
  const trust = url.protocol === 'https:' ? await trustOf(call) : {};
  const tokens = options.token === undefined ? await tokensOf(call) : [options.token];
  onFound?.();
  for (const [index, token] of tokens.entries()) {
    const response = await send(url, token, trust, options);
    if (response.statusCode === 200) return { url: String(url), response, token };
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

async function send(
  url: URL,
  token: string,
  trust: RequestOptions,
  { answerMilliseconds, sendMilliseconds, signal, accept, body }: AskOptions,
): Promise<IncomingMessage> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const sent = request(url, {
    ...trust,
    method: body === undefined ? 'GET' : 'POST',
    agent: false,
    ...(signal && { signal }),
    headers: {
      authorization: `Bearer ${token}`,
      ...(accept !== undefined && { accept }),
      ...(body && { 'content-type': body.type }),
    },
    timeout: answerMilliseconds,
  });
  if (body === undefined) sent.end();
  // An error of the body becomes one of the request.
  else pipeline(body.open(), sent, () => undefined);
  sent.on('timeout', () => sent.destroy(new Error('the replica has stopped sending')));
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    // From now on, errors of the connection are also errors of the response, which the caller handles.
    sent.on('error', () => undefined).setTimeout(sendMilliseconds);
    return response;
  } catch (error) {
    throw new Error(`${url.origin}: ${messageOf(error)}${wayOutOf(error)}`, { cause: error });
  }
}

/** Returns advice for an error of TLS; nothing for another error. */
function wayOutOf(error: unknown): string {
  const code = codeOf(error);
  if (/^ERR_TLS_CERT_ALTNAME_INVALID$/.test(code))
    return ': name the host of the certificate with --api, or give the certificate itself with --http-tls-cert';
  if (/CERT|ISSUER|SIGNATURE/.test(code))
    return ': give the authority of its certificate with --tls-ca, or the certificate itself with --http-tls-cert';
  return '';
}

/**
 * Returns the TLS options of the request. The replica's own certificate is trusted under any name, because its file is
 * on this machine.
 */
async function trustOf({ certificate, tlsCa, tlsCert, tlsKey }: ApiCall): Promise<RequestOptions> {
  const [ca, own, cert, key] = await Promise.all(
    [tlsCa, certificate, tlsCert, tlsKey].map((path) => (path === undefined ? undefined : readNamed(path))),
  );
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

/** Returns the tokens to try in turn. A data directory may have tokens of several stores: the newest comes first. */
async function tokensOf({ tokenFile, adminToken, api, where }: ApiCall): Promise<string[]> {
  if (tokenFile !== undefined) return [(await readNamed(tokenFile)).trim()];
  if (adminToken !== undefined) return [adminToken];
  const ways = 'give its file with --token-file, or set ZONEWRIGHT_ADMIN_TOKEN';
  // Never sends a token of this machine to a replica elsewhere.
  if (api !== undefined) throw new Error(`a replica elsewhere needs a token: ${ways}`);
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
  return texts.map((content) => content.trim());
}
