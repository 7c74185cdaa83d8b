// Makes options of handed-on queries for tests that treat all kinds in the same way.

import { type HandedOnKind, handedOnKind } from '../../../src/dns/respond/hand-on.ts';

/** Returns a record with the same value for each kind. */
export function forEachKind<Value>(value: Value): Record<HandedOnKind, Value> {
  return Object.fromEntries(Object.values(handedOnKind).map((kind) => [kind, value])) as Record<HandedOnKind, Value>;
}
