// Changes that lose every race against other writers get 503 with the code `contended`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemIn } from '../support/api-client.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { servedApi } from '../support/served-api.ts';

test('a change that loses all its races gets 503 contended with Retry-After, also with an Idempotency-Key', async (t) => {
  const store = await embeddedStore(t);
  const contended = changedStore(store, {
    commit: async () => ({ committed: false, revision: (await store.list('')).revision }),
  });
  const { api } = await servedApi(t, { store: contended });
  for (const headers of [{}, { 'idempotency-key': 'k' }]) {
    const answer = await api.send('POST', '/v1/zones', { name: 'foo.k8s' }, headers as Record<string, string>);
    assert.equal(problemIn(answer).code, 'contended');
    assert.equal(answer.headers['retry-after'], '1');
    assert.match(problemIn(answer).detail, /nothing was written/);
  }
});

test('a deletion by force gets contended if others take addresses after each clearing', async (t) => {
  const { api, committer } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/24'] });
  const commit = committer.commit.bind(committer);
  let allocating = false;
  committer.commit = async (actor, decide, options) => {
    const committed = await commit(actor, decide, options);
    if (!allocating && (committed.result as { left?: number } | undefined)?.left === 0) {
      allocating = true;
      await api.ok(201, 'POST', '/v1/pools/p/allocations', {});
      allocating = false;
    }
    return committed;
  };
  await api.ok(201, 'POST', '/v1/pools/p/allocations', {});
  const problem = await api.refused('contended', 'DELETE', '/v1/pools/p?force=true');
  assert.doesNotMatch(problem.detail, /force/);
  assert.equal((problem.released as { count: number }).count, 20);
});
