// Pauses in long work, so that others are served meanwhile; the work ends when its client has gone.

import { setImmediate as turn } from 'node:timers/promises';
import { refuse } from '../../errors.ts';

/** Waits for the next turn of the event loop. Refuses with `import_interrupted` if the client has gone. */
export async function yieldToEventLoop(signal: AbortSignal | undefined): Promise<void> {
  await turn();
  if (signal?.aborted) refuse('import_interrupted', 'the client has gone: nothing was changed');
}
