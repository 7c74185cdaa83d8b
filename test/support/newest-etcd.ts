// Builds the newest etcd, which distributions do not have yet: once, with Go, into a cache folder. test/run.ts calls
// it.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './peer-process.ts';

export const newestEtcdVersion = '3.7.3';

/** The folder for programs that tests build or install once. */
export const testCache =
  process.env.ZONEWRIGHT_TEST_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'zonewright-test');
const built = join(testCache, `etcd-${newestEtcdVersion}`);

/** Returns the path that `ZONEWRIGHT_TEST_NEWEST_ETCD` names, or that of the built program; undefined without both. */
export function findNewestEtcd(): string | undefined {
  return process.env.ZONEWRIGHT_TEST_NEWEST_ETCD ?? (existsSync(built) ? built : undefined);
}

/** Builds the newest etcd unless it is there. Without Go, or if the build fails, its tests are skipped. */
export function buildNewestEtcd(): void {
  if (findNewestEtcd() !== undefined) return;
  const go = findProgram('go') ?? (existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : undefined);
  if (go === undefined) {
    console.error(`Go, which builds etcd ${newestEtcdVersion}, is not installed: the tests of this etcd are skipped`);
    return;
  }
  console.error(`building etcd ${newestEtcdVersion}`);
  mkdirSync(testCache, { recursive: true });
  const folder = mkdtempSync(join(testCache, 'build-'));
  const server = 'go.etcd.io/etcd/server/v3';
  // etcd's go.mod has `replace` lines, so `go install` refuses it. A module that requires etcd may build it.
  const steps = [
    ['mod', 'init', 'build'],
    ['get', '-tool', `${server}@v${newestEtcdVersion}`],
    ['build', '-o', 'etcd', server],
  ];
  try {
    for (const step of steps) {
      const { status, error, stderr } = spawnSync(go, step, { cwd: folder, encoding: 'utf8' });
      if (status === 0) continue;
      console.error(`could not build etcd ${newestEtcdVersion}: ${error?.message ?? stderr.slice(-2000)}`);
      return;
    }
    renameSync(join(folder, 'etcd'), built);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
