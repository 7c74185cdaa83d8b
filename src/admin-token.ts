// The admin token. It is created at a start if the store has no valid token that may manage tokens. The replica that
// creates it writes it to `<data-dir>/admin-token`. If the folder has the token of another store, that file stays, and
// the new file gets the next free name.

import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decideCreateAdminToken, hasAdminToken } from './control/tokens/create-token.ts';
import { newSecret, storedToken } from './control/tokens/token-secret.ts';
import type { Committer } from './control/transaction/commit.ts';
import type { Logger } from './model/logger.ts';
import type { Views } from './views/views.ts';

const id = 'admin';

/**
 * Creates the admin token, unless the store has a valid token that may manage tokens, and writes its file
 * (test/admin-token.test.ts).
 * If several replicas start at once, one of them creates the token. Logs the file that has the token. If this data
 * directory has no such file, logs where else the token may be.
 */
export async function ensureAdminToken(
  dataDir: string,
  views: Views,
  committer: Committer,
  logger: Logger,
): Promise<void> {
  const temporaryFile = join(dataDir, 'admin-token.new');
  if (hasAdminToken(views, Date.now())) {
    await recover(dataDir, temporaryFile, views);
    const file = await findFile(dataDir, views);
    if (file !== undefined) logger.info({ file }, 'the admin token was created at an earlier start');
    else if (views.tokens.has(id))
      logger.warn({ dataDir }, `no file in the data directory has the admin token: ${elsewhere}, or ${ownToken}`);
    return;
  }
  const secret = newSecret(id);
  // Writes the file first: if the token were only in the store, nobody could use the API.
  await writeFile(temporaryFile, `${secret.shown}\n`, { mode: 0o600, flush: true });
  const { result: made } = await committer.commit({ kind: 'system', part: 'start' }, (context) =>
    decideCreateAdminToken(context, id, secret),
  );
  if (!made) {
    await rm(temporaryFile, { force: true });
    logger.info(
      `another replica created the admin token: take it from the data directory of that replica, or ${ownToken}`,
    );
    return;
  }
  const file = freeFile(dataDir);
  await rename(temporaryFile, file);
  if (file.endsWith('admin-token')) logger.info({ file }, 'created the admin token');
  else
    logger.warn({ file }, "created the admin token in a new file: this store does not know the token in 'admin-token'");
}

const elsewhere = 'it was rotated, or is in the data directory of another replica: look there';
const ownToken = 'set ZONEWRIGHT_ADMIN_TOKEN to a token of your own';

/**
 * Finishes a start that ended before it renamed its temporary file. Renames the file if it has the store's token,
 * otherwise deletes it.
 */
async function recover(dataDir: string, temporaryFile: string, views: Views): Promise<void> {
  if (await holdsToken(temporaryFile, views)) await rename(temporaryFile, freeFile(dataDir));
  else await rm(temporaryFile, { force: true });
}

/** Returns the path of the file in the folder that has this store's token; undefined if there is none. */
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

/**
 * Returns `admin-token` or, if there is such a file, the first free one of `admin-token-2`, `admin-token-3` and so on.
 */
function freeFile(dataDir: string): string {
  for (let number = 1; ; number += 1) {
    const file = join(dataDir, number === 1 ? 'admin-token' : `admin-token-${number}`);
    if (!existsSync(file)) return file;
  }
}
