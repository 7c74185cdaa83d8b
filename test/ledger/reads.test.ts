// Many reads of the ledger at once: few of them reach its thread. Cited by src/ledger/ledger-service.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LedgerService } from '../../src/ledger/ledger-service.ts';
import { audit } from '../support/audit-trail.ts';
import { embeddedStore, openReplica } from '../support/control-plane.ts';
import type { Cleanup } from '../support/temporary.ts';
import { startTestLedger } from '../support/test-ledger.ts';
import { until } from '../support/until.ts';

/** Opens a ledger. Returns functions that start and end reads, and the names of the reads that have begun. */
async function openReads(t: Cleanup, intervals: Parameters<typeof startTestLedger>[2]) {
  const replica = await openReplica(t, await embeddedStore(t), undefined, audit);
  const ledger: LedgerService = await startTestLedger(t, replica, intervals);
  // Waits here, because opening the ledger takes longer than a read may take.
  const isOpen = () => ledger.read(async () => true).catch(() => false);
  await until(isOpen, 'the ledger does not open');
  const begun: string[] = [];
  const ends = new Map<string, (name: string) => void>();
  const read = (reader: string, name: string) =>
    ledger.read(() => {
      begun.push(name);
      return new Promise<string>((resolve) => ends.set(name, resolve));
    }, reader);
  const end = (name: string) => ends.get(name)?.(name);
  return { begun, read, end };
}

test('two reads are made at once, and the readers get their turns', async (t) => {
  const { begun, read, end } = await openReads(t, {});
  const reads = ['a1', 'a2', 'a3', 'a4'].map((name) => read('a', name));
  await until(() => begun.length === 2, 'the first two reads do not begin');
  reads.push(read('b', 'b1'));
  // If a third read could begin, it would begin in this pass of the event loop.
  await new Promise(setImmediate);
  assert.deepEqual(begun, ['a1', 'a2']);
  for (const [name, next] of [
    ['a1', 'a3'],
    ['a2', 'b1'],
    ['a3', 'a4'],
  ] as const) {
    end(name);
    await until(() => begun.at(-1) === next, `${next} does not begin after ${name}`);
  }
  end('a4');
  end('b1');
  assert.deepEqual(await Promise.all(reads), ['a1', 'a2', 'a3', 'a4', 'b1']);
});

test('a read whose reader has given up is not made', async (t) => {
  const { begun, read, end } = await openReads(t, { intervals: { read: 1000 } });
  const reads = ['1', '2', '3'].map((name) => read('a', name));
  for (const one of reads) await assert.rejects(one, { message: 'it did not answer within 1 seconds' });
  const last = read('a', '4');
  last.catch(() => undefined);
  end('1');
  end('2');
  await until(() => begun.includes('4'), 'the last one does not begin');
  assert.deepEqual(begun, ['1', '2', '4']);
});
