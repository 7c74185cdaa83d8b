// The first token: made at the first start of a store, kept in `<data-dir>/admin-token` by the replica that made it.

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Committer } from '../control/commit.ts';
import type { Logger } from '../model/logger.ts';
import { tokenKey } from '../store/keys.ts';
import { tokenValue } from '../store/values.ts';
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
  const file = join(dataDir, 'admin-token');
  const draft = `${file}.new`;
  if (views.tokens.has(id)) {
    await recover(draft, file, views);
    logger.info({ file }, 'the admin token was made at an earlier start');
    return;
  }
  const { shown, stored } = newToken(id, new Date());
  // Written first: a token that the store knows and nobody has would lock everyone out.
  await writeFile(draft, `${shown}\n`, { mode: 0o600 });
  const { result: made } = await committer.commit((context) => {
    if (context.views.tokens.has(id)) return { result: false, compares: [], operations: [] };
    const key = tokenKey(id);
    return {
      result: true,
      compares: [{ kind: 'absent', key }],
      operations: [{ kind: 'put', key, value: tokenValue.encode(stored) }],
    };
  });
  if (!made) {
    await rm(draft, { force: true });
    logger.info('another replica made the admin token');
    return;
  }
  await rename(draft, file);
  logger.info({ file }, 'made the admin token');
}

/** A process that ended after its token was stored, and before the file had its name, has left the only copy. */
async function recover(draft: string, file: string, views: Views): Promise<void> {
  const shown = await readFile(draft, 'utf8').catch(() => '');
  if (storedToken(views, shown.trim()) !== undefined) await rename(draft, file);
  else await rm(draft, { force: true });
}
