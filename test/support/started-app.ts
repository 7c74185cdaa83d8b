// Starts the real application in this process, with HTTP and DNS on free ports. The test can also read and write its
// store.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { startApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import type { Store } from '../../src/store/store.ts';
import { type Api, adminToken, apiAt } from './api-client.ts';
import { storeDump } from './store-dump.ts';
import { type Cleanup, temporaryFolder } from './temporary.ts';

export interface StartedApp {
  readonly api: Api;
  readonly url: string;
  readonly folder: string;
  /** Another client of the same embedded store. */
  readonly store: Store;
  /** Returns the dump of the store (store-dump.ts). */
  dump(): Promise<Record<string, string>>;
  /** Stops the application, and starts it again on the same folder, on new ports. */
  restart(): Promise<StartedApp>;
  close(): Promise<void>;
}

/**
 * Starts the application on an embedded store in the test's own folder. With `makesToken`, the settings have no admin
 * token: the application makes one, as at a first start.
 */
export async function startedApp(test: Cleanup, { makesToken = false } = {}): Promise<StartedApp> {
  return start(test, await temporaryFolder(test), makesToken ? undefined : adminToken);
}

async function start(test: Cleanup, folder: string, token: string | undefined): Promise<StartedApp> {
  const listen = ['--http', '127.0.0.1:0', '--dns', '127.0.0.1:0', '--dns-threads', '1'];
  // The ledger has tests of its own.
  const config = readConfig(['--data-dir', folder, '--replica', 'test', '--ledger', 'off', ...listen], {
    ...(token !== undefined && { ZONEWRIGHT_ADMIN_TOKEN: token }),
  });
  const app = await startApp(config, pino({ level: 'silent' }), '0.0.0-test');
  let running = true;
  const close = async () => {
    if (!running) return;
    running = false;
    await store.close();
    await app.close();
  };
  const store = await openEmbeddedStore({ folder: join(folder, 'store') });
  test.after(close);
  await app.ready;
  const { http } = JSON.parse(await readFile(join(folder, 'endpoints.json'), 'utf8')) as { http: string };
  return {
    api: apiAt(`http://${http}`, token ?? (await readFile(join(folder, 'admin-token'), 'utf8')).trim()),
    url: `http://${http}`,
    folder,
    store,
    dump: () => storeDump(store),
    restart: async () => {
      await close();
      return start(test, folder, token);
    },
    close,
  };
}
