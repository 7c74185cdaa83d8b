// `zonewright probe`: whether the replica on this machine is ready. It asks where the setting says;
// where that lets us pick the port, `endpoints.json` knows which it is.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { parseAddress } from '../model/address.ts';
import { type Endpoint, formatEndpoint, isWildcard, parseEndpoint } from '../model/endpoint.ts';

const timeoutMilliseconds = 3000;

/** The exit status: 0 when it is ready, 1 when not. */
export async function probe(dataDir: string, setting: Endpoint): Promise<number> {
  let asked = formatEndpoint(setting);
  try {
    asked = `http://${formatEndpoint(await reachable(dataDir, setting))}/readyz`;
    const response = await fetch(asked, { signal: AbortSignal.timeout(timeoutMilliseconds) });
    if (response.ok) return 0;
    const problem = (await response.json()) as { detail?: string };
    process.stderr.write(`zonewright probe: ${asked}: ${problem.detail ?? response.status}\n`);
  } catch (error) {
    // fetch says no more than that it failed; why stands in the cause.
    const cause = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : '';
    process.stderr.write(`zonewright probe: ${asked}: ${messageOf(error)}${cause}\n`);
  }
  return 1;
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
