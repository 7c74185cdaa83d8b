// Makes a new file name in a folder durable.

import { open } from 'node:fs/promises';

/** Flushes the folder to the disk. Ignores errors: some file systems cannot flush a folder, and need no flush. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
