// Moves a ledger that is a SQLite file: names this replica in the store as the one that has the ledger. The operator
// must have copied the file here before. A replica that runs with these settings notices the change within seconds.
// That replica refuses a file that is not a copy of the ledger.

import type { Config } from './config.ts';
import { readHome, writeHome } from './ledger/home.ts';
import type { Logger } from './model/logger.ts';
import { openStore } from './open-store.ts';

/** Writes the replica of the settings into the store. Returns what to tell the operator. */
export async function claimLedger(config: Config, logger: Logger): Promise<string> {
  const { ledger, replica } = config;
  if (ledger.kind !== 'sqlite') throw new Error('only a ledger in a file has a replica: with --ledger file:<path>');
  const store = await openStore(config, logger);
  try {
    for (;;) {
      const before = await readHome(store);
      const home = { ...before?.home, kind: ledger.kind, replica };
      if (!(await writeHome(store, home, before))) continue;
      const had = before?.home.replica ?? 'no replica';
      return `the replica '${replica}' has the ledger now, in ${ledger.file} (before: ${had})\n`;
    }
  } finally {
    await store.close();
  }
}
