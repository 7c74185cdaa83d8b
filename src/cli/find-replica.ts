// Finds the replica on this machine. It is asked where the flag `--http` says, else where `endpoints.json` of the data
// directory says, else where the variable of the setting says. Its default counts only if no data directory is named:
// another replica may answer there. Whether the API is served over TLS is found out.

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
  /** Undefined if only endpoints.json says where. */
  http: Endpoint | undefined;
  /** True if the flag `--http` names the address. Then endpoints.json is read only for port 0. */
  isNamed: boolean;
  /** A certificate of the API is set. */
  hasCertificate: boolean;
}

interface Place {
  endpoint: Endpoint;
  /** True if the API is served over TLS there. False if not, or if that is not known. */
  isTls: boolean;
}

/** An answer, and the URL that gave it. */
interface Found {
  url: string;
  response: IncomingMessage;
}

/** Asks the replica for a path that needs no token. Rejects with a message that names what was asked. */
export async function askReplica(where: Where, path: string): Promise<Found> {
  let asked = where.http === undefined ? where.dataDir : formatEndpoint(where.http);
  try {
    const places = await placesOf(where);
    for (const [index, place] of places.entries()) {
      asked = urlOf(place, path);
      try {
        return await askPlace(place, path);
      } catch (error) {
        // Nobody listens there: what named the place may be out of date.
        if (codeOf(error) !== 'ECONNREFUSED' || index === places.length - 1) throw error;
      }
    }
    throw new Error('it is not known where the replica answers');
  } catch (error) {
    // After a timeout, only the cause says so.
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

/** Returns an endpoint of this machine in place of one that means all its addresses. */
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
    // A server of TLS closes a connection on which it gets HTTP.
    if (place.isTls || !/^(ECONNRESET|EPIPE|HPE_\w+)$/.test(codeOf(error))) throw error;
    return ask(urlOf({ ...place, isTls: true }, path)).catch(() => {
      throw error;
    });
  });
}

async function answerOf(url: string): Promise<IncomingMessage> {
  // An import would read every property of the module, and reading its property `WebSocket` loads a WebSocket client.
  const { get } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
  // Not with fetch: it refuses some ports that a replica can have. The name in the certificate is not that of the
  // address here; the request has nothing that must stay secret.
  const request = get(url, {
    signal: AbortSignal.timeout(timeoutMilliseconds),
    rejectUnauthorized: false,
    agent: false,
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/**
 * Returns the detail of a problem+json. Undefined if the body is something else: then another program listens there.
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
