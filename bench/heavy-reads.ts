// Measures what the heaviest reads of one token do to a replica that has the ledger: many at once, for ten seconds
// each. measure-attacks.ts says what is measured. reading-attacks.ts has the reads.
//
// npm run bench:heavy-reads [part of an attack's title] [seconds until the last look at memory] [reads at once]

import { join } from 'node:path';
import { openSqliteLedger } from '../src/ledger/heads/sqlite.ts';
import type { Replica } from '../test/support/replica.ts';
import { outboxRow } from './ledger-events.ts';
import { measureAttacks } from './measure-attacks.ts';
import { readingAttackNames, runReadingAttack } from './reading-attacks.ts';

const [only = '', settleSeconds = '60', atOnce = '64'] = process.argv.slice(2);
const seconds = 10;
const hosts = 2_000;
/** The number of transactions in the ledger. Each has 20 events (bench/ledger-events.ts). */
const transactions = 10_000;
const rowsAtOnce = 500;
/** The revision of the first of these transactions: higher than any that the replicas reach. */
const firstRevision = 1_000_000;
const minute = 60_000;
/** The number of samples of a pool, one per minute. */
const samples = 20_000;

await measureAttacks({
  fill,
  attacks: readingAttackNames.filter((one) => one.includes(only)),
  run: (name, port) => runReadingAttack(name, port, Number(atOnce), seconds),
  settleSeconds: Number(settleSeconds),
});

async function fill(replica: Replica): Promise<void> {
  const { ledger } = await replica.expect<{ ledger: { state: string } }>(200, 'GET', '/readyz');
  if (ledger.state !== 'here') throw new Error(`the first replica does not have the ledger: ${ledger.state}`);
  const names = Array.from({ length: hosts }, (_, i) => `h${i}.foo.k8s`).values();
  const create = async () => {
    for (const name of names) await replica.expect(201, 'POST', '/v1/hosts', { name, tags: { app: 'web' } });
  };
  await Promise.all(Array.from({ length: 16 }, create));
  await fillZone(replica);
  await fillLedger(join(replica.folder, 'ledger.db'));
  // Lets the replica work before the measurement: its code is then compiled, and its memory has grown.
  const port = Number(new URL(replica.url).port);
  for (const name of readingAttackNames) await runReadingAttack(name, port, 2, 1);
}

/** Makes a zone with RRsets of 20 kB. Writes each RRset twice, so that the ledger has large events. */
async function fillZone(replica: Replica): Promise<void> {
  await replica.expect(201, 'POST', '/v1/zones', { name: 'large.k8s' });
  for (const ttl of [300, 600]) {
    for (let i = 0; i < 100; i += 10) {
      const rrsets = Array.from({ length: 10 }, (_, j) => ({
        name: `n${i + j}`,
        type: 'TXT',
        ttl,
        records: Array.from({ length: 80 }, (_, k) => `"${k} ${'x'.repeat(240)}"`),
      }));
      await replica.expect(200, 'PATCH', '/v1/zones/large.k8s/rrsets', rrsets);
    }
  }
}

/** Writes events and samples into the ledger's file, which the replica has open. */
async function fillLedger(file: string): Promise<void> {
  const ledger = await openSqliteLedger(file);
  const now = Date.now();
  try {
    for (let n = 0; n < transactions; n += rowsAtOnce) {
      const rows = Array.from({ length: rowsAtOnce }, (_, i) =>
        outboxRow(firstRevision + n + i, now - (transactions - n) * 1000),
      );
      await ledger.append(rows);
    }
    for (let n = 0; n < samples; n += rowsAtOnce) {
      await ledger.appendSamples(
        Array.from({ length: rowsAtOnce }, (_, i) => ({
          pool: 'default',
          family: 'ipv4' as const,
          at: now - (samples - n - i) * minute,
          capacity: 65_536,
          used: n + i,
          recorded: 0,
          coolingDown: 0,
        })),
      );
    }
  } finally {
    await ledger.close();
  }
}
