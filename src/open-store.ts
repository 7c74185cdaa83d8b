// Opens the store that the settings name. No other file opens a store (test/repo/opened-stores.test.ts), so that
// revisions have their offset wherever they are shown.

import { join } from 'node:path';
import type { Config } from './config.ts';
import type { Logger } from './model/logger.ts';
import { openEmbeddedStore } from './store/embedded.ts';
import { showRevisions } from './store/shown-revisions.ts';
import type { Store } from './store/store.ts';

type StoreConfig = Pick<Config, 'store' | 'etcd' | 'dataDir'>;

/** Opens the store with shown revisions (store/shown-revisions.ts). */
export async function openStore(config: StoreConfig, logger: Logger): Promise<Store> {
  return showRevisions(await openOwnStore(config, logger));
}

/** Opens the store with its own revisions. Only for a restore, which writes the offset. */
export async function openOwnStore({ store, etcd, dataDir }: StoreConfig, logger: Logger): Promise<Store> {
  if (store === 'etcd') {
    // Imported only when it is used: the etcd client takes about 15 MB of memory.
    const { openEtcdStore } = await import('./store/etcd.ts');
    return openEtcdStore({ ...etcd, logger });
  }
  return openEmbeddedStore({ folder: join(dataDir, 'store'), logger });
}
