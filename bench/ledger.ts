// Fills a ledger with two million events on SQLite and on PostgreSQL (if it is installed), and prints how long it is
// asked and with which plan, what an event costs, how retention and writes get on with each other, what the main thread
// notices of 2,000 events a second, and the memory. Run it with `npm run bench:ledger [events]`.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Client } from '../src/ledger/client.ts';
import { PrismaClient as PostgresqlClient } from '../src/ledger/generated/postgresql/client.ts';
import { PrismaClient as SqliteClient } from '../src/ledger/generated/sqlite/client.ts';
import type { Ledger, OutboxRow } from '../src/ledger/ledger.ts';
import type { LedgerTask } from '../src/ledger/ledger-messages.ts';
import { LedgerThread } from '../src/ledger/ledger-thread.ts';
import { PrismaLedger } from '../src/ledger/prisma-ledger.ts';
import { sqliteAdapter } from '../src/ledger/sqlite-adapter.ts';
import { outboxValue } from '../src/store/kinds/outbox.ts';
import { skipWithoutPostgresql, startPostgresql } from '../test/support/postgresql.ts';
import { inScope, temporaryFolder } from '../test/support/temporary.ts';

const events = Number(process.argv[2] ?? 2_000_000);
/** Requests that share a transaction. */
const perTransaction = 20;
const transactions = events / perTransaction;
const day = 24 * 3600 * 1000;
const begin = Date.parse('2025-10-26T00:00:00Z');
const days = 400;
const rowsAtOnce = 50;
const [queried, secondsAtRate, eventsPerSecond] = [30, 10, 2000];

const address = (n: number) => `10.2.${(n >> 8) & 255}.${n & 255}`;
const timeOf = (revision: number) => begin + (revision / transactions) * days * day;

/** Returns a transaction's key of the outbox: hosts that come and go, and changes of others. */
function outboxRow(revision: number, at = timeOf(revision)): OutboxRow {
  const decisions = Array.from({ length: perTransaction }, (_, place) => {
    const n = revision * perTransaction + place;
    // A third of a host's events takes or releases its address.
    const host = `host-${n % 65_536}.bench.example`;
    const round = Math.floor(n / 65_536);
    const takes = round % 6 === 0;
    const use = { space: 'default', address: address(n), holder: `host:${host}`, owner: 'team-a', pool: 'lan' };
    return {
      actor: {
        kind: 'token' as const,
        id: `01J${n % 50}`,
        name: `token ${n % 50}`,
        from: '192.0.2.17',
        requestId: '6f1c7a0e-8a7b-4bb1-9f0e-2f6d8d1c0a11',
        request: `PATCH /v1/hosts/${host}`,
      },
      events: [
        {
          resource: n % 50_000 === 7 ? ('token' as const) : ('host' as const),
          action: takes ? ('created' as const) : ('changed' as const),
          name: host,
          before: takes ? null : { ttl: 300, tags: { app: 'web' } },
          after: { ttl: 60, tags: { app: 'web', rack: String(n % 40) } },
        },
      ],
      uses: takes
        ? [{ ...use, action: 'taken' as const }]
        : round % 6 === 5
          ? [{ ...use, action: 'released' as const }]
          : [],
    };
  });
  const value = outboxValue.encode({ at: new Date(at).toISOString(), replica: 'a', decisions });
  return { key: `outbox/${revision}`, revision, value };
}

const megabytes = () =>
  Math.round(Number(/VmRSS:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024);
const quantile = (sorted: number[], part: number) =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1);
const spread = (times: number[]) => {
  const sorted = times.toSorted((a, b) => a - b);
  return `median ${quantile(sorted, 0.5)} ms, 99th percentile ${quantile(sorted, 0.99)} ms, longest ${sorted.at(-1)?.toFixed(1)} ms`;
};

async function timed<T>(work: () => Promise<T>): Promise<{ milliseconds: number; result: T }> {
  const start = performance.now();
  const result = await work();
  return { milliseconds: performance.now() - start, result };
}

const march = { since: Date.parse('2026-03-03T00:00:00Z'), until: Date.parse('2026-03-04T00:00:00Z') };
/** A title → the question. */
const questions: Record<string, (ledger: Ledger) => Promise<{ items: unknown[] }>> = {
  'who had 10.2.1.74 on 3 March?': (ledger) =>
    ledger.addressHistory({ space: 'default', address: '10.2.1.74', ...march }, { limit: 100 }),
  'the newest page': (ledger) => ledger.listEvents({}, { limit: 100 }),
  'the page of a host': (ledger) =>
    ledger.listEvents({ name: 'host-330.bench.example', resource: 'host' }, { limit: 100 }),
  'an actor on 3 March': (ledger) => ledger.listEvents({ actor: '01J7', ...march }, { limit: 100 }),
  'all on 3 March': (ledger) => ledger.listEvents(march, { limit: 100 }),
  'before 3 March': (ledger) => ledger.listEvents({ until: march.since }, { limit: 100 }),
  'a host since 3 March': (ledger) =>
    ledger.listEvents({ name: 'host-330.bench.example', since: march.since }, { limit: 100 }),
  'a kind that is rare': (ledger) => ledger.listEvents({ resource: 'token' }, { limit: 100 }),
};

