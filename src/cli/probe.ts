// `zonewright probe`: asks the replica on this machine whether it is ready. It asks where the flag `--http` says, else
// where `endpoints.json` of the data directory says, else where the variable of the setting says. Its default counts
// only if no data directory is named: another replica may answer there. It finds out by itself whether the API is
// served over TLS.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseAddress } from '../model/address.ts';
import { type Endpoint, formatEndpoint, isWildcard, parseEndpoint } from '../model/endpoint.ts';
import { messageOf } from '../model/thrown.ts';

const timeoutMilliseconds = 3000;

/** Where the replica may answer. */
interface ProbeOptions {
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

/** Returns the exit status: 0 if the replica is ready, else 1. */
export async function probe(options: ProbeOptions): Promise<number> {
  let asked = options.http === undefined ? options.dataDir : formatEndpoint(options.http);
  try {
    const places = await placesOf(options);
    for (const [index, place] of places.entries()) {
      asked = urlOf(place);
      try {
        return await askPlace(place);
      } catch (error) {
        // Nobody listens there: what named the place may be out of date.
        if (codeOf(error) !== 'ECONNREFUSED' || index === places.length - 1) throw error;
      }
    }
  } catch (error) {
    // After a timeout, only the cause says so.
    const cause = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : '';
    process.stderr.write(`zonewright probe: ${asked}: ${messageOf(error)}${cause}\n`);
  }
  return 1;
}

/** Returns the places to ask, one after the other. */
async function placesOf({ dataDir, http, isNamed, hasCertificate }: ProbeOptions): Promise<Place[]> {
  const set = http === undefined || http.port === 0 ? [] : [{ endpoint: reachable(http), isTls: hasCertificate }];
  if (isNamed && set.length > 0) return set;
  try {
    const { http: written, httpTls: isTls = false } = JSON.parse(
      await readFile(join(dataDir, 'endpoints.json'), 'utf8'),
    ) as { http: string; httpTls?: boolean };
    return [{ endpoint: reachable(parseEndpoint(written)), isTls }, ...set];
  } catch (error) {
    if (set.length === 0) throw error;
    return set;
  }
}

/** Returns an endpoint of this machine in place of one that means all its addresses. */
function reachable(endpoint: Endpoint): Endpoint {
  if (!isWildcard(endpoint)) return endpoint;
  return { ...endpoint, address: parseAddress(endpoint.address === '::' ? '::1' : '127.0.0.1') };
}

function urlOf({ endpoint, isTls }: Place): string {
  return `http${isTls ? 's' : ''}://${formatEndpoint(endpoint)}/readyz`;
}

/** Returns the exit status. Rejects if there was no answer. */
async function askPlace(place: Place): Promise<number> {
  const response = await answerOf(place).catch((error: unknown) => {
    // A server of TLS closes a connection on which it gets HTTP.
    if (place.isTls || !/^(ECONNRESET|EPIPE|HPE_\w+)$/.test(codeOf(error))) throw error;
    return answerOf({ ...place, isTls: true }).catch(() => {
      throw error;
    });
  });
  if (response.statusCode === 200) return 0;
  const detail = detailIn(await text(response)) ?? response.statusCode;
  process.stderr.write(`zonewright probe: ${urlOf(place)}: ${detail}\n`);
  return 1;
}

async function answerOf(place: Place): Promise<IncomingMessage> {
  // An import would read every property of the module, and reading its property `WebSocket` loads a WebSocket client.
  const { get } = place.isTls ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http');
  // Not with fetch: it refuses some ports that a replica can have. The name in the certificate is not that of the
  // address here; the probe sends nothing that must stay secret.
  const request = get(urlOf(place), {
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
function detailIn(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { detail?: string } | null)?.detail;
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
