// Builds CoreDNS, a part of external-dns, kube-apiserver and kubectl with Go, once, into the cache folder of the tests.
// Without Go, or if a build fails, the tests of this program are skipped. test/run.ts calls it. newest-etcd.ts builds
// the newest etcd.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../src/model/thrown.ts';
import { testCache } from './newest-etcd.ts';
import { findProgram } from './peer-process.ts';

const coreDns = 'github.com/coredns/coredns';
const externalDns = 'sigs.k8s.io/external-dns';
const kubernetes = 'k8s.io/kubernetes';
const kubernetesVersion = '1.34.2';

interface Neighbour {
  version: string;
  /** The arguments of Go for each step, in a folder of its own. The last one writes the program `built`. */
  steps: (version: string) => string[][];
  /** A file that the folder needs. */
  source?: URL;
  /**
   * A module whose parts are modules in its repository (`k8s.io/api => ./staging/src/k8s.io/api`). Others get these
   * parts as modules of their own, with the same minor and patch version of 0.
   */
  staged?: string;
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
  'kube-apiserver': kubernetesProgram('kube-apiserver'),
  kubectl: kubernetesProgram('kubectl'),
} satisfies Record<string, Neighbour>;

type GoNeighbour = keyof typeof neighbours;

/** The programs that the tests in test/neighbours start, and those of the tests in test/kubernetes. */
export const neighbourPrograms: readonly GoNeighbour[] = ['coredns', 'external-dns'];
export const kubernetesPrograms: readonly GoNeighbour[] = ['kube-apiserver', 'kubectl'];

function kubernetesProgram(name: string): Neighbour {
  return {
    version: kubernetesVersion,
    steps: (version) => [
      ['get', `${kubernetes}/cmd/${name}@v${version}`],
      [
        'build',
        '-ldflags',
        `-s -w -X k8s.io/component-base/version.gitVersion=v${version}`,
        '-o',
        'built',
        `${kubernetes}/cmd/${name}`,
      ],
    ],
    staged: kubernetes,
  };
}

/** Returns the program; undefined if it was not built. */
export function findGoBuilt(name: GoNeighbour): string | undefined {
  const built = pathOf(name);
  return existsSync(built) ? built : undefined;
}

/** Builds the programs that are missing. The first build of CoreDNS and external-dns takes about six minutes. */
export function buildWithGo(names: readonly GoNeighbour[]): void {
  const go = findProgram('go') ?? (existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : undefined);
  for (const name of names) {
    if (findGoBuilt(name) !== undefined) continue;
    if (go === undefined) console.error(`Go, which builds ${name}, is not installed: its tests are skipped`);
    else build(go, name);
  }
}

function build(go: string, name: GoNeighbour): void {
  const { version, steps, source, staged }: Neighbour = neighbours[name];
  console.error(`building ${name} ${version}`);
  mkdirSync(testCache, { recursive: true });
  const folder = mkdtempSync(join(testCache, 'build-'));
  try {
    if (source !== undefined) copyFileSync(fileURLToPath(source), join(folder, 'main.go'));
    const run = (args: readonly string[]): string => {
      const { status, error, stdout, stderr } = spawnSync(go, args, { cwd: folder, encoding: 'utf8' });
      if (status === 0) return stdout;
      throw new Error(error?.message ?? `go ${args[0]}: ${stderr.slice(-2000)}`);
    };
    if (staged !== undefined) {
      run(['mod', 'init', 'build']);
      run(['mod', 'edit', ...replacedParts(run(['mod', 'download', '-json', `${staged}@v${version}`]), version)]);
    }
    for (const step of steps(version)) run(step);
    renameSync(join(folder, 'built'), pathOf(name));
  } catch (error) {
    console.error(`could not build ${name} ${version}: ${messageOf(error)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the flags of `go mod edit` for the staged parts of a module. `downloaded`: what Go said of its download. */
function replacedParts(downloaded: string, version: string): string[] {
  const { GoMod } = JSON.parse(downloaded) as { GoMod: string };
  const parts = readFileSync(GoMod, 'utf8').matchAll(/^\s*(\S+) => \.\/staging\//gm);
  return [...parts].map(([, part]) => `-replace=${part}=${part}@v${version.replace(/^1\./, '0.')}`);
}

function pathOf(name: GoNeighbour): string {
  return join(testCache, `${name}-${neighbours[name].version}`);
}
