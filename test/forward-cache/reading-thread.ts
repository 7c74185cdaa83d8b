// A thread of readers.test.ts: reads answers until it is stopped, and reports the first that is not whole.

import { parentPort, workerData } from 'node:worker_threads';
import { ForwardCacheReader } from '../../src/forward-cache/forward-cache-reader.ts';
import { question } from './made-answer.ts';

export interface ReadingThreadData {
  buffer: SharedArrayBuffer;
  cell: number;
  cells: Int32Array;
}

/** Indexes into `cells`. */
export const control = { stop: 0, running: 1 } as const;
export const nameCount = 2_000;

if (workerData !== undefined && workerData !== null) run(workerData as ReadingThreadData);

function run({ buffer, cell, cells }: ReadingThreadData): void {
  const reader = new ForwardCacheReader(buffer, cell);
  const asked = Array.from({ length: nameCount }, (_, i) => question(`h${i}.corp.test`));
  const target = new Uint8Array(4_096);
  let found = 0;
  let fault: string | undefined;
  Atomics.add(cells, control.running, 1);
  while (fault === undefined && Atomics.load(cells, control.stop) === 0) {
    reader.enter();
    for (let i = 0; i < 50; i += 1) {
      const { name } = asked[Math.floor(Math.random() * nameCount)]!;
      if (!reader.find(1, name, name.length, 16, 1, 0, 1_000)) continue;
      found += 1;
      const end = reader.answer.copy(target, 4_096, 1_000);
      fault ??= faultIn(target, 12 + name.length + 4, end);
    }
    reader.leave();
  }
  parentPort?.postMessage({ found, fault });
}

/**
 * Returns a description of the first fault. A whole answer has three records, whose texts all have the same length and
 * repeat the same octet.
 */
function faultIn(target: Uint8Array, start: number, end: number): string | undefined {
  const length = (end - start) / 3 - 12;
  const fill = target[start + 12];
  for (let i = 0; i < 3; i += 1) {
    const record = start + i * (12 + length);
    if (((target[record + 10]! << 8) | target[record + 11]!) !== length)
      return `a record of another length at ${record}`;
    for (let at = record + 12; at < record + 12 + length; at += 1)
      if (target[at] !== fill) return `another text at ${at}`;
  }
  return undefined;
}
