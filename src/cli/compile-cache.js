// Keeps compiled code on the disk: TypeScript without its types, and V8's code. Without it every thread of every start compiles all files again, and holds
// 10 MB for Node's type stripper, a WebAssembly module (bench/weight.ts). In JavaScript, because it runs before everything else.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const source = fileURLToPath(new URL('..', import.meta.url));
/** Beside the packages: a user who can write there can change our code anyway. NODE_COMPILE_CACHE names another folder. */
const defaultFolder = fileURLToPath(new URL('../../node_modules/.cache/zonewright', import.meta.url));

/** Uses the cache in this process and in its threads. Without a folder that can be written, the process starts slower and takes more memory. */
export function useCompileCache() {
  // Threads read the variable when they start. This process has started, so it asks.
  process.env.NODE_COMPILE_CACHE ||= defaultFolder;
  process.getBuiltinModule('node:module').enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

/**
 * Compiles all of our scripts into the cache, if any of them changed since that was done last. Another process does it, because the memory that the
 * type stripper takes is never given back.
 */
export function completeCompileCache() {
  if (isComplete() || !canWrite()) return;
  spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url)], { stdio: 'ignore' });
}

function isComplete() {
  const written = statSync(markerFile(), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return scripts().every((script) => statSync(script).mtimeMs < written);
}

function canWrite() {
  try {
    accessSync(process.env.NODE_COMPILE_CACHE || defaultFolder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Exists when the cache holds all of our scripts. Each version of Node has a cache of its own. */
function markerFile() {
  return join(process.env.NODE_COMPILE_CACHE || defaultFolder, `complete-${process.version}`);
}

function scripts() {
  const files = readdirSync(source, { recursive: true });
  return files.filter((file) => file.endsWith('.ts')).map((file) => join(source, file));
}

if (import.meta.main) {
  useCompileCache();
  for (const script of scripts()) {
    // The main of a thread throws here, because it gets no task. It has been compiled by then.
    await import(pathToFileURL(script)).catch(() => undefined);
  }
  process.once('exit', () => writeFileSync(markerFile(), ''));
}
