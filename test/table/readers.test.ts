// Threads read while the writer works: each name is whole at every moment, unchanged names are always found, and no
// freed block is ever read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { parseName } from '../../src/model/name.ts';
import type { RecordType } from '../../src/model/rdata/record-types.ts';
import type { Revision } from '../../src/model/revision.ts';
import type { Rrset } from '../../src/model/rrset.ts';
import type { ZoneId } from '../../src/table/layout.ts';
import { createTable } from '../../src/table/table.ts';
import { createTableWriter, type TableWriter } from '../../src/table/writer.ts';
import { control, names, type ReadingThreadData } from './reading-thread.ts';

/**
 * Returns the RRsets of a name. Each contains the revision and the generation, so that the readers notice a torn name.
 */
function content(generation: number, revision: number): Rrset[] {
  const address = `10.${generation & 255}.${(revision >> 8) & 255}.${revision & 255}`;
  const text = `"${generation} ${revision} ${'x'.repeat(revision % 120)}"`;
  return [
    { type: 'A' as RecordType, ttl: revision, records: [address] },
    { type: 'TXT' as RecordType, ttl: revision, records: [text] },
  ];
}

function buildZone(writer: TableWriter, generation: number): ZoneId {
  const zone = writer.createZone(parseName('example'));
  for (let i = 0; i < names.stable; i += 1)
    writer.putNode(zone, parseName(`s${i}.example`), content(generation, 1), 1 as Revision);
  writer.putSoa(zone, {
    ttl: 1,
    primary: parseName('example'),
    responsible: parseName('example'),
    serial: generation,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 1,
  });
  return zone;
}

test('readers never see a torn, mixed or freed name, and always find names that exist', async () => {
  const table = createTable({ bytes: 2 ** 26 });
  const writer = createTableWriter(table, { poison: true });
  const start = writer.usedBytes;
  const cells = new Int32Array(new SharedArrayBuffer(64));
  let generation = 1;
  let zone = buildZone(writer, generation);
  writer.publishZone(zone);
  const workerData: ReadingThreadData = { table: table.buffer, cells };
  const threads = [1, 2].map(() => new Worker(new URL('reading-thread.ts', import.meta.url), { workerData }));
  const results = threads.map(
    (thread) =>
      new Promise<{ reads: number; fault?: string }>((resolve, reject) => {
        thread.once('message', resolve);
        thread.once('error', reject);
      }),
  );
  while (Atomics.load(cells, control.running) < threads.length) await new Promise((resolve) => setTimeout(resolve, 5));

  let random = 1;
  const next = (below: number) => {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0;
    return (random >>> 8) % below;
  };
  for (let step = 2; step < 60_000 && Atomics.load(cells, control.faults) === 0; step += 1) {
    const kind = next(100);
    // The index of names grows and shrinks through many sizes while the threads read it.
    const growing = step % 12_000 < 7_000;
    if (kind < 30)
      writer.putNode(zone, parseName(`s${next(names.stable)}.example`), content(generation, step), step as Revision);
    else if (kind < (growing ? 85 : 45)) {
      writer.putNode(
        zone,
        parseName(`v${next(names.volatile)}.e${next(5)}.example`),
        content(generation, step),
        step as Revision,
      );
    } else writer.deleteNode(zone, parseName(`v${next(names.volatile)}.e${next(5)}.example`));
    if (step % 2500 === 0) {
      generation += 1;
      zone = buildZone(writer, generation);
      writer.publishZone(zone);
    }
    if (step % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  Atomics.store(cells, control.stop, 1);
  for (const { reads, fault } of await Promise.all(results)) {
    assert.equal(fault, undefined);
    assert.ok(reads > 0);
  }
  writer.withdrawZone(zone);
  while (writer.collect());
  assert.equal(writer.usedBytes, start, 'memory is still in use after the readers have ended');
});
