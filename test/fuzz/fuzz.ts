// A fuzz run: gives queries to `respond` one after the other, changes zones in between, checks each response and
// measures memory. run.ts starts it; test/dns/respond/fuzz.test.ts starts a short run.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Client } from '../../src/dns/respond/client.ts';
import { clientAt } from '../support/answers.ts';
import { Random } from '../support/random.ts';
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
  /** The memory after the warm-up. */
  warm: Memory;
  /** The memory after the last stage. */
  last: Memory;
}

/** The memory of this process in octets, after a garbage collection. */
export interface Memory {
  heap: number;
  /** The memory of array buffers, which is outside the heap. */
  buffers: number;
  resident: number;
  /** The part of the table that was ever written, which is in `resident`. */
  table: number;
}

const changeEvery = 50;
/** The part of a run after which memory is measured. The first part is the warm-up. */
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

/** Returns whether the message may get no answer: it is shorter than a header, or is itself a response. */
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
