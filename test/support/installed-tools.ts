// Installs npm tools that are too large for the main package: only some tests and prisma/generate.ts run them. Installs
// each set of tools once, into the cache folder of the tests.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { testCache } from './newest-etcd.ts';

/**
 * Installs the tools of the package.json and package-lock.json in the folder `listed`, unless they are installed.
 * Returns the folder that has them, whose name contains `name`. Returns undefined, and prints the error of npm, if the
 * installation fails, for example because no registry can be reached.
 */
export function installedTools(name: string, listed: string): string | undefined {
  const lock = readFileSync(join(listed, 'package-lock.json'));
  const installed = join(testCache, `${name}-${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`);
  if (existsSync(installed)) return installed;
  mkdirSync(testCache, { recursive: true });
  const folder = mkdtempSync(join(testCache, 'tools-'));
  try {
    cpSync(listed, folder, { recursive: true });
    const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status, stderr } = spawnSync('npm', options, { cwd: folder, encoding: 'utf8' });
    if (status === 0) renameUnlessThere(folder, installed);
    else console.error(`could not install ${name}: ${stderr?.slice(-2000)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return existsSync(installed) ? installed : undefined;
}

/** Renames a folder. Does nothing if another process has installed the same tools meanwhile. */
function renameUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}
