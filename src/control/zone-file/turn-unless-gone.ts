// Long work for one caller lets others have their turn, and ends when the caller does not wait for it any more.

import { setImmediate as turn } from 'node:timers/promises';
import { refuse } from '../../errors.ts';

/** Refuses, for nobody to read, when the caller has gone. */
export async function turnUnlessGone(caller: AbortSignal | undefined): Promise<void> {
  await turn();
  if (caller?.aborted) refuse('import_interrupted', 'the client has gone: nothing was changed');
}
