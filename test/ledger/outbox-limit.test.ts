// If the outbox is too large, the oldest transactions are dropped. The store keeps their number and times, and the log
// has an error.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimHome, readHome } from '../../src/ledger/home.ts';
import { dropOldest, withGap } from '../../src/ledger/outbox-limit.ts';
import type { Logger } from '../../src/model/logger.ts';
import { timestamp } from '../../src/model/timestamp.ts';
import { newUlid } from '../../src/model/ulid.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { outboxKind, outboxValue } from '../../src/store/kinds/outbox.ts';
import { changedStore } from '../support/changed-store.ts';
import { temporaryFolder } from '../support/temporary.ts';

const start = Date.parse('2026-03-01T00:00:00Z');

test('the oldest transactions are dropped, which is logged as an error', async (t) => {
  const store = await openEmbeddedStore({ folder: await temporaryFolder(t) });
  t.after(() => store.close());
  const place = { kind: 'sqlite', replica: 'a' } as const;
  await claimHome(store, place, { id: 'A', isEmpty: true });
  for (let minute = 0; minute < 12; minute += 1) {
    const at = start + minute * 60_000;
    const value = outboxValue.encode({ at: timestamp(at), replica: 'a', decisions: [] });
    const put = { kind: 'put', key: outboxKind.prefix + newUlid(at), value } as const;
    await store.commit({ compares: [], operations: [put] });
  }
  const errors: unknown[] = [];
  const logger = { error: (...line: unknown[]) => errors.push(line) } as unknown as Logger;
  const { entries: all } = await store.list(outboxKind.prefix);
  await dropOldest(store, place, 5, logger);
  await dropOldest(store, place, 2, logger);
  const { entries } = await store.list(outboxKind.prefix);
  assert.deepEqual(
    entries.map(({ value }) => outboxValue.decode(value).at),
    [7, 8, 9, 10, 11].map((minute) => timestamp(start + minute * 60_000)),
  );
  const { home } = (await readHome(store))!;
  const range = { from: timestamp(start), until: timestamp(start + 6 * 60_000) };
  const gap = { first: all[0]?.modified, last: all[6]?.modified, ...range };
  assert.deepEqual(home.lost, { transactions: 7, ...range, gaps: [gap] });
  assert.equal(home.ledger, 'A');
  assert.equal(errors.length, 2);
  assert.match(JSON.stringify(errors), /EVENTS ARE LOST/);
});

test('transactions that the ledger takes meanwhile do not count as dropped, and the count is written with the deletion', async (t) => {
  const store = await openEmbeddedStore({ folder: await temporaryFolder(t) });
  t.after(() => store.close());
  const keys = Array.from({ length: 300 }, (_, n) => outboxKind.prefix + newUlid(start + n));
  const value = outboxValue.encode({ at: timestamp(start), replica: 'a', decisions: [] });
  for (const key of keys) await store.commit({ compares: [], operations: [{ kind: 'put', key, value }] });
  let drains = 0;
  const raced = changedStore(store, {
    commit: async (transaction) => {
      drains += 1;
      if (drains === 1) await store.commit({ compares: [], operations: [{ kind: 'delete', key: keys[3] as string }] });
      const before = await store.count(outboxKind.prefix);
      const result = await store.commit(transaction);
      const gone = before - (await store.count(outboxKind.prefix));
      noted += gone;
      assert.equal((await readHome(store))?.home.lost?.transactions ?? 0, noted);
      return result;
    },
  });
  let noted = 0;
  const errors: unknown[] = [];
  const logger = { error: (...line: unknown[]) => errors.push(line) } as unknown as Logger;
  await dropOldest(raced, { kind: 'postgresql', replica: 'a' }, 200, logger);
  assert.equal(noted, 200);
  assert.equal(await store.count(outboxKind.prefix), 99);
  assert.equal(errors.length, 1);
});

test('events that are lost later make another gap, and the oldest gaps are joined when there are too many', () => {
  const hour = 3600_000;
  const gapAt = (n: number) => {
    const at = start + n * hour;
    return { first: n * 10, last: n * 10 + 5, from: timestamp(at), until: timestamp(at + 1000) };
  };
  let gaps = withGap([], gapAt(1));
  gaps = withGap(gaps, { ...gapAt(1), last: 17, until: timestamp(start + hour + 60_000) });
  assert.deepEqual(gaps, [{ ...gapAt(1), last: 17, until: timestamp(start + hour + 60_000) }]);
  gaps = withGap(gaps, gapAt(3));
  assert.equal(gaps.length, 2);
  for (let n = 4; n <= 60; n += 1) gaps = withGap(gaps, gapAt(n));
  assert.equal(gaps.length, 50);
  assert.deepEqual([gaps[0]?.first, gaps[0]?.from, gaps.at(-1)], [10, gapAt(1).from, gapAt(60)]);
  assert.deepEqual(gaps[0]?.last, (gaps[1]?.first ?? 0) - 5);
});
