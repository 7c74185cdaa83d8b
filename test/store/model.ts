// A plain model of etcd's semantics, and random transactions that a store must carry out like the model. contract.ts
// runs them.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Revision } from '../../src/model/revision.ts';
import type { Change, Compare, Entry, Operation, Store, StoreEvent, Transaction } from '../../src/store/store.ts';

/** A model of the store. It keeps the whole state of every revision. */
class ModelStore {
  readonly states = new Map<number, Map<string, Entry>>();
  readonly changes: Change[] = [];
  revision: Revision;

  constructor(revision: Revision) {
    this.revision = revision;
    this.states.set(revision, new Map());
  }

  at(revision: Revision, prefix: string): Entry[] {
    const entries = [...(this.states.get(revision)?.values() ?? [])].filter(({ key }) => key.startsWith(prefix));
    return entries.sort((one, two) => Buffer.compare(Buffer.from(one.key), Buffer.from(two.key)));
  }

  commit({ compares, operations }: Transaction): { committed: boolean; revision: Revision } {
    const state = new Map(this.states.get(this.revision));
    if (!compares.every((compare) => holds(compare, state))) return { committed: false, revision: this.revision };
    const revision = (this.revision + 1) as Revision;
    const events: StoreEvent[] = [];
    for (const operation of operations) {
      if (operation.kind === 'put') {
        const { key, value } = operation;
        const entry = { key, value, created: state.get(key)?.created ?? revision, modified: revision };
        state.set(key, entry);
        events.push({ kind: 'put', entry });
        continue;
      }
      for (const key of [...state.keys()]) {
        const meant = operation.kind === 'delete' ? key === operation.key : key.startsWith(operation.prefix);
        if (!meant) continue;
        state.delete(key);
        events.push({ kind: 'delete', key });
      }
    }
    if (events.length > 0) {
      this.revision = revision;
      this.states.set(revision, state);
      this.changes.push({ revision, events });
    }
    return { committed: true, revision: this.revision };
  }
}

function holds(compare: Compare, state: Map<string, Entry>): boolean {
  switch (compare.kind) {
    case 'absent':
      return !state.has(compare.key);
    case 'created':
      return state.get(compare.key)?.created === compare.revision;
    case 'modified':
      return state.get(compare.key)?.modified === compare.revision;
    case 'value':
      return state.get(compare.key)?.value === compare.value;
    case 'quiet':
      return [...state.values()].every(
        (entry) => !entry.key.startsWith(compare.prefix) || entry.modified <= compare.since,
      );
  }
}

const key = fc.constantFrom('a', 'a/', 'a/b', 'a/é', 'a/\u{1F600}', 'a0', 'b', 'b/x', 'b/y');
const prefix = fc.constantFrom('', 'a', 'a/', 'b/', 'c');
const value = fc.constantFrom('', 'one', 'two', 'ünï', '"quoted"\n');
const back = fc.integer({ min: 0, max: 6 });

/** Random compares. The revision of a compare is `back` revisions before the newest one when its step runs. */
const compare = fc.oneof(
  fc.record({ kind: fc.constant('absent' as const), key }),
  fc.record({ kind: fc.constant('created' as const), key, back }),
  fc.record({ kind: fc.constant('modified' as const), key, back }),
  fc.record({ kind: fc.constant('value' as const), key, value }),
  fc.record({ kind: fc.constant('quiet' as const), prefix, back }),
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-prefix' as const), prefix }) },
);
const step = fc.record({
  compares: fc.array(compare, { maxLength: 2 }),
  operations: fc.array(operation, { maxLength: 5 }),
  list: fc.record({ prefix, back, limit: fc.constantFrom(1, 2, 100) }),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Runs random steps on the store, in concurrent groups, and compares all results, lists and changes with the model. */
export async function matchesModel(store: Store, other: Store): Promise<void> {
  const run = async (groups: Step[][]) => {
    await store.commit({ compares: [], operations: [{ kind: 'delete-prefix', prefix: '' }] });
    const start = (await store.list('')).revision;
    const model = new ModelStore(start);
    for (const group of groups) {
      const earlier = (steps: number) => Math.max(start, model.revision - steps) as Revision;
      // All compares of a group use the revisions before the group.
      const transactions = group.map(({ compares, operations }) => ({
        compares: compares.map((wanted): Compare => {
          if (wanted.kind === 'quiet') return { kind: 'quiet', prefix: wanted.prefix, since: earlier(wanted.back) };
          if ('back' in wanted) return { kind: wanted.kind, key: wanted.key, revision: earlier(wanted.back) };
          return wanted;
        }),
        operations: withoutOverlap(operations),
      }));
      const results = await Promise.all(transactions.map((transaction) => store.commit(transaction)));
      const order = results.map((result, index) => ({ result, transaction: transactions[index]! }));
      // etcd may carry them out in another order than they were sent. The revisions show the order.
      order.sort((one, two) => one.result.revision - two.result.revision);
      if (group.length === 1) assert.deepEqual(order[0]!.result, model.commit(order[0]!.transaction));
      else serialize(model, order);
      for (const { list } of group) {
        const at = earlier(list.back);
        const found: Entry[] = [];
        for (let from: string | undefined; ; ) {
          const page = await other.list(list.prefix, { at, limit: list.limit, ...(from ? { from } : {}) });
          found.push(...page.entries);
          from = page.next;
          if (from === undefined) break;
        }
        assert.deepEqual(found, model.at(at, list.prefix));
      }
    }
    const seen: Change[] = [];
    const last = model.changes.at(-1)?.revision;
    if (last === undefined) return;
    for await (const change of other.watch('', (start + 1) as Revision, new AbortController().signal)) {
      seen.push(change);
      if (change.revision >= last) break;
    }
    assert.deepEqual(seen.map(sorted), model.changes.map(sorted));
  };
  const steps = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 });
  await fc.assert(fc.asyncProperty(steps, run), { numRuns: 60 });
}

/**
 * Finds an order of the concurrent transactions in which the model gives the same results, and leaves the model there.
 */
function serialize(
  model: ModelStore,
  results: { result: { committed: boolean; revision: Revision }; transaction: Transaction }[],
): void {
  const before = model.revision;
  const length = model.changes.length;
  for (const order of permutations(results)) {
    const same = order.every(({ result, transaction }) => {
      const expected = model.commit(transaction);
      return expected.committed === result.committed && expected.revision === result.revision;
    });
    if (same) return;
    model.revision = before;
    model.changes.length = length;
  }
  assert.fail(`no order explains ${JSON.stringify(results)}`);
}

function permutations<T>(items: T[]): T[][] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [item, ...rest]),
  );
}

/** Removes operations on keys that an earlier operation writes: no transaction may write a key twice. */
function withoutOverlap(operations: Operation[]): Operation[] {
  const kept: Operation[] = [];
  const puts: string[] = [];
  const deletes: ((key: string) => boolean)[] = [];
  for (const operation of operations) {
    if (operation.kind === 'put') {
      if (puts.includes(operation.key) || deletes.some((covers) => covers(operation.key))) continue;
      puts.push(operation.key);
    } else {
      const covers = (other: string) =>
        operation.kind === 'delete' ? other === operation.key : other.startsWith(operation.prefix);
      if (puts.some(covers)) continue;
      deletes.push(covers);
    }
    kept.push(operation);
  }
  return kept;
}

function sorted({ revision, events }: Change): unknown {
  const key = (event: StoreEvent) => (event.kind === 'put' ? event.entry.key : event.key);
  return { revision, events: [...events].sort((one, two) => (key(one) < key(two) ? -1 : 1)) };
}
