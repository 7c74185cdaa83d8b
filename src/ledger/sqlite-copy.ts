// A copy of a ledger in a SQLite file at one moment, while the ledger's thread continues to write. A read transaction
// fixes that moment. SQLite copies page by page, outside the calling thread.

import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';

/** Pages that are copied at once: 4 MB. */
const pagesAtOnce = 1000;

export class SqliteCopy {
  /** The size of the file. */
  readonly octets: number;
  readonly #database: DatabaseSync;
  readonly #spool: string;

  private constructor(database: DatabaseSync, spool: string, octets: number) {
    this.#database = database;
    this.#spool = spool;
    this.octets = octets;
  }

  /** Opens a copy of the file as it is now. `folder`: for the temporary copy. */
  static open(file: string, folder: string): SqliteCopy {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
    try {
      database.exec('BEGIN');
      const numberOf = (pragma: string) => Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
      // This read begins the transaction.
      const octets = numberOf('page_count') * numberOf('page_size');
      return new SqliteCopy(database, join(folder, 'ledger.spool'), octets);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Yields the copy in pieces of `size` octets. */
  async *pieces(size: number): AsyncGenerator<Buffer> {
    const file = await this.#spooled();
    try {
      for (let position = 0; ; ) {
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(size), 0, size, position);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
        position += bytesRead;
      }
    } finally {
      await file.close();
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /** Writes the copy into a file without a name. The system frees such a file when it is closed. */
  async #spooled(): Promise<FileHandle> {
    const remove = () => Promise.all(['', '-journal'].map((end) => rm(this.#spool + end, { force: true })));
    // An earlier process may have left these files.
    await remove();
    const file = await open(this.#spool, 'wx+', 0o600);
    try {
      await backup(this.#database, this.#spool, { rate: pagesAtOnce });
      this.close();
      return file;
    } catch (error) {
      await file.close();
      throw error;
    } finally {
      await remove();
    }
  }
}
