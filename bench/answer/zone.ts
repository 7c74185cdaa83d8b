// The zone that every contender serves, and the questions about it. Contenders that read zone files get the same file.
// The others get its names in their own form (contenders.ts).

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const zoneName = 'bench.example';
export const kinds = ['existing', 'missing', 'wildcard'] as const;
/** A kind of questions. Its names exist in the zone, do not exist, or are those of a wildcard. */
export type QuestionKind = (typeof kinds)[number];

/** The number of questions of each kind. */
const questionCount = 20_000;

export function hostLabel(i: number): string {
  return `host-${i}`;
}

export function hostAddress(i: number): string {
  return `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
}

/** Writes the zone file: SOA, NS with its address, a wildcard at `*.apps`, and `names` hosts with one address each. */
export async function writeZoneFile(folder: string, names: number): Promise<string> {
  const file = join(folder, 'zone');
  const lines = [
    `$ORIGIN ${zoneName}.`,
    '$TTL 300',
    '@ SOA ns1 hostmaster 1 3600 600 86400 30',
    '@ NS ns1',
    'ns1 A 192.0.2.1',
    '*.apps A 192.0.2.2',
  ];
  for (let i = 0; i < names; i += 1) lines.push(`${hostLabel(i)} A ${hostAddress(i)}`);
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** Writes a file of questions for each kind, in the format of dnsperf. */
export async function writeQuestions(folder: string, names: number): Promise<Record<QuestionKind, string>> {
  const pick = () => Math.floor(Math.random() * names);
  const labels: Record<QuestionKind, () => string> = {
    existing: () => hostLabel(pick()),
    missing: () => `none-${pick()}`,
    wildcard: () => `app-${pick()}.apps`,
  };
  const files = {} as Record<QuestionKind, string>;
  for (const kind of kinds) {
    files[kind] = join(folder, `questions-${kind}`);
    const lines = Array.from({ length: questionCount }, () => `${labels[kind]()}.${zoneName} A`);
    await writeFile(files[kind], `${lines.join('\n')}\n`);
  }
  return files;
}
