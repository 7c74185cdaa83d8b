// Notices that the files of an open SQLite database were removed or replaced. SQLite would continue with its open
// files, which no longer have a name.

import { statSync } from 'node:fs';

export class OpenFile {
  readonly #path: string;
  /** The identity of the file that was found under each name. */
  readonly #found = new Map<string, string>();

  /** `path`: the file of a database that was just opened. */
  constructor(path: string) {
    this.#path = path;
    this.reasonAgainst();
  }

  /** Returns why the database must not be used now; undefined if its files are still those that were opened. */
  reasonAgainst(): string | undefined {
    // SQLite makes the WAL when it first needs it, and keeps it while the database is open.
    for (const path of [this.#path, `${this.#path}-wal`]) {
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      const found = stat && `${stat.dev}/${stat.ino}`;
      const before = this.#found.get(path);
      if (before === undefined && found !== undefined) this.#found.set(path, found);
      if (before !== undefined && before !== found)
        return `${path} was removed or replaced while it was open: put it back, or restart the replica to use what is there`;
    }
    return undefined;
  }
}
