// Sets the priority and reads the memory of a real replica, for several benchmarks.

import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Replica } from '../test/support/replica.ts';

/**
 * Gives this process, with the flood in it, and each replica that it starts later the same priority, higher than that
 * of other programs.
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
