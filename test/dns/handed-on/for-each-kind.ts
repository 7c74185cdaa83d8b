// Makes options of handed-on queries for tests in which all kinds are alike.

import { type HandedOnKind, handedOnKind } from '../../../src/dns/respond/hand-on.ts';

/** Returns a record with the same value for each kind. */
export function forEachKind<Value>(value: Value): Record<HandedOnKind, Value> {
  return Object.fromEntries(Object.values(handedOnKind).map((kind) => [kind, value])) as Record<HandedOnKind, Value>;
}
