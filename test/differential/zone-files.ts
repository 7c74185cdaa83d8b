// Imports zone files in the styles of other servers, exports the zones, and compares them with what BIND, NSD and Knot
// read from the same files. BIND and NSD must also read the same zone from our export.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { servedApi } from '../support/served-api.ts';
import type { Cleanup } from '../support/temporary.ts';
import { temporaryFolder } from '../support/temporary.ts';
import {
  documentedDifferences,
  mendings,
  type PeerReader,
  type RrsetPair,
  type RrsetText,
  rrsetsOf,
} from './zone-file-differences.ts';
import { readByNamed, readByNsd, startKnot } from './zone-file-peers.ts';
import { type StyledFile, styledFile } from './zone-file-styles.ts';

export interface ZoneFilesReport {
  files: number;
  rrsets: number;
  /** The number of files that each peer has read. `mendings` may have changed them. */
  taken: Record<PeerReader, number>;
  mended: Record<string, number>;
  documented: Record<string, number>;
  unexplained: string[];
}

const atOnce = 4;

/** Runs with the first `files` files of this seed. */
export async function runZoneFiles(scope: Cleanup, seed: number, files: number): Promise<ZoneFilesReport> {
  const zero = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 0]));
  const report: ZoneFilesReport = {
    files: 0,
    rrsets: 0,
    taken: { named: 0, nsd: 0, knot: 0 },
    mended: zero(Object.keys(mendings)),
    documented: zero(Object.keys(documentedDifferences)),
    unexplained: [],
  };
  const folder = await temporaryFolder(scope);
  const { api } = await servedApi(scope);
  const all = await Promise.all(
    Array.from({ length: files }, async (_, number) => {
      const file = styledFile(seed, number);
      const path = join(folder, `${number}.zone`);
      await writeFile(path, mendedText(file, report), 'latin1');
      return { file, path };
    }),
  );
  const knot = await startKnot(
    scope,
    folder,
    all.map(({ file, path }) => ({ zone: file.zone, file: path })),
  );
  const readers: Readonly<Record<PeerReader, (zone: string, path: string) => Promise<string | undefined>>> = {
    named: readByNamed,
    nsd: readByNsd,
    knot,
  };
  const runOne = async ({ file, path }: (typeof all)[number]) => {
    const { zone } = file;
    const say = (what: string) => void report.unexplained.push(`file ${file.number}, ${file.style}, ${zone}: ${what}`);
    await api.ok(201, 'POST', '/v1/zones', { name: zone });
    const url = `/v1/zones/${zone}/zonefile`;
    const imported = await api.send('PUT', url, file.text, { 'content-type': 'text/dns' });
    if (imported.status !== 200) return say(`the import is refused: ${imported.text}`);
    const { warnings } = imported.body as { warnings: { message: string }[] };
    const warned = new Set(warnings.flatMap(({ message }) => /^the TTLs of (\S+ \S+) differ/.exec(message)?.[1] ?? []));
    const answer = await api.send('GET', url);
    const exported = answer.text ?? String(answer.body);
    const ours = rrsetsOf(exported, zone);
    report.files += 1;
    report.rrsets += ours.size;
    for (const [peer, read] of Object.entries(readers) as [PeerReader, (typeof readers)[PeerReader]][]) {
      const text = await read(zone, path);
      if (text === undefined) {
        if (peer === 'named') say('BIND refuses the file');
        continue;
      }
      report.taken[peer] += 1;
      for (const pair of differences(ours, rrsetsOf(text, zone))) explain({ ...pair, peer, file, warned }, report, say);
    }
    const again = `${path}.exported`;
    await writeFile(again, exported, 'latin1');
    for (const [peer, read] of Object.entries({ named: readByNamed, nsd: readByNsd })) {
      const text = await read(zone, again);
      if (text === undefined) say(`${peer} refuses our export`);
      else if (!isSame(rrsetsOf(text, zone), ours)) say(`${peer} reads another zone from our export`);
    }
  };
  const waiting = [...all];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await runOne(next);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return report;
}

function mendedText({ text, zone }: StyledFile, report: ZoneFilesReport): string {
  let mended = text;
  for (const [name, { mend }] of Object.entries(mendings)) {
    const before = mended;
    mended = mend(mended, zone);
    if (mended !== before) report.mended[name] = (report.mended[name] ?? 0) + 1;
  }
  return mended;
}

function* differences(
  ours: ReadonlyMap<string, RrsetText>,
  theirs: ReadonlyMap<string, RrsetText>,
): Generator<Pick<RrsetPair, 'key' | 'ours' | 'theirs'>> {
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const pair = { key, ours: ours.get(key), theirs: theirs.get(key) };
    if (JSON.stringify(pair.ours) !== JSON.stringify(pair.theirs)) yield pair;
  }
}

function explain(pair: RrsetPair, report: ZoneFilesReport, say: (what: string) => void): void {
  const found = Object.entries(documentedDifferences).find(([, { explains }]) => explains(pair));
  if (found !== undefined) report.documented[found[0]] = (report.documented[found[0]] ?? 0) + 1;
  else say(`${pair.peer} has ${pair.key} ${JSON.stringify(pair.theirs)}, we ${JSON.stringify(pair.ours)}`);
}

function isSame(one: ReadonlyMap<string, RrsetText>, other: ReadonlyMap<string, RrsetText>): boolean {
  return (
    one.size === other.size &&
    [...one].every(([key, rrset]) => JSON.stringify(rrset) === JSON.stringify(other.get(key)))
  );
}

export function describeZoneFiles({ files, rrsets, taken, mended, documented }: ZoneFilesReport): string {
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  return `${files} files with ${rrsets} RRsets; read by ${list(taken)}; changed for peers: ${list(mended)}; documented differences: ${list(documented)}`;
}
