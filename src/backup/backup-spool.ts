// Makes backups for clients. A backup goes to a file of the data directory first. So the store is read as fast as it
// can be, and a slow client keeps neither its history nor anything in memory. The file has no name any more when the
// first octet is written: the system frees it when it is closed, also after a crash.

import { type FileHandle, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Logger } from '../model/logger.ts';
import { Compacted, type Store } from '../store/store.ts';
import type { LedgerSource } from './ledger-copy.ts';
import { type BackupOrigin, writeBackup } from './write-backup.ts';

/** Attempts to read the store while etcd compacts it. */
const maxAttempts = 3;
/** What a backup leaves on the disk, so that an embedded store beside it can go on: in octets. */
const reserve = 64 * 1024 * 1024;
/** Octets between two looks at the free space. */
const checkEvery = 8 * 1024 * 1024;

interface SpoolOptions {
  store: Store;
  folder: string;
  made: BackupOrigin;
  logger: Logger;
  /** Only tests set it. Returns the octets that are free. */
  freeSpace?: () => Promise<number>;
}

/** A whole backup. It must be read to its end, or destroyed. */
export interface SpooledBackup {
  revision: number;
  octets: number;
  text: Readable;
}

/** Another backup is being made or sent. */
export class BackupRunning extends Error {}

/** The disk has no room for a backup. */
export class NoRoom extends Error {}

export class BackupSpool {
  readonly #options: SpoolOptions;
  /** The backup under way. */
  #underWay: symbol | undefined;

  constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /**
   * Makes a backup. One at a time, until it is sent: otherwise slow clients could fill the disk. Throws BackupRunning,
   * NoRoom, or Compacted if etcd compacts more often than a backup takes, or what the ledger throws. Rejects if the
   * signal aborts.
   */
  async make(signal: AbortSignal, { withoutLedger = false } = {}): Promise<SpooledBackup> {
    if (this.#underWay !== undefined) throw new BackupRunning('another backup is being made');
    const backup = Symbol();
    this.#underWay = backup;
    let file: FileHandle | undefined;
    try {
      file = await this.#openFile();
      const { ledger } = this.#options.made;
      const source = withoutLedger && typeof ledger !== 'string' ? 'left-out' : ledger;
      const { revision, octets } = await this.#fill(file, source, signal);
      signal.throwIfAborted();
      const text = file.createReadStream({ start: 0 });
      // Who has read the end may ask for the next backup at once. The file is closed a moment later.
      for (const event of ['end', 'close']) text.once(event, () => this.#end(backup));
      return { revision, octets, text };
    } catch (error) {
      await file?.close();
      this.#end(backup);
      throw error;
    }
  }

  #end(backup: symbol): void {
    if (this.#underWay === backup) this.#underWay = undefined;
  }

  /** Opens a file, and removes its name. */
  async #openFile(): Promise<FileHandle> {
    const path = join(this.#options.folder, 'backup.spool');
    // A process that died between the two calls has left it.
    await rm(path, { force: true });
    const file = await open(path, 'wx+', 0o600);
    await rm(path);
    return file;
  }

  async #fill(
    file: FileHandle,
    ledger: LedgerSource,
    signal: AbortSignal,
  ): Promise<{ revision: number; octets: number }> {
    const { store, made, logger } = this.#options;
    for (let attempt = 1; ; attempt++) {
      let octets = 0;
      let checkAt = 0;
      try {
        const { header } = await writeBackup(
          store,
          { ...made, ledger: this.#withRoom(ledger) },
          async (text) => {
            if (octets >= checkAt) await this.#requireSpace();
            if (octets >= checkAt) checkAt = octets + checkEvery;
            await file.write(text, 0, text.length, octets);
            octets += text.length;
          },
          signal,
        );
        await file.truncate(octets);
        return { revision: header.revision, octets };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw this.#noRoom();
        if (!(error instanceof Compacted) || attempt === maxAttempts) throw error;
        logger.warn({ attempt }, 'the store was compacted during a backup: beginning again');
      }
    }
  }

  /** Returns the ledger with a copy that is only opened if the disk has room for it. */
  #withRoom(ledger: LedgerSource): LedgerSource {
    if (typeof ledger === 'string') return ledger;
    return {
      openCopy: async () => {
        const copy = await ledger.openCopy();
        try {
          await this.#requireSpace(copy.octets);
          return copy;
        } catch (error) {
          await copy.close();
          throw error;
        }
      },
    };
  }

  async #requireSpace(octets = 0): Promise<void> {
    const { freeSpace = () => freeSpaceOf(this.#options.folder) } = this.#options;
    if ((await freeSpace()) < reserve + octets) throw this.#noRoom();
  }

  #noRoom(): NoRoom {
    return new NoRoom(
      `the disk of the data directory ${this.#options.folder} has no room for the backup: free some space and try again`,
    );
  }
}

async function freeSpaceOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
