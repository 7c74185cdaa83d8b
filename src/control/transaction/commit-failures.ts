// How a commit fails, as its caller sees it.

import { Refusal } from '../../errors.ts';
import type { Revision } from '../../model/revision.ts';
import type { OutcomeUnknown, StoreUnavailable } from '../../store/store.ts';
import type { Fault } from '../../views/stored-faults.ts';

/** The refusal after the last attempt: another writer was first in every attempt. */
export class LostRace extends Refusal {
  constructor(consequence = 'nothing was written') {
    super('contended', `too many concurrent changes: other writers were first each time, ${consequence}; try again`);
  }
}

/** The refusal of a change that is durable but that this replica cannot serve. */
export class NotServed extends Refusal {
  constructor(revision: Revision, fault: Fault | undefined) {
    super(
      fault?.code ?? 'internal_error',
      `the change is durable (revision ${revision}), but this replica cannot serve it: ${fault?.message}`,
    );
  }
}

/** Returns the refusal of a write that was not done because the store could not be reached. */
export function notWritten({ message }: StoreUnavailable): Refusal {
  return new Refusal(
    'store_unavailable',
    `the store cannot be written to (${message}): nothing was written, try again later; DNS is still answered`,
  );
}

/** Returns the refusal of a write that the store may have done. */
export function notConfirmed({ message }: OutcomeUnknown): Refusal {
  return new Refusal(
    'store_unavailable',
    `the store did not confirm the write (${message}). It may have been carried out: read the resource to see, or repeat a POST with the same Idempotency-Key. DNS is still answered`,
  );
}