/** Prints the plans of what a question asks the database. */
async function printPlans(task: LedgerTask): Promise<void> {
  const asked: { query: string; params: string }[] = [];
  const log = [{ emit: 'event' as const, level: 'query' as const }];
  const client =
    task.kind === 'sqlite'
      ? new SqliteClient({ adapter: sqliteAdapter(task.file), log })
      : new PostgresqlClient({ adapter: new PrismaPg(task.url), log });
  (client as SqliteClient<'query'>).$on('query', (event) => asked.push(event));
  const ledger = new PrismaLedger(client as unknown as Client, task.kind, '');
  const explain =
    task.kind === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)';
  for (const [title, ask] of Object.entries(questions).slice(0, 5)) {
    asked.length = 0;
    await ask(ledger);
    console.log(`  plan of '${title}':`);
    for (const { query, params } of [...asked]) {
      if (/^(BEGIN|COMMIT)/.test(query)) continue;
      const values = (JSON.parse(params) as unknown[]).map((value) =>
        typeof value === 'string' && /^\d{5,}$/.test(value) ? BigInt(value) : value,
      );
      const rows = (await (client as unknown as Client).$queryRawUnsafe(`${explain} ${query}`, ...values)) as Record<
        string,
        string
      >[];
      for (const row of rows) console.log(`    ${row.detail ?? row['QUERY PLAN']}`);
    }
  }
  await ledger.close();
}

async function measure(task: LedgerTask, size: () => number): Promise<void> {
  console.log(`\n${task.kind}, ${events} events`);
  const bare = megabytes();
  const ledger = new LedgerThread(task);
  await ledger.identity();
  console.log(`  memory: ${bare} MB without, ${megabytes()} MB with an open ledger`);
  const cpu = process.cpuUsage();
  let encoding = 0;
  const { milliseconds } = await timed(async () => {
    let under: Promise<unknown> | undefined;
    for (let revision = 1; revision <= transactions; revision += rowsAtOnce) {
      const start = process.threadCpuUsage();
      const rows = Array.from({ length: rowsAtOnce }, (_, n) => outboxRow(revision + n));
      const { user, system } = process.threadCpuUsage(start);
      encoding += user + system;
      await under;
      under = ledger.append(rows);
    }
    await under;
  });
  const { user, system } = process.cpuUsage(cpu);
  const each = ((user + system - encoding) / events).toFixed(1);
  console.log(
    `  filled in ${(milliseconds / 1000).toFixed(0)} s: ${each} µs of CPU an event in this process; ${(size() / events).toFixed(0)} bytes an event with its uses; ${megabytes()} MB of memory`,
  );
  for (const [title, ask] of Object.entries(questions)) {
    const times: number[] = [];
    let found = 0;
    for (let n = 0; n < queried; n += 1) {
      const { milliseconds, result } = await timed(() => ask(ledger));
      times.push(milliseconds);
      found = result.items.length;
    }
    console.log(`  ${title}: ${found} found, ${spread(times)}`);
  }
  await printPlans(task);

  let revision = transactions + 1;
  const append = () => ledger.append(Array.from({ length: 10 }, () => outboxRow(revision++, begin + days * day)));
  const appendFor = async (until: Promise<unknown>) => {
    const times: number[] = [];
    let ended = false;
    until.finally(() => {
      ended = true;
    });
    while (!ended) {
      times.push((await timed(append)).milliseconds);
      await delay(50);
    }
    return times;
  };
  console.log(`  an append of 200 events: ${spread(await appendFor(delay(5000)))}`);
  const retained = timed(() => ledger.retain({ maxEvents: events - events / 20 }));
  const beside = await appendFor(retained);
  const { milliseconds: run, result: deleted } = await retained;
  console.log(`  beside retention, which deleted ${deleted} rows in ${(run / 1000).toFixed(1)} s: ${spread(beside)}`);

  for (const isOn of [false, true]) {
    const loop = monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
    const cpuBefore = process.cpuUsage();
    const underWay: Promise<unknown>[] = [];
    // As the drain does it: a batch every 100 ms.
    const rows = Array.from({ length: eventsPerSecond / 10 / perTransaction }, () => outboxRow(1, begin + days * day));
    for (let n = 0; n < secondsAtRate * 10; n += 1) {
      if (isOn) underWay.push(ledger.append(rows.map((row) => ({ ...row, revision: revision++ }))));
      await delay(100);
    }
    loop.disable();
    await Promise.all(underWay);
    const used = process.cpuUsage(cpuBefore);
    const milliseconds = (nanoseconds: number) => (nanoseconds / 1e6).toFixed(1);
    console.log(
      `  main thread ${isOn ? 'with' : 'without'} ${eventsPerSecond} events/s: delay 99th percentile ${milliseconds(loop.percentile(99))} ms, longest ${milliseconds(loop.max)} ms; ${((used.user + used.system) / secondsAtRate / 1e4).toFixed(0)} % CPU; ${megabytes()} MB`,
    );
  }
  await ledger.close();
}

await inScope(async (scope) => {
  const only = process.argv[3];
  if (only !== 'postgresql') {
    const file = join(await temporaryFolder(scope), 'ledger.db');
    await measure({ kind: 'sqlite', file }, () => statSync(file).size);
  }
  const skip = skipWithoutPostgresql();
  if (skip !== false || only === 'sqlite') return;
  const server = await startPostgresql(scope);
  const url = server.newDatabase();
  await measure({ kind: 'postgresql', url }, () =>
    Number(server.run(url, 'SELECT pg_database_size(current_database())')),
  );
});
