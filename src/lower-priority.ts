// Lowers the priority of a thread, so that others come first where processors are short.

import { constants, getPriority, setPriority } from 'node:os';

/** Linux: lowers the priority of this thread alone. Elsewhere all threads have one priority: it stays. */
export function lowerPriority(): void {
  if (process.platform !== 'linux') return;
  try {
    // A process may have been started with a lower one.
    setPriority(Math.max(getPriority(), constants.priority.PRIORITY_BELOW_NORMAL));
  } catch {
    // A filter of system calls may refuse it, such as systemd's ~@resources. Then the priority stays.
  }
}
