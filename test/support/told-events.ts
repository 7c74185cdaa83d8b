// What a replica tells of the past: the events and holds of its ledger. Compares them with what carried-out.ts computes
// from the store.

import assert from 'node:assert/strict';
import { type CarriedOut, textOf } from './carried-out.ts';
import type { Replica } from './replica.ts';

/** An event of the ledger. */
export interface Told extends CarriedOut {
  id: string;
  at: string;
  actor: { requestId?: string };
}

/** Reads a list, page by page. The path ends with `?` or `&`. */
export async function readList<T>(replica: Pick<Replica, 'expect'>, path: string, limit = 1000): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const next = cursor && `&cursor=${cursor}`;
    const page: { items: T[]; nextCursor: string | null } = await replica.expect(
      200,
      'GET',
      `${path}limit=${limit}${next}`,
    );
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

/** Reads all events of the ledger, the oldest first. */
export async function readEvents(replica: Replica): Promise<Told[]> {
  return (await readList<Told>(replica, '/v1/events?')).reverse();
}

/** Asserts that the events are exactly the changes that were carried out: each one once, in the order of revisions. */
export function assertToldOnce(events: readonly Told[], changes: readonly CarriedOut[]): void {
  assertSame(events.map(changeText), changes.map(changeText));
  const places = events.map(({ id }) => id.split('-').map(Number) as [number, number]);
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]),
    'the events are not in order',
  );
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length, 'two events have the same id');
}

function changeText({ revision, resource, action, name, before, after }: CarriedOut): string {
  return textOf({ revision, resource, action, name, before, after });
}

/** Asserts that both lists have the same texts, in any order. Shows the first differences. */
export function assertSame(found: readonly string[], expected: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const text of expected) counts.set(text, (counts.get(text) ?? 0) + 1);
  for (const text of found) counts.set(text, (counts.get(text) ?? 0) - 1);
  const wrong = [...counts].filter(([, count]) => count !== 0).slice(0, 20);
  assert.deepEqual(
    wrong.map(([text, count]) => `${count > 0 ? 'missing' : 'too many'} (${Math.abs(count)}): ${text}`),
    [],
  );
}
