// Prepares the folder that a replica writes into, before anything else starts.

import { access, constants, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf } from './model/thrown.ts';

/** Creates the folder if it is missing. Throws an error with the reason if it cannot be created, read or written. */
export async function prepareDataDir(folder: string): Promise<void> {
  await orUnusable(folder, async () => {
    await makeFolder(resolve(folder));
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  });
}

/**
 * Checks the folder, or its nearest existing parent, and creates nothing. Throws an error with the reason if
 * {@link prepareDataDir} could not create, read or write the folder.
 */
export async function checkDataDir(folder: string): Promise<void> {
  await orUnusable(folder, async () => {
    let existing = resolve(folder);
    while (!(await exists(existing))) existing = dirname(existing);
    // Throws Node's own error for a path below a file.
    if (!(await isFolder(existing))) await readdir(existing);
    await access(existing, constants.R_OK | constants.W_OK | constants.X_OK);
  });
}

async function orUnusable(folder: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    throw new Error(`--data-dir: '${folder}' cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

/**
 * Creates the folder and its missing parents, one after the other. Node's own recursive mkdir never ends below folders
 * such as /proc, in which nothing can be created.
 */
async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  await makeFolder(dirname(folder));
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (!(await isFolder(folder))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
