// The output for a large result of a command: standard output, or a file that gets its name only when all of it is on
// the disk.

import { once } from 'node:events';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf } from '../model/thrown.ts';
import { syncFolder } from './sync-folder.ts';

export interface Output {
  write(text: Buffer): Promise<void>;
  /** Flushes the result to the disk, and gives a file its name. Call this once, after the last octet. */
  finish(): Promise<void>;
  /** Removes the unfinished result. */
  discard(): Promise<void>;
}

/** Opens the output. Throws an error with the reason. `-` is standard output. */
export async function openOutput(path: string, { force }: { force: boolean }): Promise<Output> {
  return path === '-' ? standardOutput() : OutputFile.open(path, force);
}

class OutputFile implements Output {
  readonly #path: string;
  readonly #part: string;
  readonly #handle: FileHandle;
  readonly #force: boolean;

  private constructor(path: string, part: string, handle: FileHandle, force: boolean) {
    this.#path = path;
    this.#part = part;
    this.#handle = handle;
    this.#force = force;
  }

  static async open(path: string, force: boolean): Promise<OutputFile> {
    await refuseExisting(path, force);
    // If the path is a link, the link stays and its target is replaced.
    const target = await realpath(path).catch(() => resolve(path));
    // Another process may write the same file at the same time.
    const part = `${target}.${process.pid}-${Date.now().toString(36)}.part`;
    try {
      return new OutputFile(target, part, await open(part, 'wx', 0o600), force);
    } catch (error) {
      throw new Error(`${path} cannot be written: ${messageOf(error)}`, { cause: error });
    }
  }

  async write(text: Buffer): Promise<void> {
    await this.#handle.writeFile(text);
  }

  async finish(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
    await refuseExisting(this.#path, this.#force);
    await rename(this.#part, this.#path);
    await syncFolder(dirname(this.#path));
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#part, { force: true });
  }
}

/** Throws if there is a file that must not be replaced. */
async function refuseExisting(path: string, force: boolean): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Error(`${path} cannot be written: ${error.message}`, { cause: error });
  });
  if (found === undefined) return;
  if (found.isDirectory()) throw new Error(`${path} is a folder: name a file in it, such as ${join(path, 'backup')}`);
  if (!found.isFile()) throw new Error(`${path} is not a file: use - for standard output`);
  if (!force) throw new Error(`${path} exists: choose another file, or replace it with --force`);
}

function standardOutput(): Output {
  const { stdout } = process;
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    const reason = error.code === 'EPIPE' ? 'its reader has gone' : error.message;
    reject(new Error(`standard output cannot be written: ${reason}`, { cause: error }));
  });
  return {
    write: async (text) => {
      if (!stdout.write(text)) await Promise.race([once(stdout, 'drain'), failed]);
    },
    finish: () => Promise.race([new Promise<void>((resolve) => stdout.write('', () => resolve())), failed]),
    discard: async () => {},
  };
}
