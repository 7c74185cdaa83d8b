// Fills the line of waits for a turn of the event loop (src/model/turn.ts).

import type { TestContext } from 'node:test';
import { nextTurn } from '../../src/model/turn.ts';

/** Returns a function that fills the line with work, and that returns a function which ends this work. */
export function blocker(t: TestContext): () => () => void {
  let now = 1_000_000;
  let isBlocked = true;
  const end = () => {
    isBlocked = false;
  };
  // Each slice of the work uses up the time of a whole pass.
  t.mock.method(performance, 'now', () => now);
  const block = async () => {
    while (isBlocked) {
      await nextTurn();
      now += 100;
    }
  };
  t.after(end);
  return () => {
    for (let i = 0; i < 1000; i += 1) void block();
    return end;
  };
}
