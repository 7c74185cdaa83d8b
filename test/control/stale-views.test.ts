// Decisions on stale views are committed only if they are still right: otherwise a compare of the transaction fails.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { Refusal } from '../../src/errors.ts';
import type { Revision } from '../../src/model/revision.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import type { Entry, Transaction } from '../../src/store/store.ts';
import type { Views } from '../../src/views/views.ts';
import { contextOf, emptyViews, openReplica } from '../support/control-plane.ts';
import { storeEntries } from '../support/store-dump.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { beginning, commands } from './commands.ts';
import { assertWhole, contentsOf } from './whole.ts';

interface Snapshot {
  entries: Entry[];
  revision: Revision;
}

function viewsOf({ entries, revision }: Snapshot): Views {
  const views = emptyViews();
  views.beginLoad();
  const zonesLast = ({ key }: Entry) => Number(key.startsWith('zones/'));
  for (const entry of entries.toSorted((a, b) => zonesLast(a) - zonesLast(b))) views.load(entry);
  views.endLoad(revision);
  return views;
}

/** Returns the transaction that a replica with these views would send; undefined if it would send none. */
function decided(views: Views, decide: Decide<unknown>): Transaction | undefined {
  try {
    const { compares, operations } = decide(contextOf(views));
    return operations.length > 0 ? { compares, operations } : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

test('a decision on views of any earlier revision commits only if it leaves the store whole', async (t) => {
  const folder = await temporaryFolder(t);
  let runs = 0;
  let [committed, refused] = [0, 0];
  const history = fc.array(fc.record({ command: commands, behind: fc.oneof(fc.nat(4), fc.nat(20), fc.constant(99)) }), {
    minLength: 20,
    maxLength: 40,
    size: 'max',
  });
  const property = fc.asyncProperty(history, async (steps) => {
    const path = join(folder, String(++runs));
    const store = await openEmbeddedStore({ folder: path });
    try {
      const replica = await openReplica({ after: () => {} }, store);
      const snapshots: Snapshot[] = [{ entries: [], revision: 0 as Revision }];
      for (const decide of beginning) {
        await replica.commit(decide);
        snapshots.push({ entries: await storeEntries(store), revision: replica.views.revision });
      }
      await replica.close();
      for (const { command, behind } of steps) {
        // With views from before the first zone, nearly every request would be refused.
        const seen = snapshots.at(-1 - behind) ?? (snapshots[beginning.length] as Snapshot);
        const transaction = decided(viewsOf(seen), command.decide);
        if (transaction === undefined) continue;
        const outcome = await store.commit(transaction);
        if (!outcome.committed) {
          refused += 1;
          continue;
        }
        committed += 1;
        const entries = await storeEntries(store);
        try {
          assertWhole(contentsOf(entries), { emptyZones: true });
        } catch (error) {
          throw new Error(`after ${command}, ${behind} behind`, { cause: error });
        }
        snapshots.push({ entries, revision: outcome.revision });
      }
    } finally {
      await store.close();
      await rm(path, { recursive: true, force: true });
    }
  });
  await fc.assert(property, { numRuns: 60, endOnFailure: true });
  assert.ok(committed > 50 && refused > 50, `${committed} committed, ${refused} refused`);
});
