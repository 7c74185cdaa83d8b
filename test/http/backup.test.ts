// GET /v1/backup. test/backup/ tests how backups are made, rights-of-tokens.test.ts who may make them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { test } from 'node:test';
import { NoRoom } from '../../src/backup/backup-spool.ts';
import { checkBackup } from '../../src/backup/read-backup.ts';
import { LedgerElsewhere, LedgerUnavailable } from '../../src/ledger/ledger.ts';
import { memberKey, memberValue } from '../../src/store/kinds/member.ts';
import { Compacted } from '../../src/store/store.ts';
import { adminToken } from '../support/api-client.ts';
import { chunksOf, entriesIn } from '../support/backups.ts';
import { servedApi } from '../support/served-api.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';

test('a backup has everything at the revision that its header and its first line name', async (t) => {
  const served = await servedApi(t);
  const { api } = served;
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['192.0.2.1'] });
  const { token } = await tokenFor(served, 'reader', { role: 'viewer' });
  const answer = await fetch(`${served.url}/v1/backup`, { headers: { authorization: `Bearer ${adminToken}` } });
  assert.equal(answer.status, 200);
  const backup = Buffer.from(await answer.arrayBuffer());
  const { header } = await checkBackup(chunksOf(backup));
  assert.equal(header.revision, served.views.revision);
  const headers = {
    'content-type': 'application/x-ndjson',
    'content-length': String(backup.length),
    'content-disposition': `attachment; filename="zonewright-${header.revision}.backup"`,
    'zonewright-revision': String(header.revision),
  };
  assert.partialDeepStrictEqual(Object.fromEntries(answer.headers), headers);
  const keys = [...(await entriesIn(backup)).keys()];
  for (const key of ['zones/z', 'hosts/z.a', 'names/z/1/z.a', 'serials/z', 'tokens/reader'])
    assert.ok(keys.includes(key), key);
  // The secret of a token is nowhere in the store.
  assert.ok(!backup.includes(token.replace(/^zw_[^_]+_/, '')));
});

test('a second backup is refused until the first one is read, or its client has disconnected', async (t) => {
  const { api, url, store } = await servedApi(t);
  const value = 'x'.repeat(900_000);
  for (let key = 0; key < 30; key++)
    await store.commit({ compares: [], operations: [{ kind: 'put', key: `unknown/${key}`, value }] });
  const slow = get(`${url}/v1/backup`, { headers: { authorization: `Bearer ${adminToken}` }, agent: false });
  const [response] = await once(slow, 'response');
  assert.equal(response.statusCode, 200);
  const problem = await api.refused('backup_running', 'GET', '/v1/backup');
  assert.match(problem.detail, /another backup is being made or sent by this replica: try again when it has ended/);
  slow.on('error', () => {});
  slow.destroy();
  const isMade = async () => (await api.send('GET', '/v1/backup')).status === 200;
  await until(isMade, 'the backup of a client that has gone still runs');
});

test('if a backup cannot be made, the request is refused, and the refusal says what to do', async (t) => {
  let error: Error = new Compacted();
  const backups = { make: () => Promise.reject(error) } as never;
  const { api, views, store } = await servedApi(t, { services: { backups } });
  assert.match((await api.refused('store_unavailable', 'GET', '/v1/backup')).detail, /--auto-compaction-retention/);
  error = new LedgerElsewhere('a');
  const elsewhere = await api.refused('ledger_elsewhere', 'GET', '/v1/backup');
  assert.equal(elsewhere.replica, 'a');
  assert.match(elsewhere.detail, /'a', which does not run: start it, or move its file .*`zonewright claim-ledger`/);
  assert.match(elsewhere.detail, /, or leave the ledger out with \?ledger=false .*--without-ledger/);
  const member = memberValue.encode({ replica: 'a', dns: ['192.0.2.1:53'] });
  await store.commit({ compares: [], operations: [{ kind: 'put', key: memberKey('a'), value: member }] });
  await until(() => views.members.has('a'), 'the replica is not a member');
  const { detail } = await api.refused('ledger_elsewhere', 'GET', '/v1/backup');
  assert.match(detail, /at the replica 'a': ask that one, or leave the ledger out with \?ledger=false/);
  error = new LedgerUnavailable('it is damaged');
  assert.match((await api.refused('ledger_unavailable', 'GET', '/v1/backup')).detail, /it is damaged.*\?ledger=false/);
  error = new NoRoom('free some space');
  assert.match((await api.refused('disk_full', 'GET', '/v1/backup')).detail, /free some space/);
});

test('a ledger in a file is in the backup, unless the client leaves it out', async (t) => {
  const { api, url } = await servedApi(t, { ledger: true });
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  for (const [query, ledger] of [
    ['', 'included'],
    ['?ledger=true', 'included'],
    ['?ledger=false', 'left-out'],
  ] as const) {
    const ask = () => fetch(`${url}/v1/backup${query}`, { headers: { authorization: `Bearer ${adminToken}` } });
    let answer = await ask();
    // The replica notices the end of a backup a moment later than the client that has read it.
    const isMade = async () => {
      if (answer.status === 409) answer = await ask();
      return answer.status !== 409;
    };
    await until(isMade, 'a backup still runs');
    const { header, ledgerOctets } = await checkBackup(chunksOf(Buffer.from(await answer.arrayBuffer())));
    assert.deepEqual([header.ledger, ledgerOctets > 0], [ledger, ledger === 'included']);
  }
});

test('HEAD makes no backup', async (t) => {
  const { url } = await servedApi(t);
  const answer = await fetch(`${url}/v1/backup`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${adminToken}` },
  });
  assert.equal(answer.status, 405);
});
