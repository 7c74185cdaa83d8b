// The admin token that the first start makes, and a start after a process has died while it made the token.

import assert from 'node:assert/strict';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensureAdminToken } from '../src/admin-token.ts';
import type { Actor } from '../src/control/access/actor.ts';
import { decideCreateToken } from '../src/control/tokens/create-token.ts';
import { decideDeleteToken } from '../src/control/tokens/delete-token.ts';
import { decideRotateToken } from '../src/control/tokens/rotate-token.ts';
import { newSecret, storedToken } from '../src/control/tokens/token-secret.ts';
import type { Rights } from '../src/model/rights.ts';
import { apiAt } from './support/api-client.ts';
import { type ControlPlane, embeddedStore, openReplica } from './support/control-plane.ts';
import { startedApp } from './support/started-app.ts';
import { temporaryFolder } from './support/temporary.ts';

const tokenFiles = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith('admin-token'));

test('a token that was stored before a crash, but whose file has no final name, gets the name at the next start', async (t) => {
  const first = await startedApp(t, { makesToken: true });
  const file = join(first.folder, 'admin-token');
  const shown = await readFile(file, 'utf8');
  await rename(file, `${file}.new`);
  const again = await first.restart();
  assert.equal(await readFile(file, 'utf8'), shown);
  assert.deepEqual(await tokenFiles(first.folder), ['admin-token']);
  await again.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
});

test('a token file whose token is not in the store is deleted', async (t) => {
  const first = await startedApp(t, { makesToken: true });
  const file = join(first.folder, 'admin-token');
  const shown = await readFile(file, 'utf8');
  await writeFile(`${file}.new`, shown.replace(/.{8}$/s, 'AAAAAAA\n'), { mode: 0o600 });
  await first.restart();
  assert.equal(await readFile(file, 'utf8'), shown);
  assert.deepEqual(await tokenFiles(first.folder), ['admin-token']);
});

test('the token file of another store in the same folder is never overwritten, and the log names the right file', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await openReplica(t, await embeddedStore(t));
  const second = await openReplica(t, await embeddedStore(t));
  assert.match(await start(folder, first), /^info created the admin token \S+\/admin-token$/);
  const shown = await readFile(join(folder, 'admin-token'), 'utf8');
  assert.match(await start(folder, second), /^warn created the admin token in a new file.* \S+\/admin-token-2$/);
  assert.equal(await readFile(join(folder, 'admin-token'), 'utf8'), shown);
  assert.match(await start(folder, first), /^info .* earlier start \S+\/admin-token$/);
  assert.match(await start(folder, second), /^info .* earlier start \S+\/admin-token-2$/);
  for (const [file, { views }] of [
    ['admin-token', first],
    ['admin-token-2', second],
  ] as const) {
    assert.ok(storedToken(views, (await readFile(join(folder, file), 'utf8')).trim()), file);
  }
});

test('if two replicas start at once on an empty store, one of them creates the token', async (t) => {
  const store = await embeddedStore(t);
  const replicas = await Promise.all([1, 2].map(async () => openReplica(t, store)));
  const folders = await Promise.all(replicas.map(() => temporaryFolder(t)));
  const logged = await Promise.all(replicas.map((replica, index) => start(folders[index] as string, replica)));
  const [another = '', created = ''] = logged.sort();
  assert.match(another, /^info another replica created the admin token: .*ZONEWRIGHT_ADMIN_TOKEN/);
  assert.match(created, /^info created the admin token /);
  const files = await Promise.all(folders.map(tokenFiles));
  assert.deepEqual(files.flat(), ['admin-token']);
});

test('if no file in the folder has the token, the log and a 401 say how to get access', async (t) => {
  const first = await startedApp(t, { makesToken: true });
  await rename(join(first.folder, 'admin-token'), join(first.folder, 'elsewhere'));
  const replica = await openReplica(t, first.store);
  assert.match(await start(first.folder, replica), /^warn .*no file in the data directory.*ZONEWRIGHT_ADMIN_TOKEN/);
  assert.deepEqual(await tokenFiles(first.folder), []);

  const { detail } = await apiAt(first.url, 'zw_admin_nope').refused('unauthorized', 'GET', '/v1/zones');
  assert.match(detail, /admin-token.*ZONEWRIGHT_ADMIN_TOKEN/);
  assert.ok(!detail.includes(first.folder), detail);
});

test('a start creates a token only if the store has no admin token without a scope', async (t) => {
  const folder = await temporaryFolder(t);
  const replica = await openReplica(t, await embeddedStore(t));
  const { commit } = replica;
  const revoke = (id: string) => commit((context) => decideDeleteToken(context, { id, precondition: {} }));
  const create = (id: string, rights: Rights) =>
    commit((context) => decideCreateToken(context, { id, name: id, rights }, newSecret(id)));
  await start(folder, replica);
  await create('boss', { role: 'admin' });
  await revoke('admin');
  assert.equal(await start(folder, replica), '');
  await create('limited', { role: 'admin', pools: [] });
  await create('reader', { role: 'viewer' });
  await revoke('boss');
  assert.match(await start(folder, replica), /^warn created the admin token in a new file.* \S+\/admin-token-2$/);
});

test('after the admin token was rotated, the log says that no file has it', async (t) => {
  const folder = await temporaryFolder(t);
  const replica = await openReplica(t, await embeddedStore(t));
  await start(folder, replica);
  await replica.commit((context) => decideRotateToken(context, 'admin', newSecret('admin')));
  assert.match(await start(folder, replica), /^warn no file in the data directory has the admin token: it was rotated/);
});

test('the first token is created by the system as the actor', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  const { committer } = replica;
  const actors: Actor[] = [];
  const commitAs = committer.commit.bind(committer);
  committer.commit = (actor, ...rest) => {
    actors.push(actor);
    return commitAs(actor, ...rest);
  };
  await start(await temporaryFolder(t), replica);
  assert.deepEqual(actors, [{ kind: 'system', part: 'start' }]);
});

/** Makes the admin token in this folder, as a start does. Returns the lines that are logged about it. */
async function start(folder: string, { views, committer }: ControlPlane): Promise<string> {
  const lines: string[] = [];
  const log = (level: string) => (fields: unknown, message?: string) => {
    const { file = '' } = fields as { file?: string };
    lines.push(`${level} ${message ?? String(fields)} ${file}`.trim());
  };
  await ensureAdminToken(folder, views, committer, {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
  });
  return lines.join('\n');
}
