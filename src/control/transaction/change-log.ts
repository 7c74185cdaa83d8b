// One line in the log for each change: who asked for it, what it wrote, the request, the revision, and how long it took
// until it was served. Data that no user sees makes no line.

import { joinFirst } from '../../errors.ts';
import type { Logger } from '../../model/logger.ts';
import { defaultSpace } from '../../model/pool.ts';
import type { Revision } from '../../model/revision.ts';
import { addressKind } from '../../store/kinds/address.ts';
import { hostKind } from '../../store/kinds/host.ts';
import { nameKind } from '../../store/kinds/name.ts';
import { poolKind } from '../../store/kinds/pool.ts';
import type { KindName, StoredKind, Subject } from '../../store/kinds/stored-kind.ts';
import { tokenKind } from '../../store/kinds/token.ts';
import { zoneKind } from '../../store/kinds/zone.ts';
import type { Transaction } from '../../store/store.ts';
import type { Actor } from '../access/actor.ts';
import { writtenKey } from './transaction-keys.ts';

/** Returns a function that tells people what a key of this kind identifies; undefined for other keys. */
function told<Name extends KindName>(kind: StoredKind<Name>, tell: (subject: Subject<Name>) => string) {
  return (key: string): string | undefined => {
    const subject = kind.parse(key);
    return subject && tell(subject);
  };
}

/** In the order in which a line has them. */
const tellers = [
  told(hostKind, ({ host }) => `host ${host}`),
  told(poolKind, ({ pool }) => `pool ${pool}`),
  told(zoneKind, ({ zone }) => `zone ${zone}`),
  told(addressKind, ({ space, address }) => `address ${address}${space === defaultSpace ? '' : ` (${space})`}`),
  told(nameKind, ({ owner }) => `name ${owner}`),
  told(tokenKind, ({ token }) => `token ${token}`),
];

/** Logs a committed decision. `since`: when it was asked for, as performance.now() counts. */
export function logChange(
  logger: Logger,
  actor: Actor,
  { operations }: Transaction,
  revision: Revision,
  since: number,
): void {
  const keys = operations.map(writtenKey);
  const subjects = tellers.flatMap((tell) => keys.flatMap((key) => tell(key) ?? []));
  if (subjects.length === 0) return;
  const milliseconds = Math.round(performance.now() - since);
  logger.info({ ...whoAndWhy(actor), subjects: joinFirst(subjects), revision, milliseconds }, 'changed');
}

function whoAndWhy(actor: Actor): object {
  if (actor.kind === 'system') return { who: actor.part };
  return { who: actor.name, ...(actor.request && { what: actor.request.what, requestId: actor.request.id }) };
}
