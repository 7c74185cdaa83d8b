// Commits writes of pools. After a write that gives a pool ranges, or another `reverse`, the hosts in it get their PTRs
// or lose them, before the request is answered (test/http/reverse-spaces.test.ts).

import type { FastifyReply, FastifyRequest } from 'fastify';
import { alignReverse } from '../control/hosts/align-reverse.ts';
import type { Committed, Decide } from '../control/transaction/decision.ts';
import type { Pool } from '../model/pool.ts';
import type { Services } from './services.ts';
import { commitFor } from './write.ts';

/** Commits as {@link commitFor} does, then aligns the PTRs. `poolOf` returns the pool that was written. */
export function commitPoolFor<T>(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  decide: Decide<T>,
  poolOf: (result: T) => Pick<Pool, 'id'>,
): Promise<Committed<T>> {
  return withAlignedPtrs(services, commitFor(services, request, reply, decide), poolOf);
}

/** Waits for a commit that writes a pool, then aligns the PTRs of its hosts. */
export async function withAlignedPtrs<C extends Committed<unknown>>(
  services: Services,
  commit: Promise<C>,
  poolOf: (result: C['result']) => Pick<Pool, 'id'>,
): Promise<C> {
  const committed = await commit;
  await alignReverse(services, poolOf(committed.result).id);
  return committed;
}
