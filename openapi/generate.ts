// Writes openapi.json from the schemas of the routes: `npm run openapi`. test/repo/openapi.test.ts fails if the file is
// out of date.

import { readFileSync, writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { BackupSpool } from '../src/backup/backup-spool.ts';
import { WaitingLine } from '../src/control/addresses/waiting-line.ts';
import { RefusedAttempts } from '../src/control/tokens/refused-attempts.ts';
import { TokenActivity } from '../src/control/tokens/token-activity.ts';
import { Committer } from '../src/control/transaction/commit.ts';
import { OnceCommitter } from '../src/control/transaction/commit-once.ts';
import { ImportMemory } from '../src/control/zone-file/import-memory.ts';
import { LiveTargets } from '../src/forwarding/live/live-targets.ts';
import { createMetrics } from '../src/http/metrics.ts';
import { createServer } from '../src/http/server.ts';
import type { Store } from '../src/store/store.ts';
import { createTable } from '../src/table/table.ts';
import { createTableWriter } from '../src/table/writer.ts';
import { Views } from '../src/views/views.ts';

const file = new URL('./openapi.json', import.meta.url);

/**
 * Returns the text of openapi.json for the routes as they are now. Opens no store, because only the schemas of the
 * routes are needed.
 */
export async function describeApi(): Promise<string> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const logger = pino({ level: 'silent' });
  const writer = createTableWriter(createTable({ bytes: 1 << 20 }));
  const views = new Views(writer, () => ({ label: 'replica', addresses: [] }), logger);
  const store = {} as Store;
  const committer = new Committer(store, views);
  const once = new OnceCommitter(store, views, committer);
  const importMemory = new ImportMemory(0);
  const backups = new BackupSpool({ store, folder: '', made: { version, store: 'embedded', ledger: 'off' }, logger });
  const metrics = createMetrics({ views, tableBytes: () => 0 });
  const noted = { activity: new TokenActivity(), refused: new RefusedAttempts() };
  const own = { ...noted, backups, metrics, targets: new LiveTargets(views) };
  const line = new WaitingLine(views);
  const services = { store, views, committer, once, line, importMemory, ...own };
  const app = await createServer({ ...services, waitingFor: () => [], adminToken: undefined }, { logger, version });
  await app.ready();
  const description = app.swagger();
  await app.close();
  return `${JSON.stringify(description, undefined, 2)}\n`;
}

if (import.meta.main) writeFileSync(file, await describeApi());
