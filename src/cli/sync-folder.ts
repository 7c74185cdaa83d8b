// Makes a new name in a folder last.

import { open } from 'node:fs/promises';

/** Writes the folder to the disk. Some file systems cannot, and need not. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
