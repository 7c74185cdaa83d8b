// Sets the priority and reads the memory of a real replica, for several benchmarks.

import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Replica } from '../test/support/replica.ts';

/**
 * Gives the replica, the flood and the client a higher priority than other programs of this machine. The replica and
 * the flood have the same priority.
 */
export function preferAll(): void {
  try {
    setPriority(-10);
  } catch {
    console.log('not privileged: other programs compete with the replica for processors');
  }
}

/** Returns the memory that the replica uses. */
export function residentOctets({ pid }: Replica): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;
}
