// Finds the replica on this machine. Its address comes from the flag `--http`, else from `endpoints.json` in the data
// directory, else from the variable ZONEWRIGHT_HTTP_LISTEN. The default address is
// used only if no data directory is named, because another replica may answer there. Finds out whether the API is
// served over TLS.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { parseAddress } from '../model/address.ts';
import { type Endpoint, formatEndpoint, isWildcard, parseEndpoint } from '../model/endpoint.ts';
import { messageOf } from '../model/thrown.ts';

const timeoutMilliseconds = 3000;

/** Where the replica may answer. */
export interface Where {
  dataDir: string;
  /** Undefined if only endpoints.json has the address. */
  http: Endpoint | undefined;
  /** True if the flag `--http` names the address. Then endpoints.json is read only if the port is 0. */
  isNamed: boolean;
  /** True if the settings name a certificate for the API. */
  hasCertificate: boolean;
}

interface Place {
  endpoint: Endpoint;
  /** True if the API is known to be served over TLS. */
  isTls: boolean;
}

/** An answer, and the URL that gave it. */
interface Found {
  url: string;
  response: IncomingMessage;
}

/** Asks the replica for a path that needs no token. Rejects with a message that names the address. */
export async function askReplica(where: Where, path: string): Promise<Found> {
  let asked = where.http === undefined ? where.dataDir : formatEndpoint(where.http);
  try {
    const places = await placesOf(where);
    for (const [index, place] of places.entries()) {
      asked = urlOf(place, path);
      try {
        return await askPlace(place, path);
      } catch (error) {
        // If nobody listens there, endpoints.json may be out of date: tries the next place.
        if (codeOf(error) !== 'ECONNREFUSED' || index === places.length - 1) throw error;
      }
    }
    throw new Error('it is not known where the replica answers');
  } catch (error) {
    // After a timeout, only the cause tells of it.
    const cause = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : '';
    throw new Error(`${asked}: ${messageOf(error)}${cause}`, { cause: error });
  }
}

/** Returns the places to ask, one after the other. */
async function placesOf({ dataDir, http, isNamed, hasCertificate }: Where): Promise<Place[]> {
  const set = http === undefined || http.port === 0 ? [] : [{ endpoint: reachable(http), isTls: hasCertificate }];
  if (isNamed && set.length > 0) return set;
  try {
    const { http: written, httpTls: isTls = false } = JSON.parse(
      await readFile(join(dataDir, 'endpoints.json'), 'utf8'),
    ) as { http: string; httpTls?: boolean };
    return [{ endpoint: reachable(parseEndpoint(written)), isTls }, ...set];
  } catch (error) {
    if (set.length > 0) return set;
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new Error(
      'there is no endpoints.json, so no replica serves with this data directory: name that of the replica with --data-dir, or its address with --http',
      { cause: error },
    );
  }
}

/** Returns a loopback endpoint in place of a wildcard address. */
function reachable(endpoint: Endpoint): Endpoint {
  if (!isWildcard(endpoint)) return endpoint;
  return { ...endpoint, address: parseAddress(endpoint.address === '::' ? '::1' : '127.0.0.1') };
}

function urlOf({ endpoint, isTls }: Place, path: string): string {
  return `http${isTls ? 's' : ''}://${formatEndpoint(endpoint)}${path}`;
}

async function askPlace(place: Place, path: string): Promise<Found> {
  const ask = async (url: string): Promise<Found> => ({ url, response: await answerOf(url) });
  return ask(urlOf(place, path)).catch((error: unknown) => {
    // A TLS server closes a connection on which it receives plain HTTP: tries TLS.
    if (place.isTls || !/^(ECONNRESET|EPIPE|HPE_\w+)$/.test(codeOf(error))) throw error;
    return ask(urlOf({ ...place, isTls: true }, path)).catch(() => {
      throw error;
    });
  });
}

async function answerOf(url: string): Promise<IncomingMessage> {
  // An import would read every property of the module, and reading its property `WebSocket` loads a WebSocket client.
  const { get } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
  // Does not use fetch, which refuses some ports that a replica can have. The certificate is not checked: its name does
  // not fit a local address, and the request has no secrets.
  const request = get(url, {
    signal: AbortSignal.timeout(timeoutMilliseconds),
    rejectUnauthorized: false,
    agent: false,
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/**
 * Returns the detail of a problem+json. Returns undefined if the body is no problem+json: then another program listens
 * there.
 */
export function detailIn(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { detail?: string } | null)?.detail;
  } catch {
    return undefined;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
