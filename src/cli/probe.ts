// `zonewright probe`: asks the replica on this machine (find-replica.ts) whether it is ready.

import { text } from 'node:stream/consumers';
import { messageOf } from '../model/thrown.ts';
import { askReplica, detailIn, type Where } from './find-replica.ts';

/** Returns the exit status: 0 if the replica is ready, else 1. */
export async function probe(where: Where): Promise<number> {
  try {
    const { url, response } = await askReplica(where, '/readyz');
    if (response.statusCode === 200) return 0;
    const detail = detailIn(await text(response)) ?? response.statusCode;
    process.stderr.write(`zonewright probe: ${url}: ${detail}\n`);
  } catch (error) {
    process.stderr.write(`zonewright probe: ${messageOf(error)}\n`);
  }
  return 1;
}
