// The order in which the changes of one revision become visible: for a new host first the addresses, then the PTRs,
// then the aliases. A new zone comes after its names, so that it is published complete. Then come deletions, in the
// opposite order. Serials come last: when DNS serves a new serial, it serves all changes of that revision
// (test/views/serving-order.test.ts).

/** The stages, in order. Changes whose handler names no stage are in `put` and `delete`. */
const stages = [
  'put',
  'put name',
  'put reverse name',
  'put alias',
  'put zone',
  'delete zone',
  'delete alias',
  'delete reverse name',
  'delete name',
  'delete',
  'put serial',
] as const;

export type Stage = (typeof stages)[number];

/** Returns the changes in the order of their stages. Changes of one stage keep their order. */
export function inServingOrder<Change>(changes: Change[], stageOf: (change: Change) => Stage): Change[] {
  if (changes.length < 2) return changes;
  return changes
    .map((change) => ({ change, rank: stages.indexOf(stageOf(change)) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ change }) => change);
}
