// A renumbering: the holders of a pool get addresses of another pool, or of a part of a pool. It is done in many
// transactions, so the store keeps its progress.

import type { Address } from './address.ts';

/** A holder that keeps its address, or could not be moved. */
export interface RenumberingFault {
  /** `host:` with the name of a host, or an address with allocations. */
  what: string;
  reason: string;
}

export interface Renumbering {
  /** The id of the pool whose holders move. */
  pool: string;
  /** The id of the pool from which they get addresses. It may be the same one, with `within`. */
  to: string;
  /** The range of `to` from which they get addresses. Absent: all ranges of `to`. */
  within?: string;
  /** True: allocations move too. */
  allocations: boolean;
  /** `stopped`: could not go on. */
  state: 'running' | 'ended' | 'stopped';
  /** Why it was stopped. */
  reason?: string;
  startedAt: string;
  endedAt?: string;
  /** All holders up to this address are done. Absent: none are. */
  position?: Address;
  /** The number of held addresses that need not move, or no more, of `total` at the start. */
  done: number;
  total: number;
  /**
   * The number of addresses whose allocations stay, because `allocations` is false. If it was stopped: of all addresses
   * that are still held.
   */
  left: number;
  /** The holders that could not be moved: their number, and the first of them. */
  skipped: { count: number; first: RenumberingFault[] };
}

/** The limit for faults that a renumbering names. */
export const maxNamedSkipped = 20;
/** The limit for the characters of a reason. */
const maxReason = 1000;

/** Returns the list with one more fault. */
export function withSkipped({ count, first }: Renumbering['skipped'], fault: RenumberingFault): Renumbering['skipped'] {
  const shown = { what: fault.what, reason: fault.reason.slice(0, maxReason) };
  return { count: count + 1, first: first.length < maxNamedSkipped ? [...first, shown] : first };
}
