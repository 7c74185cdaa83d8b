// Writes the part between two markers in a file of another program. The rest of the file stays. The file is replaced in
// one step, keeps its mode and owner, and is not touched if the text is the same.

import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../model/thrown.ts';
import { syncFolder } from './sync-folder.ts';

const begin = 'BEGIN Zonewright: written by `zonewright forwarding`; what is changed here is lost';
const end = 'END Zonewright';
const newFileMode = 0o644;

/** A file that is ready to be replaced. */
export interface Marked {
  readonly path: string;
  readonly differs: boolean;
  /** Replaces the file, if it differs. */
  commit(): Promise<void>;
  /** Removes what was prepared. Does nothing after a commit. */
  discard(): Promise<void>;
}

/** Prepares the file with this text between its markers. Throws if the file cannot be replaced. */
export async function prepareMarked(path: string, text: string, comment: string): Promise<Marked> {
  const stats = await statsOf(path);
  const before = stats === undefined ? '' : await readFile(path, 'utf8');
  const after = withBlock(
    path,
    before,
    `${comment} ${begin}\n${text.replace(/\n*$/, '\n')}${comment} ${end}\n`,
    comment,
  );
  if (after === before) return { path, differs: false, commit: async () => {}, discard: async () => {} };
  let part: string | undefined = await writePart(path, after, stats);
  return {
    path,
    differs: true,
    commit: async () => {
      if (part === undefined) return;
      await rename(part, path);
      part = undefined;
      await syncFolder(dirname(path));
    },
    discard: async () => {
      if (part !== undefined) await rm(part, { force: true });
      part = undefined;
    },
  };
}

/** Returns the stats of the file; undefined if there is none. Refuses a link, and anything that is not a file. */
async function statsOf(path: string): Promise<Stats | undefined> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Error(`${path} cannot be written: ${error.message}`, { cause: error });
  });
  // A link could lead to a file that somebody else has chosen.
  if (stats?.isSymbolicLink()) throw new Error(`${path} is a symbolic link: name the file itself`);
  if (stats !== undefined && !stats.isFile()) throw new Error(`${path} is not a file`);
  return stats;
}

/** Returns the text of the file with the block in place of the old block, or at the end if there is none. */
function withBlock(path: string, before: string, block: string, comment: string): string {
  const lines = before.split(/(?<=\n)/);
  const placesOf = (marker: string) =>
    lines.flatMap((line, index) => (line.trimEnd() === `${comment} ${marker}` ? [index] : []));
  const [begins, ends] = [placesOf(begin), placesOf(end)];
  if (begins.length === 0 && ends.length === 0)
    return before === '' || before.endsWith('\n') ? before + block : `${before}\n${block}`;
  const [first = -1, last = -1] = [begins[0], ends[0]];
  if (begins.length > 1 || ends.length > 1 || first < 0 || last < first)
    throw new Error(
      `${path} does not have one pair of the markers of Zonewright: repair it, or delete the marker lines`,
    );
  return [...lines.slice(0, first), block, ...lines.slice(last + 1)].join('');
}

/** Writes a new file beside the old one, with the same mode and owner. Returns its path. */
async function writePart(path: string, text: string, stats: Stats | undefined): Promise<string> {
  const part = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  let handle: FileHandle | undefined;
  try {
    handle = await open(part, 'wx', 0o600);
    await handle.writeFile(text);
    const created = await handle.stat();
    if (stats !== undefined && (stats.uid !== created.uid || stats.gid !== created.gid))
      await handle.chown(stats.uid, stats.gid);
    await handle.chmod(stats === undefined ? newFileMode : stats.mode & 0o7777);
    await handle.sync();
    return part;
  } catch (error) {
    if (handle !== undefined) await rm(part, { force: true });
    throw new Error(`${path} cannot be written: ${messageOf(error)}`, { cause: error });
  } finally {
    await handle?.close();
  }
}
