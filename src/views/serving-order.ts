// The order in which the changes of one revision become visible, so that no query sees half a host: first addresses,
// then PTRs, then aliases. A new zone follows its names, so that it is published whole. Deletions come next, in the
// opposite order. Serials come last: when DNS serves a new serial, it serves all changes of that revision
// (test/views/serving-order.test.ts).

/** Every stage, in order. A kind whose handler names no stage has the stages `put` and `delete`. */
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

/** Returns the changes sorted by their stages. Changes of one stage stay in their order. */
export function inServingOrder<Change>(changes: Change[], stageOf: (change: Change) => Stage): Change[] {
  if (changes.length < 2) return changes;
  return changes
    .map((change) => ({ change, rank: stages.indexOf(stageOf(change)) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ change }) => change);
}
