// A fuzz run: gives queries to `respond` one after the other, changes zones in between, checks each response and
// watches memory. Started by run.ts, and for a short run by test/dns/respond/fuzz.test.ts.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Client } from '../../src/dns/respond/client.ts';
import { Random } from '../differential/random.ts';
import { clientAt } from '../support/answers.ts';
import { checkResponse } from './check-response.ts';
import { startFuzzed } from './fuzzed-server.ts';
import { randomQuery } from './random-query.ts';

export interface FuzzOptions {
  seed: number;
  queries: number;
  progress?(report: FuzzReport): void;
}

export interface FuzzReport {
  seed: number;
  queries: number;
  answered: number;
  /** Responses by rcode (the lower four bits). */
  rcodes: Record<number, number>;
  truncated: number;
  records: number;
  /** Memory in octets, after a garbage collection: after the warm-up, and at the end. */
  warm: Memory;
  last: Memory;
}

export interface Memory {
  heap: number;
  /** Outside the heap: typed arrays. */
  buffers: number;
  resident: number;
  /** The table's part of `buffers`. */
  table: number;
}

const changeEvery = 50;
/** A run has twenty stages. The first is the warm-up. */
const measureEvery = 1 / 20;

const clients = (['udp', 'udp', 'udp', 'tcp', 'tls', 'https'] as const).flatMap((transport) =>
  ['198.51.100.100', '2001:db8::99'].map((address) => clientAt(address, transport)),
);

export function runFuzz({ seed, queries, progress }: FuzzOptions): FuzzReport {
  const random = new Random(seed);
  const server = startFuzzed();
  const room = new Uint8Array(65_535);
  const none = { heap: 0, buffers: 0, resident: 0, table: 0 };
  const report: FuzzReport = {
    seed,
    queries: 0,
    answered: 0,
    rcodes: {},
    truncated: 0,
    records: 0,
    warm: none,
    last: none,
  };
  const interval = Math.ceil(queries * measureEvery);
  let previous: Buffer = Buffer.alloc(12);
  while (report.queries < queries) {
    if (report.queries % changeEvery === 0) server.change(random);
    const query = randomQuery(random, previous);
    const client = random.pick(clients);
    const { respond, mayBeSilent } = random.pick(server.respond);
    try {
      room.fill(0xee, 0, 2_048);
      const length = respond(query, query.length, room, client);
      if (length > 0) count(report, query, Buffer.from(room.buffer, 0, length), client);
      else if (!isNoQuery(query) && !(mayBeSilent && client.transport === 'udp'))
        throw new Error('a query got no response');
    } catch (error) {
      const where = `FUZZ_SEED=${seed}, query ${report.queries} over ${client.transport}: ${query.toString('hex')}`;
      throw new Error(where, { cause: error });
    }
    previous = query;
    report.queries += 1;
    if (report.queries % interval !== 0) continue;
    report.last = measure(server.tableBytes());
    if (report.warm === none) report.warm = report.last;
    progress?.(report);
  }
  return report;
}

function count(report: FuzzReport, query: Buffer, response: Buffer, client: Client): void {
  checkResponse(query, response, client.transport);
  report.answered += 1;
  const flags = response.readUInt16BE(2);
  report.rcodes[flags & 15] = (report.rcodes[flags & 15] ?? 0) + 1;
  if ((flags & 0x0200) !== 0) report.truncated += 1;
  report.records += response.readUInt16BE(6) + response.readUInt16BE(8) + response.readUInt16BE(10);
}

/** Returns whether the query must get no answer: too short for a header, or itself a response. */
function isNoQuery(query: Buffer): boolean {
  return query.length < 12 || ((query[2] as number) & 0x80) !== 0;
}

function measure(table: number): Memory {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers, resident: rss, table };
}
