// Reads the keys of the SkyDNS layout that a failed transaction compares. The views do not have these keys, so newer
// views would not show why the compares failed.

import { type Compare, type Entry, OutcomeUnknown, type Store, StoreUnavailable } from '../../store/store.ts';
import type { Batch } from './batch.ts';
import type { DecisionContext } from './decision.ts';

type LayoutCompare = Extract<Compare, { key: string }>;

/**
 * Returns the jobs whose compares of the layout fail. Sets the `layout` of each such job to the entries of its keys.
 */
export async function readSkydnsKeys<Job extends { skydnsKeys?: DecisionContext['skydnsKeys'] }>(
  store: Store,
  { jobs }: Batch<Job>,
): Promise<Set<Job>> {
  const compared = jobs
    .map(({ job, decision }) => ({ job, compares: decision.compares.filter(isOfLayout) }))
    .filter(({ compares }) => compares.length > 0);
  const mistaken = new Set<Job>();
  if (
    await allHold(
      store,
      compared.flatMap(({ compares }) => compares),
    )
  )
    return mistaken;
  const readJob = async (job: Job, compares: readonly LayoutCompare[]) => {
    const read = await Promise.all(compares.map(async (compare) => ({ compare, entry: await store.get(compare.key) })));
    if (read.every(({ compare, entry }) => holds(compare, entry))) return;
    job.skydnsKeys = new Map(read.map(({ compare, entry }) => [compare.key, { entry }]));
    mistaken.add(job);
  };
  await Promise.all(compared.map(({ job, compares }) => readJob(job, compares)));
  return mistaken;
}

/** Returns whether the compare is of a key of the layout: only such keys begin with a slash. */
function isOfLayout(compare: Compare): compare is LayoutCompare {
  return compare.kind !== 'quiet' && compare.key.startsWith('/');
}

/** Returns whether all compares hold. Most transactions fail because of other keys: then nothing more is read. */
async function allHold(store: Store, compares: LayoutCompare[]): Promise<boolean> {
  if (compares.length === 0) return true;
  try {
    return (await store.commit({ compares, operations: [] })).committed;
  } catch (error) {
    // An unknown outcome is harmless here: the transaction writes nothing.
    throw error instanceof OutcomeUnknown ? new StoreUnavailable(error.message) : error;
  }
}

function holds(compare: LayoutCompare, entry: Entry | undefined): boolean {
  switch (compare.kind) {
    case 'absent':
      return entry === undefined;
    case 'created':
      return entry?.created === compare.revision;
    case 'modified':
      return entry?.modified === compare.revision;
    case 'value':
      return entry?.value === compare.value;
  }
}
