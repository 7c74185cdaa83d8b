// The HTTP server passes the bearer of the request's token to the use cases as the actor, however the request is
// committed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Actor } from '../../src/control/access/actor.ts';
import { allRights } from '../../src/model/rights.ts';
import { type Api, adminToken, apiAt } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import type { Cleanup } from '../support/temporary.ts';
import { tokenFor } from '../support/tokens.ts';

const environment: Actor = { kind: 'token', id: 'environment', name: 'ZONEWRIGHT_ADMIN_TOKEN', rights: allRights };
const bearer = (id: string): Actor => ({ kind: 'token', id, name: id, rights: allRights });

/** Serves the API. `actors` gets the actor of each decision, except decisions of housekeeping. */
async function prepare(test: Cleanup): Promise<ServedApi & { actors: Actor[]; tokenOf(id: string): Promise<Api> }> {
  const served = await servedApi(test);
  const { committer } = served;
  const actors: Actor[] = [];
  const commitAs = committer.commit.bind(committer);
  committer.commit = (actor, decide, options) =>
    commitAs(
      actor,
      (context) => {
        if (context.actor.kind === 'token') {
          // Leaves out what differs in each run: the request, and the token as it is stored.
          const { request: _, stored: __, ...actor } = context.actor;
          actors.push(actor);
        }
        return decide(context);
      },
      options,
    );
  const tokenOf = async (id: string) => {
    const { api } = await tokenFor(served, id);
    actors.length = 0;
    return api;
  };
  return { ...served, actors, tokenOf };
}

test('the actor is the bearer of a stored token, or of the token from the environment', async (t) => {
  const { api, url, actors, tokenOf } = await prepare(t);
  const ann = await tokenOf('ann');
  await ann.ok(201, 'POST', '/v1/zones', { name: 'a.example' });
  assert.deepEqual(actors.splice(0), [bearer('ann')]);
  await api.ok(200, 'PATCH', '/v1/zones/a.example', { defaultTtl: 60 });
  await apiAt(url, adminToken).ok(201, 'POST', '/v1/zones', { name: 'b.example' });
  assert.deepEqual(actors, [environment, environment]);
});

test('simultaneous requests with several tokens keep their own actors, also with an Idempotency-Key', async (t) => {
  const { actors, tokenOf } = await prepare(t);
  const ids = ['ann', 'bob', 'cas'];
  const apis: Api[] = [];
  for (const id of ids) apis.push(await tokenOf(id));
  for (const headers of [{} as Record<string, string>, { 'idempotency-key': 'k' }]) {
    const answers = await Promise.all(
      apis.map((api, index) =>
        api.send('POST', '/v1/zones', { name: `${ids[index]}.${Object.keys(headers).length}.example` }, headers),
      ),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201, 201],
    );
    assert.deepEqual([...new Set(actors.splice(0).map((actor) => (actor as { id: string }).id))].sort(), ids);
  }
});

test('a pool that is deleted by force, and an import, have the bearer as the actor of all their decisions', async (t) => {
  const { actors, tokenOf } = await prepare(t);
  const ann = await tokenOf('ann');
  await ann.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await ann.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/24'] });
  await ann.ok(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s' });
  actors.length = 0;
  await ann.ok(200, 'DELETE', '/v1/pools/p?force=true');
  assert.ok(actors.length >= 2, 'fewer than two decisions were made: one must clear the pool, another delete it');
  assert.ok(actors.splice(0).every((actor) => isDeepStrictEqual(actor, bearer('ann'))));
  const file = { 'content-type': 'text/dns' };
  for (const text of ['b 60 A 192.0.2.1\n', '@ 60 SOA a. b. 1 2 3 4 5\nb 60 A 192.0.2.1\n']) {
    assert.equal((await ann.send('PUT', '/v1/zones/foo.k8s/zonefile', text, file)).status, 200);
    assert.deepEqual(actors.splice(0), [bearer('ann')]);
  }
});
