// Checks the files and folders that the settings name. So their faults are reported before the store is read, and
// together with the faults of other settings.

import type { NamedFiles } from './config.ts';
import { checkDataDir, prepareDataDir } from './data-dir.ts';
import type { CertificateFiles, CertificateUse } from './dns/listen/certificate.ts';

/** Returns the faults of these files. `prepares`: true creates the data folder, false only checks it. */
export async function faultsOfFiles({ dataDir, dns, api }: NamedFiles, prepares: boolean): Promise<string[]> {
  const checks = await Promise.allSettled([
    dataDir !== undefined && (prepares ? prepareDataDir(dataDir) : checkDataDir(dataDir)),
    readIfNamed(dns, 'DNS'),
    readIfNamed(api, 'API'),
  ]);
  const reasons = checks.flatMap((check): unknown[] => {
    if (check.status === 'fulfilled') return [];
    return check.reason instanceof AggregateError ? check.reason.errors : [check.reason];
  });
  return reasons.map((reason) => (reason as Error).message);
}

/** Loads the code for certificates only if there is a file to check. */
async function readIfNamed(files: Partial<CertificateFiles> | undefined, use: CertificateUse): Promise<void> {
  if (files === undefined || Object.keys(files).length === 0) return;
  const { readFiles } = await import('./dns/listen/certificate.ts');
  await readFiles(files, use);
}
