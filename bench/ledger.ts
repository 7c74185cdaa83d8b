// Fills a ledger with two million events on SQLite and, if it is installed, on PostgreSQL. Prints the plans of the
// queries. Then prints one table: the times of queries, the cost of an event, retention with writes at the same time,
// the delays of the main thread at 2,000 events a second, and the memory. Run it with `npm run bench:ledger [events]
// [sqlite|postgresql]`.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Client } from '../src/ledger/client.ts';
import { PrismaClient as PostgresqlClient } from '../src/ledger/generated/postgresql/client.ts';
import { PrismaClient as SqliteClient } from '../src/ledger/generated/sqlite/client.ts';
import type { Ledger } from '../src/ledger/ledger.ts';
import type { LedgerTask } from '../src/ledger/ledger-messages.ts';
import { LedgerThread } from '../src/ledger/ledger-thread.ts';
import { PrismaLedger } from '../src/ledger/prisma-ledger.ts';
import { sqliteAdapter } from '../src/ledger/sqlite-adapter.ts';
import { skipWithoutPostgresql, startPostgresql } from '../test/support/postgresql.ts';
import { inScope, temporaryFolder } from '../test/support/temporary.ts';
import { end, heldOn, outboxRow, perTransaction, timeOf } from './ledger-events.ts';

const events = Number(process.argv[2] ?? 2_000_000);
const only = process.argv[3];
const transactions = events / perTransaction;
const rowsAtOnce = 50;
const asked = 30;
const appendSeconds = 15;
const [secondsAtRate, eventsPerSecond] = [10, 2000];

const march = { since: Date.parse('2026-03-03T00:00:00Z'), until: Date.parse('2026-03-04T00:00:00Z') };
const address = heldOn(march, transactions);
const host = 'host-330.bench.example';

/** A title → the question. */
const questions: Record<string, (ledger: Ledger) => Promise<{ items: unknown[] }>> = {
  [`who had ${address} on 3 March?`]: (ledger) =>
    ledger.addressHistory({ space: 'default', address, ...march }, { limit: 100 }),
  'all before 3 March': (ledger) => ledger.listEvents({ until: march.since }, { limit: 100 }),
  'all on 3 March': (ledger) => ledger.listEvents(march, { limit: 100 }),
  'an actor on 3 March': (ledger) => ledger.listEvents({ actor: '01J7', ...march }, { limit: 100 }),
  'the page of a host': (ledger) => ledger.listEvents({ name: host, resource: 'host' }, { limit: 100 }),
  'a host since 3 March': (ledger) => ledger.listEvents({ name: host, since: march.since }, { limit: 100 }),
  'the newest page': (ledger) => ledger.listEvents({}, { limit: 100 }),
  'a kind that is rare': (ledger) => ledger.listEvents({ resource: 'token' }, { limit: 100 }),
};
const plannedQuestions = 4;

/** A title → the database → the figure. */
const figures: Record<string, Record<string, string>> = {};

function note(task: LedgerTask, what: string, figure: string): void {
  figures[what] = { ...figures[what], [task.kind]: figure };
}

const megabytes = () =>
  Math.round(Number(/VmRSS:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024);

/** Returns median, 99th percentile and maximum. */
function spread(times: number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]?.toFixed(1);
  return `${at(0.5)} / ${at(0.99)} / ${at(1)} ms`;
}

async function timed<T>(work: () => Promise<T>): Promise<{ milliseconds: number; result: T }> {
  const start = performance.now();
  const result = await work();
  return { milliseconds: performance.now() - start, result };
}

