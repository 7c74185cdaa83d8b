// The files that commit to the store. The builder makes all changes that users can see, and the loop commits them, so
// that each change gets its audit event. The list below has all files that commit, each with its reason.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../src/', import.meta.url));

/** A file that calls `commit` of the store → the reason. */
const writers: Record<string, string> = {
  'control/transaction/commit.ts': 'the loop: it commits what the builder made',
  'control/transaction/read-skydns-keys.ts': 'only compares: it writes nothing',
  'control/zone-file/import-lock.ts': 'a lease: the lock of an import is no change of the zone',
  'control/zone-file/write-generation.ts':
    'chunks of an import: no user sees them before the last put, which the builder makes',
  'control/zone-file/clean-generations.ts': 'cleaning: the names it deletes are in no zone any more',
  'backup/restore-backup.ts': 'a restore: no replica reads the store before it has ended',
  'cluster/leadership.ts': 'a lease: which replica leads is no change that a user made',
  'interop/skydns/own-keys.ts': 'keys of the SkyDNS layout that follow from names, whose changes the builder made',
  'interop/skydns/nameserver-keys.ts': 'keys of the SkyDNS layout that follow from the nameservers of a zone',
  'interop/skydns/states.ts': 'how far that work is',
  'ledger/drain.ts': 'events that the ledger has are deleted from the outbox',
  'ledger/home.ts': 'where the ledger is',
  'ledger/outbox-limit.ts': 'events that are too many are deleted from the outbox',
  'cluster/membership.ts': 'a lease: that a replica lives is no change that a user made',
};

/** Matches all ways to call `commit`: `store.commit(`, `this.#store.commit(`, `const { commit } = store`. */
const call = /\bstore\??\.commit\b|\{[^{}]*\bcommit\b[^{}]*\}\s*=\s*[\w.#]*\bstore\b/;

test('every way to commit to the store is found', () => {
  const ways = ['await store.commit({', 'this.#store.commit(x)', 'const commit = places.store.commit;'];
  for (const way of [...ways, 'const { get, commit } = this.#store;']) assert.match(way, call);
  for (const other of ['committer.commit(actor, decide)', 'store.get(key)', 'const { commit } = committer;'])
    assert.doesNotMatch(other, call);
});

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const filesWith = (pattern: RegExp) =>
  files.filter((file) => !file.startsWith('store/') && pattern.test(readFileSync(join(source, file), 'utf8'))).sort();

test('only the files of the list commit to the store', () => {
  assert.deepEqual(filesWith(call), Object.keys(writers).sort());
});

test('only the builder makes a decision', () => {
  const makers = ['control/transaction/decision.ts', 'control/transaction/transaction-builder.ts'];
  assert.deepEqual(filesWith(/\b(new|extends|as) Decision\b|\bDecision as\b/), makers);
});

test('only the answer for an Idempotency-Key is added to a decision that was built', () => {
  assert.deepEqual(filesWith(/\.extendedWith\b/), ['control/transaction/commit-once.ts']);
});
