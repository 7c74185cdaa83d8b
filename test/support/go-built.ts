// Builds CoreDNS and a part of external-dns with Go, once, into the cache folder of the tests. Without Go, or if a
// build fails, the tests of this program are skipped. test/run.ts calls it. newest-etcd.ts builds the newest etcd.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testCache } from './newest-etcd.ts';
import { findProgram } from './peer-process.ts';

const coreDns = 'github.com/coredns/coredns';
const externalDns = 'sigs.k8s.io/external-dns';

interface Neighbour {
  version: string;
  /** The arguments of Go for each step, in a folder of its own. The last one writes the program `built`. */
  steps: (version: string) => string[][];
  /** A file that the folder needs. */
  source?: URL;
}

const neighbours = {
  coredns: {
    version: '1.15.0',
    steps: (version) => [
      ['mod', 'init', 'build'],
      ['get', '-tool', `${coreDns}@v${version}`],
      ['build', '-o', 'built', coreDns],
    ],
  },
  // The whole program cannot be built here: a main function of ours uses some of its packages.
  'external-dns': {
    version: '0.22.0',
    steps: (version) => [
      ['mod', 'init', 'build'],
      [
        'get',
        ...['plan', 'pkg/apis/externaldns', 'provider/coredns', 'registry/txt'].map(
          (part) => `${externalDns}/${part}@v${version}`,
        ),
      ],
      ['build', '-o', 'built', '.'],
    ],
    source: new URL('../neighbours/external-dns/main.go', import.meta.url),
  },
} satisfies Record<string, Neighbour>;

type GoNeighbour = keyof typeof neighbours;

/** Returns the program; undefined if it was not built. */
export function findGoBuilt(name: GoNeighbour): string | undefined {
  const built = pathOf(name);
  return existsSync(built) ? built : undefined;
}

/** Builds the missing programs. The first build takes about six minutes on two cores. */
export function buildGoNeighbours(): void {
  const go = findProgram('go') ?? (existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : undefined);
  for (const name of Object.keys(neighbours) as GoNeighbour[]) {
    if (findGoBuilt(name) !== undefined) continue;
    if (go === undefined) console.error(`Go, which builds ${name}, is not installed: its tests are skipped`);
    else build(go, name);
  }
}

function build(go: string, name: GoNeighbour): void {
  const { version, steps, source }: Neighbour = neighbours[name];
  console.error(`building ${name} ${version}`);
  mkdirSync(testCache, { recursive: true });
  const folder = mkdtempSync(join(testCache, 'build-'));
  try {
    if (source !== undefined) copyFileSync(fileURLToPath(source), join(folder, 'main.go'));
    for (const step of steps(version)) {
      const { status, error, stderr } = spawnSync(go, step, { cwd: folder, encoding: 'utf8' });
      if (status === 0) continue;
      console.error(`could not build ${name} ${version}: ${error?.message ?? stderr.slice(-2000)}`);
      return;
    }
    renameSync(join(folder, 'built'), pathOf(name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pathOf(name: GoNeighbour): string {
  return join(testCache, `${name}-${neighbours[name].version}`);
}
