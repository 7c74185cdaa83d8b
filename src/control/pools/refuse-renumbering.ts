// Refuses changes of a pool that is being renumbered.

import { refuse } from '../../errors.ts';
import type { Pool } from '../../model/pool.ts';
import { renumberingKind } from '../../store/kinds/renumbering.ts';
import { poolPath } from '../reading/resource-path.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';

/**
 * Refuses with `renumbering_running` a pool whose holders are being moved, or that gives them their new addresses.
 * Requires that no renumbering begins before the commit.
 */
export function refuseRenumbering(builder: TransactionBuilder, pool: Pool, path: string): void {
  const { pools, renumberings, revision } = builder.views;
  builder.requireQuiet(renumberingKind.prefix, revision);
  for (const { value } of renumberings.values()) {
    if (value.state !== 'running' || (value.pool !== pool.id && value.to !== pool.id)) continue;
    const source = pools.byId(value.pool)?.value.name ?? value.pool;
    const what = value.pool === pool.id ? 'is being renumbered' : `gets the holders of pool '${source}'`;
    const wayOut = `wait until that has ended (GET ${poolPath(source)}/renumbering), or stop it first (DELETE)`;
    refuse('renumbering_running', `pool '${pool.name}' ${what}: ${wayOut}`, { pool: source }, path);
  }
}
