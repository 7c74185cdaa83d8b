// A thread of readers.test.ts: reads names until it is stopped, and reports the first name that is torn.

import { parentPort, workerData } from 'node:worker_threads';
import { parseName } from '../../src/model/name.ts';
import { none } from '../../src/table/layout.ts';
import { decodeRrsets } from '../../src/table/node-data.ts';
import { openTableReader, type TableReader } from '../../src/table/reader.ts';
import { decodeSoa } from '../../src/table/soa-block.ts';

export interface ReadingThreadData {
  table: SharedArrayBuffer;
  cells: Int32Array;
}

/** Indexes into `cells`. */
export const control = { stop: 0, running: 1, faults: 2 } as const;
export const names = { stable: 40, volatile: 2000 } as const;

if (workerData !== undefined && workerData !== null) run(workerData as ReadingThreadData);

function run({ table, cells }: ReadingThreadData): void {
  const reader = openTableReader(table);
  let reads = 0;
  let fault: string | undefined;
  Atomics.add(cells, control.running, 1);
  while (fault === undefined && Atomics.load(cells, control.stop) === 0) {
    reader.enter();
    try {
      for (let i = 0; i < 50; i += 1) {
        readOne(reader);
        reads += 1;
      }
    } catch (error) {
      fault = String((error as Error).stack);
      Atomics.add(cells, control.faults, 1);
    }
    if (reads % 1000 === 0) reader.leave();
  }
  reader.close();
  parentPort?.postMessage({ reads, fault });
}

function readOne(reader: TableReader): void {
  const key = reader.newKey();
  const stable = Math.random() < 0.6;
  const name = stable
    ? `s${Math.floor(Math.random() * names.stable)}.example`
    : `v${Math.floor(Math.random() * names.volatile)}.e${Math.floor(Math.random() * 5)}.example`;
  key.setName(parseName(name));
  const zone = reader.findZone(key, 0);
  if (zone === none) throw new Error('the zone is missing');
  const generation = decodeSoa(reader, zone).serial;
  const node = reader.findNode(zone, key, 0);
  if (node === none) {
    if (stable) throw new Error(`${name} is missing`);
    return;
  }
  const data = reader.data(node);
  if (data === none) {
    if (stable) throw new Error(`${name} is empty`);
    return;
  }
  const revision = reader.modified(data);
  const rrsets = decodeRrsets(reader, data);
  const [a, txt] = rrsets;
  const address = `10.${generation & 255}.${(revision >> 8) & 255}.${revision & 255}`;
  const text = `"${generation} ${revision} ${'x'.repeat(revision % 120)}"`;
  const whole =
    rrsets.length === 2 &&
    a?.records[0] === address &&
    a.ttl === revision &&
    txt?.records[0] === text &&
    txt.ttl === revision;
  if (!whole) throw new Error(`${name} at ${revision} of ${generation} is ${JSON.stringify(rrsets)}`);
}
