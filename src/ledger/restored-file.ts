// The file of a ledger that is restored from a backup. The file gets its name when it is complete. An existing ledger
// is never replaced by another one.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

/** The error if another ledger is at the path. Its message says what to do. */
export class LedgerFileTaken extends Error {}

export class RestoredFile {
  readonly #file: string;
  readonly #part: string;
  readonly #handle: FileHandle;

  private constructor(file: string, handle: FileHandle) {
    this.#file = file;
    this.#part = partOf(file);
    this.#handle = handle;
  }

  /**
   * Begins the file anew. Throws LedgerFileTaken if the path has a file of another size. A file of this size may come
   * from an interrupted restore: {@link finish} compares it.
   */
  static async open(file: string, octets: number): Promise<RestoredFile> {
    const path = resolve(file);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.size !== octets) throw taken(path);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rm(partOf(path), { force: true });
    return new RestoredFile(path, await open(partOf(path), 'wx', 0o600));
  }

  async write(piece: Buffer): Promise<void> {
    await this.#handle.writeFile(piece);
  }

  /**
   * Gives the file its name. Throws LedgerFileTaken if that name has another file: only an identical one, from an
   * interrupted restore, is replaced.
   */
  async finish(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
    const found = await stat(this.#file).catch(() => undefined);
    if (found !== undefined && (await hashOf(this.#file)) !== (await hashOf(this.#part))) throw taken(this.#file);
    // Deletes the WAL of an earlier file: SQLite would apply it to this one.
    if (found === undefined) await Promise.all(['-wal', '-shm'].map((end) => rm(this.#file + end, { force: true })));
    await rename(this.#part, this.#file);
    const folder = await open(dirname(this.#file), 'r');
    await folder.sync().catch(() => undefined);
    await folder.close();
  }

  /** Removes the unfinished file. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#part, { force: true });
  }
}

function partOf(file: string): string {
  return `${file}.restoring`;
}

function taken(file: string): LedgerFileTaken {
  return new LedgerFileTaken(
    `there is a ledger already, ${file}: choose another --data-dir or --ledger, leave the backup's out with --without-ledger, or, if no replica uses it, move it away with the files beside it (${basename(file)}*)`,
  );
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return hash.digest('hex');
}
