// Reads a backup, and checks it to its last octet. A caller knows only at the end that all parts were right.

import { messageOf } from '../model/thrown.ts';
import {
  BackupDigest,
  type BackupEntry,
  BackupFault,
  type BackupHeader,
  formatVersion,
  type KeyCounts,
  pieceIn,
} from './backup-format.ts';
import { isNeverKept } from './kept-kinds.ts';

/** The limit for a line, in octets: a transaction of etcd has up to 1.5 MiB, and JSON escapes may multiply its size. */
const maxLine = 64 * 1024 * 1024;
const lineFeed = 0x0a;
const brace = 0x7b;

export interface BackupSummary {
  header: BackupHeader;
  counts: KeyCounts;
  entries: number;
  /** The size of the ledger's file; 0 if the backup does not have it. */
  ledgerOctets: number;
  sha256: string;
}

/** A part of a backup. The last part is the summary: it proves that the backup is whole. */
type BackupPart =
  | { header: BackupHeader }
  | { entries: BackupEntry[] }
  | { ledgerPiece: Buffer }
  | { summary: BackupSummary };

/**
 * Yields the parts of a backup. Throws BackupFault, at the end at the latest, if the file was cut short or altered
 * anywhere (test/backup/altered.test.ts).
 */
export async function* readBackup(chunks: AsyncIterable<Buffer>): AsyncGenerator<BackupPart> {
  const digest = new BackupDigest();
  let header: BackupHeader | undefined;
  let summary: BackupSummary | undefined;
  let number = 0;
  for await (const lines of wholeLines(chunks)) {
    const entries: BackupEntry[] = [];
    let start = 0;
    for (let end = lines.indexOf(lineFeed, start); end >= 0; end = lines.indexOf(lineFeed, start)) {
      number += 1;
      if (summary !== undefined) throw new BackupFault('the backup goes on after its end');
      const line = lines.subarray(start, end + 1);
      if (header === undefined) {
        header = parseHeader(line);
        yield { header };
      } else if (line[0] === brace) {
        digest.add(lines.subarray(0, start));
        if (entries.length > 0) yield { entries: entries.splice(0) };
        const { counts, entries: count } = digest;
        const { trailer, sha256 } = digest.end();
        if (!line.equals(Buffer.from(trailer))) {
          const isTrailer = line.toString().startsWith('{"end":"backup",');
          throw new BackupFault(
            isTrailer ? 'the checksum does not fit: the backup was altered' : `line ${number} is not as it was written`,
          );
        }
        summary = { header, counts, entries: count, ledgerOctets: digest.ledgerOctets, sha256 };
      } else {
        const parsed = parseLine(line, number);
        if (!Buffer.isBuffer(parsed)) {
          if (digest.ledgerOctets > 0) throw new BackupFault(`line ${number} is not as it was written`);
          digest.count(parsed[0]);
          entries.push(parsed);
        } else {
          if (entries.length > 0) yield { entries: entries.splice(0) };
          digest.ledgerOctets += parsed.length;
          yield { ledgerPiece: parsed };
        }
      }
      start = end + 1;
    }
    if (summary === undefined) digest.add(lines);
    if (entries.length > 0) yield { entries };
  }
  if (summary === undefined) throw new BackupFault(number === 0 ? notABackup : 'the backup was cut short');
  yield { summary };
}

/** Reads a backup to its end. Calls `onProgress` with the number of entries read so far. Throws BackupFault. */
export async function checkBackup(
  chunks: AsyncIterable<Buffer>,
  onProgress?: (entries: number) => void,
): Promise<BackupSummary> {
  let entries = 0;
  for await (const part of readBackup(chunks)) {
    if ('summary' in part) return part.summary;
    if (!('entries' in part)) continue;
    entries += part.entries.length;
    onProgress?.(entries);
  }
  throw new BackupFault('the backup was cut short');
}

const notABackup = 'the file is no backup of Zonewright';

/** Yields the chunks, cut at the ends of lines. Throws BackupFault if the last line has no line feed. */
async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let open: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(lineFeed) + 1;
    if (end > 0) {
      yield open.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...open, chunk.subarray(0, end)]);
      open = [];
      length = 0;
    }
    if (end === chunk.length) continue;
    open.push(chunk.subarray(end));
    length += chunk.length - end;
    if (length > maxLine) throw new BackupFault(notABackup);
  }
  if (open.length > 0) throw new BackupFault('the backup was cut short');
}

function parseHeader(line: Buffer): BackupHeader {
  const header = parseJson(line) as Partial<BackupHeader> | undefined;
  if (header?.zonewright !== 'backup') throw new BackupFault(notABackup);
  if (header.format !== formatVersion) {
    throw new BackupFault(
      `the backup has the format ${header.format}, and this version reads ${formatVersion}: use the version ${header.version} that made it, or a newer one`,
    );
  }
  if (!Number.isSafeInteger(header.revision) || Number(header.revision) < 0)
    throw new BackupFault('the header of the backup has no revision');
  return header as BackupHeader;
}

/** Returns an entry, or a piece of the ledger. */
function parseLine(line: Buffer, number: number): BackupEntry | Buffer {
  const parts = parseJson(line);
  if (!Array.isArray(parts) || ![1, 2].includes(parts.length) || parts.some((part) => typeof part !== 'string'))
    throw new BackupFault(`line ${number} is not as it was written`);
  const [key, value] = parts as [string, string?];
  if (value === undefined) return parsePiece(key, number);
  if (isNeverKept(key)) throw new BackupFault(`line ${number} has the key ${key}, which no backup has`);
  return [key, value];
}

function parsePiece(text: string, number: number): Buffer {
  try {
    return pieceIn(text);
  } catch (error) {
    throw new BackupFault(`line ${number} is not as it was written (${messageOf(error)})`);
  }
}

function parseJson(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    return undefined;
  }
}
