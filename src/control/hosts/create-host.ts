// Use case: a new host.

import { refuseField } from '../../errors.ts';
import type { Host } from '../../model/host.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { remainsOf } from './abandoned.ts';
import { hostFrom, type WantedHost } from './host-wanted.ts';
import { pointerIn, writeHost } from './write-host.ts';

/** Its addresses, A/AAAA, PTR and aliases, in one transaction (test/control/host-is-atomic.test.ts). */
export function decideCreateHost(context: DecisionContext, wanted: WantedHost): Decision<Host> {
  if (context.views.hosts.get(wanted.name) !== undefined) {
    refuseField('name_taken', '/name', `there is a host ${wanted.name} already`, { name: wanted.name });
  }
  const remains = remainsOf(context, wanted.name);
  const host = hostFrom(context, wanted, remains);
  const builder = new TransactionBuilder(context.views);
  writeHost(context, builder, remains, host);
  return { result: host, ...builder.build(pointerIn(host)) };
}
