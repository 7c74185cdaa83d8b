// Imports and exports of CSV in tests.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openEtcdStore } from '../../src/store/etcd.ts';
import type { Store } from '../../src/store/store.ts';
import { adminToken } from './api-client.ts';
import { embeddedStore } from './control-plane.ts';
import { skipWithoutEtcd, startEtcd } from './etcd.ts';
import type { ServedApi } from './served-api.ts';
import type { Cleanup } from './temporary.ts';

export interface Imported {
  counts: { rows: number; created: number; changed: number; unchanged: number; refused: number };
  refused: { line: number; code: string }[];
}
interface Problem {
  code: string;
  detail: string;
  faults: number;
  errors: { pointer: string; message: string }[];
}

export const csv = { 'content-type': 'text/csv' };

/** Returns the ways to import files at one path. */
export function importsAt(path: string) {
  const send = ({ api }: ServedApi, text: string | Buffer, query: string) => api.send('POST', path + query, text, csv);

  /** Returns the counts of an import that succeeds. */
  const importing = async (served: ServedApi, text: string | Buffer, query = '') => {
    const { status, body } = await send(served, text, query);
    assert.equal(status, 200, JSON.stringify(body));
    return (body as Imported).counts;
  };
  const refusal = async (served: ServedApi, text: string | Buffer, query = '') =>
    (await send(served, text, query)).body as Problem;
  /** Returns the faults of a file, each with its line. */
  const refusing = async (served: ServedApi, text: string | Buffer, query = '') => {
    const { errors, ...problem } = await refusal(served, text, query);
    assert.ok(errors !== undefined, JSON.stringify(problem));
    return errors.map(({ pointer, message }) => `${pointer} ${message}`);
  };
  return { importing, refusal, refusing };
}

/** Returns a list as CSV. */
export async function exportedCsv({ url }: ServedApi, query = '', path = '/v1/hosts', token = adminToken) {
  const headers = { accept: 'text/csv', authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}${path}${query}`, { headers });
  assert.match(answer.headers.get('content-type') ?? '', /^text\/csv/, answer.ok ? '' : await answer.text());
  // TextDecoder removes the byte order mark.
  return answer.text();
}

/** Requires that the faults of a file have each of the expected ones. */
export function assertFaults(told: readonly string[], expected: readonly RegExp[]): void {
  for (const one of expected)
    assert.ok(
      told.some((text) => one.test(text)),
      `${one} is missing in\n${told.join('\n')}`,
    );
}

/** Declares a test for each kind of store. */
export function onBothStores(what: string, run: (t: Cleanup, store: Store) => Promise<void>): void {
  test(`${what}: embedded store`, async (t) => run(t, await embeddedStore(t)));

  test(`${what}: etcd`, { skip: skipWithoutEtcd() }, async (t) => {
    const etcd = await startEtcd();
    t.after(() => etcd.close());
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
    t.after(() => store.close());
    await run(t, store);
  });
}
