// Reads a file that a flag names.

import { readFile } from 'node:fs/promises';
import { messageOf } from '../model/thrown.ts';

/** Returns the text. Throws an error that names the file. */
export async function readNamed(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  });
}
