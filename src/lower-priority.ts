// Lowers the priority of a thread, so that other threads come first when there are too few processors.

import { constants, getPriority, setPriority } from 'node:os';

/**
 * On Linux, lowers the priority of this thread alone. On other systems, threads have no priority of their own: does
 * nothing.
 */
export function lowerPriority(): void {
  if (process.platform !== 'linux') return;
  try {
    // The process may have been started with an even lower priority.
    setPriority(Math.max(getPriority(), constants.priority.PRIORITY_BELOW_NORMAL));
  } catch {
    // A filter of system calls, such as systemd's ~@resources, may forbid this. Then the priority stays.
  }
}
