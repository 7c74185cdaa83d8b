// The first token: made at the first start of a store, kept in `<data-dir>/admin-token` by the replica that made it.
// A folder may have served another store before: its token is left where it is, and ours gets the next free name.

import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decideCreateToken } from '../control/create-token.ts';
import type { Committer } from '../control/transaction/commit.ts';
import type { Logger } from '../model/logger.ts';
import type { Views } from '../views/views.ts';
import { newToken, storedToken } from './auth.ts';

const id = 'admin';

/** Makes the store's admin token if it has none; of several replicas that start at once, one does. */
export async function ensureAdminToken(
  dataDir: string,
  views: Views,
  committer: Committer,
  logger: Logger,
): Promise<void> {
  const draft = join(dataDir, 'admin-token.new');
  if (views.tokens.has(id)) {
    await recover(dataDir, draft, views);
    const file = await findFile(dataDir, views);
    if (file !== undefined) logger.info({ file }, 'the admin token was made at an earlier start');
    else logger.warn({ dataDir }, `the admin token is in no file here: ${wayOut}`);
    return;
  }
  const { shown, stored } = newToken(id, new Date());
  // Written first: a token that the store knows and nobody has would lock everyone out.
  await writeFile(draft, `${shown}\n`, { mode: 0o600, flush: true });
  const { result: made } = await committer.commit({ kind: 'system', part: 'start' }, (context) =>
    decideCreateToken(context, stored),
  );
  if (!made) {
    await rm(draft, { force: true });
    logger.info(`another replica made the admin token: ${wayOut}`);
    return;
  }
  const file = freeFile(dataDir);
  await rename(draft, file);
  if (file.endsWith('admin-token')) logger.info({ file }, 'made the admin token');
  else logger.warn({ file }, "made the admin token beside another store's, which was left as it is");
}

const wayOut =
  'the replica that made it has it in its data directory; or start with a ZONEWRIGHT_ADMIN_TOKEN of your own';

/** A process that ended after its token was stored, and before the file had its name, has left the only copy. */
async function recover(dataDir: string, draft: string, views: Views): Promise<void> {
  if (await holdsToken(draft, views)) await rename(draft, freeFile(dataDir));
  else await rm(draft, { force: true });
}

/** The file here that has this store's token. */
async function findFile(dataDir: string, views: Views): Promise<string | undefined> {
  for (const name of (await readdir(dataDir)).filter((one) => /^admin-token(-\d+)?$/.test(one))) {
    const file = join(dataDir, name);
    if (await holdsToken(file, views)) return file;
  }
  return undefined;
}

async function holdsToken(file: string, views: Views): Promise<boolean> {
  const shown = await readFile(file, 'utf8').catch(() => '');
  return storedToken(views, shown.trim())?.id === id;
}

/** `admin-token`, or where something of that name is, `admin-token-2` and so on. */
function freeFile(dataDir: string): string {
  for (let number = 1; ; number += 1) {
    const file = join(dataDir, number === 1 ? 'admin-token' : `admin-token-${number}`);
    if (!existsSync(file)) return file;
  }
}
