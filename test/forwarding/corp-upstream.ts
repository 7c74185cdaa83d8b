// A real BIND with the zone corp.test, for tests that forward this zone.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Server } from '../support/dns-client.ts';
import { startNamedOn } from '../support/named.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';

const records = `$TTL 300
@      SOA ns.corp.test. me.corp.test. 1 3600 600 86400 60
@      NS  ns
ns     A   192.0.2.53
www    A   192.0.2.80
sub    A   192.0.2.81
alias  CNAME www
ours   CNAME www.ours.test.
big    TXT "${'x'.repeat(250)}" "${'y'.repeat(250)}" "${'z'.repeat(250)}" "${'w'.repeat(250)}" "${'v'.repeat(250)}" "${'u'.repeat(250)}"
`;

/** Starts BIND with the zone. */
export async function startCorp(test: Cleanup): Promise<Server> {
  const folder = await temporaryFolder(test);
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'corp.zone');
  await writeFile(file, records);
  return startNamedOn(
    test,
    folder,
    `options { minimal-responses yes; empty-zones-enable no; allow-recursion { none; }; };\nzone "corp.test" { type primary; file "${file}"; };\n`,
  );
}

export function targetOf({ address, port }: Server): string {
  return `${address}:${port}`;
}
