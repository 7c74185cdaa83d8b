// `zonewright probe`: asks the replica on this machine whether it is ready, at the address of the setting `http`. If
// its port is 0, `endpoints.json` has the address.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseAddress } from '../model/address.ts';
import { type Endpoint, formatEndpoint, isWildcard, parseEndpoint } from '../model/endpoint.ts';
import { messageOf } from '../model/thrown.ts';

// An import would read every property of this module. One of them loads a WebSocket client.
const { get } = process.getBuiltinModule('node:http');

const timeoutMilliseconds = 3000;

/** Returns the exit status: 0 if the replica is ready, else 1. */
export async function probe(dataDir: string, setting: Endpoint): Promise<number> {
  let asked = formatEndpoint(setting);
  try {
    asked = `http://${formatEndpoint(await reachable(dataDir, setting))}/readyz`;
    // Not with fetch: it refuses some ports that a replica can have.
    const request = get(asked, { signal: AbortSignal.timeout(timeoutMilliseconds) });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    if (response.statusCode === 200) return 0;
    const detail = detailIn(await text(response)) ?? response.statusCode;
    process.stderr.write(`zonewright probe: ${asked}: ${detail}\n`);
  } catch (error) {
    // After a timeout, only the cause says so.
    const cause = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : '';
    process.stderr.write(`zonewright probe: ${asked}: ${messageOf(error)}${cause}\n`);
  }
  return 1;
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

async function reachable(dataDir: string, setting: Endpoint): Promise<Endpoint> {
  const written = setting.port === 0 ? await readEndpoint(dataDir) : setting;
  if (!isWildcard(written)) return written;
  return { ...written, address: parseAddress(written.address === '::' ? '::1' : '127.0.0.1') };
}

async function readEndpoint(dataDir: string): Promise<Endpoint> {
  const { http } = JSON.parse(await readFile(join(dataDir, 'endpoints.json'), 'utf8')) as { http: string };
  return parseEndpoint(http);
}
