// Makes backups for clients. A backup is written to a file of the data directory first, and then sent. So the store is
// read at full speed: for a slow client, the store need not keep old revisions, and this process need not keep the
// backup in memory. The name of the file is removed before the first octet is written, so the system frees the file
// when it is closed, also after a crash.

import { type FileHandle, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Logger } from '../model/logger.ts';
import { Compacted, type Store } from '../store/store.ts';
import type { LedgerSource } from './ledger-copy.ts';
import { type BackupOrigin, writeBackup } from './write-backup.ts';

/** The maximum number of attempts to read the store. An attempt fails if etcd compacts the store meanwhile. */
const maxAttempts = 3;
/** The number of octets that a backup leaves free on the disk: an embedded store on the same disk needs them. */
const reserve = 64 * 1024 * 1024;
/** The number of octets between two checks of the free space. */
const checkEvery = 8 * 1024 * 1024;

interface SpoolOptions {
  store: Store;
  folder: string;
  made: BackupOrigin;
  logger: Logger;
  /** Returns the free octets of the disk. Only tests set it. */
  freeSpace?: () => Promise<number>;
}

/** A finished backup. The caller must read `text` to its end, or destroy it. */
export interface SpooledBackup {
  revision: number;
  octets: number;
  text: Readable;
}

/** The error while another backup is being made or sent. */
export class BackupRunning extends Error {}

/** The error of a backup for which the disk has no room. */
export class NoRoom extends Error {}

export class BackupSpool {
  readonly #options: SpoolOptions;
  /** The backup that is being made or sent. */
  #underWay: symbol | undefined;

  constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /**
   * Makes a backup. The next backup can begin only after this one was sent: otherwise slow clients could fill the disk.
   * Rejects with BackupRunning, with NoRoom, with Compacted (if etcd compacted the store during each attempt), with an
   * error of the ledger, or if the signal aborts.
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
      // A client that has read the end may ask for the next backup before the file is closed.
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

  async #openFile(): Promise<FileHandle> {
    const path = join(this.#options.folder, 'backup.spool');
    // A process that died before it removed the name has left the file.
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

  /** Returns the ledger with another `openCopy`: it throws NoRoom if the disk has no room for the copy. */
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
