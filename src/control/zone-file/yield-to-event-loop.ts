// Pauses long work, so that other requests are served. Ends the work if its client has gone.

import { refuse } from '../../errors.ts';
import { nextTurn } from '../../model/turn.ts';

/** Waits for the next turn of the event loop. Refuses with `import_interrupted` if the client has gone. */
export async function yieldToEventLoop(signal: AbortSignal | undefined): Promise<void> {
  await nextTurn();
  if (signal?.aborted) refuse('import_interrupted', 'the client has gone; nothing was changed');
}
