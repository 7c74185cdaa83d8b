// The form of the rows in fault-pairs.test.ts, and faults that many operations can have.

import type { Method } from '../support/api-client.ts';

/** The stages, in the order in which a request is checked. */
export const stages = ['text', 'schema', 'parse', 'stands'] as const;
export type Stage = (typeof stages)[number];

export interface Fault {
  stage: Stage;
  /** The pointer to the fault in the answer. */
  at: string;
  /** The values that make the fault, by their pointers. */
  set: Record<string, unknown>;
  /** The pointers of values without which the fault cannot be found. */
  needs: string[];
}

export interface Operation {
  method: Method;
  path: string;
  /** A body without a fault. */
  body?: unknown;
  headers?: Record<string, string>;
  faults: Fault[];
}

/** Returns a fault of the value at `at`. */
export function fault(stage: Stage, at: string, value: unknown, needs: string[] = []): Fault {
  return { stage, at, set: { [at]: value }, needs };
}

/** Returns a conflict that is told at the pointer `at`, and is made by values at other pointers. */
export function because(at: string, set: Record<string, unknown>, needs: string[]): Fault {
  return { stage: 'stands', at, set, needs };
}

export const stray = fault('schema', '/stray', 1);
export const stale = fault('stands', 'header if-match', '"0"');
export const createOnly = fault('schema', 'header if-none-match', '"1"');
export const longKey = fault('schema', 'header idempotency-key', 'k'.repeat(256));
export const noZone = fault('stands', ':zone', 'none.test');
/** The routes of RRsets look up the zone while they parse, because names are relative to the zone. */
export const noZoneOfRrset = fault('parse', ':zone', 'none.test');
export const badZone = fault('parse', ':zone', 'a..b');
export const badName = fault('parse', ':name', 'a..b');

/** Returns the faults of the item of a list at a pointer. */
export function inItem(pointer: string, faults: readonly Fault[]): Fault[] {
  const placed = (at: string) => (at.startsWith('/') ? pointer + at : at);
  return faults.map(({ stage, at, set, needs }) => {
    const inside = Object.fromEntries(Object.entries(set).map(([path, value]) => [placed(path), value]));
    return { stage, at: placed(at), set: inside, needs: needs.map(placed) };
  });
}
