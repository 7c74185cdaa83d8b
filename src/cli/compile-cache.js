// Keeps compiled code on the disk: TypeScript without its types, and V8's code. Without the cache, each thread compiles
// all files at every start, and needs 10 MB for Node's type stripper, a WebAssembly module (bench/weight.ts). This file
// is JavaScript, because the command (zonewright.js) uses it before it loads TypeScript.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const source = fileURLToPath(new URL('..', import.meta.url));
/**
 * The folder is in node_modules: a user who can write there can change our code anyway. NODE_COMPILE_CACHE sets another
 * folder.
 */
const defaultFolder = fileURLToPath(new URL('../../node_modules/.cache/zonewright', import.meta.url));

/**
 * Uses the cache in this process and in its threads. If the folder cannot be written, the process starts more slowly
 * and uses more memory.
 */
export function useCompileCache() {
  // Threads read the variable when they start. This process has already started, so it calls the function.
  process.env.NODE_COMPILE_CACHE ||= defaultFolder;
  process.getBuiltinModule('node:module').enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

/**
 * Compiles all of our scripts into the cache, unless it already has all of them in their newest version, or this user
 * may not write the folder. A child process does the work, because a process never gives back the memory of the type
 * stripper.
 */
export function completeCompileCache() {
  if (isComplete() || !canWrite()) return;
  spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url)], { stdio: 'ignore' });
}

function isComplete() {
  try {
    return readFileSync(markerFile(), 'utf8') === fingerprint();
  } catch {
    // There is no marker file, or this user may not read it.
    return false;
  }
}

function canWrite() {
  try {
    accessSync(process.env.NODE_COMPILE_CACHE || defaultFolder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns the path of the file that holds the fingerprint of the scripts in the cache. Each version of Node and each
 * user has a cache of its own.
 */
function markerFile() {
  const user = process.getuid?.() ?? 'user';
  return join(process.env.NODE_COMPILE_CACHE || defaultFolder, `complete-${process.version}-${user}`);
}

/** Returns a text that changes if a script is added, removed or changed. */
function fingerprint() {
  return scripts()
    .map((script) => {
      const { size, mtimeMs } = statSync(script);
      return `${script} ${size} ${mtimeMs}\n`;
    })
    .join('');
}

function scripts() {
  const files = readdirSync(source, { recursive: true });
  return files.filter((file) => file.endsWith('.ts')).map((file) => join(source, file));
}

/** Writes the cache to the disk. Deletes the files that a full disk left empty. Returns whether there were none. */
function isWritten() {
  const { flushCompileCache, getCompileCacheDir } = process.getBuiltinModule('node:module');
  flushCompileCache();
  const folder = getCompileCacheDir();
  if (folder === undefined) return false;
  const empty = readdirSync(folder).filter((file) => statSync(join(folder, file)).size === 0);
  for (const file of empty) rmSync(join(folder, file), { force: true });
  return empty.length === 0;
}

if (import.meta.main) {
  useCompileCache();
  const compiled = fingerprint();
  for (const script of scripts()) {
    // A thread's main script throws here, because it has no task. By then, the script is compiled.
    await import(pathToFileURL(script)).catch(() => undefined);
  }
  if (isWritten()) writeFileSync(markerFile(), compiled);
  // Some scripts start work when they are imported: the exit ends this work.
  process.exit();
}
