// While a pool or a zone is deleted or shrunk by force, others take addresses and names. The request clears these too,
// and is not refused. Cited by src/control/transaction/commit-by-force.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { Refusal } from '../../src/errors.ts';
import { parseName } from '../../src/model/name.ts';
import { testActor } from '../support/control-plane.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

/**
 * Creates a host right after the transaction that deletes the last host. Returns a function that returns whether the
 * host was created.
 */
function createWhenCleared({ committer, views }: ServedApi, name: string): () => boolean {
  const commit = committer.commit.bind(committer);
  const wanted = { name: parseName(name), aliases: [], ttl: null, ptr: true, owner: '', tags: {} };
  let made = false;
  committer.commit = async (actor, decide) => {
    const committed = await commit(actor, decide);
    if (!made && views.hosts.list().next().done === true) {
      made = true;
      await commit(testActor, (context) => decideCreateHost(context, wanted)).catch((error: unknown) => {
        if (!(error instanceof Refusal)) throw error;
      });
    }
    return committed;
  };
  return () => made;
}

for (const [what, method, path, body, status] of [
  ['a pool is deleted', 'DELETE', '/v1/pools/p', undefined, 200],
  ['a zone is deleted', 'DELETE', '/v1/zones/foo.k8s', undefined, 204],
  ['the ranges of a pool are changed', 'PATCH', '/v1/pools/p', { ranges: ['10.0.0.0/24'] }, 200],
] as const) {
  test(`${what} by force, although a host was created in between`, async (t) => {
    const served = await servedApi(t);
    const { api } = served;
    await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
    await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/24'] });
    await api.ok(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s' });
    const wasMade = createWhenCleared(served, 'b.foo.k8s');
    const answer = await api.send(method, `${path}?force=true`, body);
    assert.equal(answer.status, status, answer.text);
    assert.ok(wasMade(), 'no host was created in between');
  });
}