/** Prints the database's plans for the queries of the first questions. */
async function printPlans(task: LedgerTask): Promise<void> {
  const queries: { query: string; params: string }[] = [];
  const log = [{ emit: 'event' as const, level: 'query' as const }];
  const client =
    task.kind === 'sqlite'
      ? new SqliteClient({ adapter: sqliteAdapter(task.file), log })
      : new PostgresqlClient({ adapter: new PrismaPg(task.url), log });
  (client as SqliteClient<'query'>).$on('query', (event) => queries.push(event));
  const ledger = new PrismaLedger(client as unknown as Client, task.kind, '');
  const explain =
    task.kind === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)';
  for (const [title, ask] of Object.entries(questions).slice(0, plannedQuestions)) {
    queries.length = 0;
    await ask(ledger);
    console.log(`  ${task.kind}, plan of '${title}':`);
    for (const { query, params } of [...queries]) {
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

async function fill(task: LedgerTask, ledger: Ledger, size: () => number): Promise<void> {
  const cpu = process.cpuUsage();
  let encoding = 0;
  const { milliseconds } = await timed(async () => {
    let under: Promise<unknown> | undefined;
    for (let revision = 1; revision <= transactions; revision += rowsAtOnce) {
      const start = process.threadCpuUsage();
      const rows = Array.from({ length: rowsAtOnce }, (_, n) =>
        outboxRow(revision + n, timeOf(revision + n, transactions)),
      );
      const { user, system } = process.threadCpuUsage(start);
      encoding += user + system;
      await under;
      under = ledger.append(rows);
    }
    await under;
  });
  const { user, system } = process.cpuUsage(cpu);
  note(task, `${events} events were written in`, `${(milliseconds / 1000).toFixed(0)} s`);
  note(task, 'CPU of an event, in this process', `${((user + system - encoding) / events).toFixed(1)} µs`);
  note(task, 'an event on the disk, with its uses', `${(size() / events).toFixed(0)} octets`);
}

/** Appends 200 events every 50 ms until the work has ended. Returns how long each append took. */
async function appendBeside(ledger: Ledger, nextRevision: () => number, work: Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let ended = false;
  work.finally(() => {
    ended = true;
  });
  while (!ended) {
    const rows = Array.from({ length: 10 }, () => outboxRow(nextRevision(), end));
    times.push((await timed(() => ledger.append(rows))).milliseconds);
    await delay(50);
  }
  return times;
}

/** Measures the delays of the main thread: while it hands events to the ledger, or, without `isOn`, while it waits. */
async function measureDelays(task: LedgerTask, ledger: Ledger, nextRevision: () => number, isOn: boolean) {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const underWay: Promise<unknown>[] = [];
  const rows = Array.from({ length: eventsPerSecond / 10 / perTransaction }, () => outboxRow(1, end));
  const cpu = process.cpuUsage();
  loop.enable();
  for (let n = 0; n < secondsAtRate * 10; n += 1) {
    if (isOn) underWay.push(ledger.append(rows.map((row) => ({ ...row, revision: nextRevision() }))));
    await delay(100);
  }
  loop.disable();
  await Promise.all(underWay);
  const { user, system } = process.cpuUsage(cpu);
  const milliseconds = (nanoseconds: number) => (nanoseconds / 1e6).toFixed(1);
  note(
    task,
    `main thread's delay ${isOn ? `at ${eventsPerSecond} events a second` : 'without events'} (99th percentile / longest)`,
    `${milliseconds(loop.percentile(99))} / ${milliseconds(loop.max)} ms`,
  );
  note(task, `CPU ${isOn ? 'with' : 'without'} them`, `${((user + system) / secondsAtRate / 1e4).toFixed(0)} %`);
}

interface Database {
  task: LedgerTask;
  size: () => number;
  /** Runs deferred work of the database, so that it does not disturb the next measurement. */
  settle: () => void;
}

async function measure({ task, size, settle }: Database): Promise<void> {
  note(task, 'memory without a ledger', `${megabytes()} MB`);
  const ledger = new LedgerThread(task);
  await ledger.identity();
  note(task, 'memory with an open ledger', `${megabytes()} MB`);
  await fill(task, ledger, size);
  note(task, 'memory after all events', `${megabytes()} MB`);
  let revision = transactions;
  const nextRevision = () => ++revision;
  const right = await appendBeside(ledger, nextRevision, delay(appendSeconds * 1000));
  note(task, 'an append of 200, right after so many', spread(right));
  settle();
  for (const [title, ask] of Object.entries(questions)) {
    const times: number[] = [];
    let found = 0;
    for (let n = 0; n < asked; n += 1) {
      const { milliseconds, result } = await timed(() => ask(ledger));
      times.push(milliseconds);
      found = result.items.length;
    }
    if (found === 0) throw new Error(`${title} Nothing was found.`);
    note(task, `${title} (${found} found)`, spread(times));
  }
  await printPlans(task);
  note(task, 'an append of 200', spread(await appendBeside(ledger, nextRevision, delay(appendSeconds * 1000))));
  const retaining = timed(() => ledger.retain({ maxEvents: events - events / 20 }));
  const beside = await appendBeside(ledger, nextRevision, retaining);
  const { milliseconds, result } = await retaining;
  note(task, 'an append of 200 beside retention', spread(beside));
  note(task, 'retention deletes beside it', `${((result / milliseconds) * 1000).toFixed(0)} rows a second`);
  settle();
  for (const isOn of [false, true]) await measureDelays(task, ledger, nextRevision, isOn);
  note(task, 'memory at the end', `${megabytes()} MB`);
  await ledger.close();
}

await inScope(async (scope) => {
  if (only !== 'postgresql') {
    const file = join(await temporaryFolder(scope), 'ledger.db');
    await measure({ task: { kind: 'sqlite', file }, size: () => statSync(file).size, settle: () => {} });
  }
  if (only !== 'sqlite' && skipWithoutPostgresql() === false) {
    const server = await startPostgresql(scope);
    const url = server.newDatabase();
    const size = () => Number(server.run(url, 'SELECT pg_database_size(current_database())'));
    const settle = () => {
      for (const statement of ['VACUUM ANALYZE', 'CHECKPOINT']) server.run(url, statement);
    };
    await measure({ task: { kind: 'postgresql', url }, size, settle });
  }
  console.log('\nmedian / 99th percentile / longest:');
  console.table(figures);
});
