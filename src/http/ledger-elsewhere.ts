// The refusal of a request that needs the ledger, while another replica has it.

import { Refusal } from '../errors.ts';
import type { LedgerElsewhere } from '../ledger/ledger.ts';
import type { Views } from '../views/views.ts';

/** Returns the refusal. It says whether that replica runs. `otherWay`: what the request can do without the ledger. */
export function ledgerElsewhere({ replica }: LedgerElsewhere, { members }: Views, otherWay?: string): Refusal {
  const ways = members.has(replica)
    ? ['ask that one']
    : ['start it', 'move its file to another replica with `zonewright claim-ledger` (docs/operations.md)'];
  if (otherWay !== undefined) ways.push(otherWay);
  const where = `the ledger, which has the history, is at the replica '${replica}'`;
  const state = members.has(replica) ? '' : ', which does not run';
  return new Refusal('ledger_elsewhere', `${where}${state}: ${ways.join(', or ')}`, { members: { replica } });
}
