// Use case: the cache of a forwarder is emptied, at every replica. The cached answers are not in the store: the
// transaction only tells the replicas to forget them.

import type { Fqdn } from '../../model/name.ts';
import { known } from '../../model/unknown.ts';
import { flushKey, flushValue } from '../../store/kinds/flush.ts';
import { forwarderKey } from '../../store/kinds/forwarder.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { existingForwarder, needForwarders } from './existing-forwarder.ts';

/**
 * Empties the cache of a forwarder. With `name`, removes only the answers for that name. Refuses with `not_found` or
 * `forbidden`.
 */
export function decideEmptyCache(context: DecisionContext, zone: Fqdn, name: Fqdn | undefined): Decision<void> {
  needForwarders(context);
  const { modified } = existingForwarder(context, known(zone));
  const value = flushValue.encode({ zone, ...(name !== undefined && { name: known(name) }), at: context.now });
  return new TransactionBuilder(context)
    .requireUnchanged(forwarderKey(zone), modified)
    .addUnchecked({ kind: 'put', key: flushKey(zone), value })
    .build(undefined);
}
