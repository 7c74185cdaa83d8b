// The format of a backup, version 1: UTF-8 lines, each ended by a line feed. The first line is the header: a JSON
// object. Then each key of the backup has a line: a JSON array of the key and its value. If the backup has the ledger,
// lines with its SQLite file follow: each is a JSON array with one text, a piece of the file, compressed with Zstandard
// and in base64. The last line is the trailer: a JSON object that has the SHA-256 of all octets before the trailer.
// docs/operations.md describes the format for users. Which keys a backup has: kept-kinds.ts.

import { createHash, type Hash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib';

export const formatVersion = 1;

/** The limit for the octets of the ledger in one line. */
export const maxPiece = 512 * 1024;

/**
 * `included`: the backup has the ledger. The other values say why it does not. `left-out`: the client wanted no ledger.
 */
export type LedgerInBackup = 'included' | 'postgresql' | 'off' | 'left-out';

/** The words with which messages show the header's `ledger`. */
export const shownLedger: Readonly<Record<LedgerInBackup, string>> = {
  included: 'with the ledger',
  postgresql: 'without the ledger: it is in PostgreSQL, which has tools for its own backups',
  off: 'there is no ledger',
  'left-out': 'without the ledger',
};

export interface BackupHeader {
  zonewright: 'backup';
  format: number;
  /** The version of Zonewright that made the backup. */
  version: string;
  store: 'embedded' | 'etcd';
  /** The revision at which everything was read, with the offset of the store (shown-revisions.ts). */
  revision: number;
  /** When the backup began: RFC 3339. */
  at: string;
  ledger: LedgerInBackup;
}

export type BackupEntry = readonly [key: string, value: string];

/** The number of keys of each kind, by the part of the key before its first `/`. */
export type KeyCounts = Readonly<Record<string, number>>;

/** Computes the trailer of a backup from its text. */
export class BackupDigest {
  readonly #hash: Hash = createHash('sha256');
  readonly #counts = new Map<string, number>();
  entries = 0;
  /** The size of the ledger's file. */
  ledgerOctets = 0;

  /** Adds text to the checksum. */
  add(text: Buffer | string): void {
    this.#hash.update(text);
  }

  count(key: string): void {
    const kind = kindIn(key);
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    this.entries += 1;
  }

  get counts(): KeyCounts {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Returns the trailer's line, and the checksum in it. Call this once, at the end. */
  end(): { trailer: string; sha256: string } {
    const sha256 = this.#hash.digest('hex');
    const ledger = this.ledgerOctets > 0 && { ledgerOctets: this.ledgerOctets };
    return { trailer: `${JSON.stringify({ end: 'backup', counts: this.counts, ...ledger, sha256 })}\n`, sha256 };
  }
}

/** Returns the part of a key that names its kind. */
export function kindIn(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('/')));
}

export function headerLine(header: BackupHeader): string {
  return `${JSON.stringify(header)}\n`;
}

export function entryLine([key, value]: BackupEntry): string {
  return `${JSON.stringify([key, value])}\n`;
}

const compress = promisify(zstdCompress);

export async function pieceLine(piece: Buffer): Promise<string> {
  const compressed = await compress(piece, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  return `${JSON.stringify([compressed.toString('base64')])}\n`;
}

/** Returns the octets of a piece of the ledger. Throws an error if the text is not a piece. */
export function pieceIn(text: string): Buffer {
  return zstdDecompressSync(Buffer.from(text, 'base64'), { maxOutputLength: maxPiece });
}

/** The error of a file that is no backup, was altered or cut short, or cannot be used by this version. */
export class BackupFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BackupFault';
  }
}
