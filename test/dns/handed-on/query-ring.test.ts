// The ring of handed-on queries: queries of any length are read in the order of writing, a query that does not fit is
// refused, and nothing is sent for a closed ring.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import {
  closeRing,
  newQueryRing,
  QueryRingReader,
  QueryRingWriter,
  type ReadQuery,
  type RingQuery,
} from '../../../src/dns/handed-on/query-ring.ts';
import { handedOnKind } from '../../../src/dns/respond/hand-on.ts';
import { clientAt } from '../../support/answers.ts';

const plenty = { maxUnderWay: 10_000, maxOctets: 2 ** 30 };

function queryOf(length: number, id: number, address = '192.0.2.1'): RingQuery {
  const message = new Uint8Array(length).fill(id);
  const found = id % 3 === 0 ? undefined : { forwarder: 2 ** 32 - 1 - id, flags: id & 3 };
  return { kind: handedOnKind.notify, message, client: clientAt(address, 'tls'), port: 53_000, found, id };
}

const lengths = fc.oneof(fc.integer({ min: 12, max: 100 }), fc.integer({ min: 12, max: 65_535 }));

test('queries are read in the order of writing, also after writes have passed the end of the ring many times', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(lengths, fc.boolean()), { minLength: 50, maxLength: 200 }), (steps) => {
      const ring = newQueryRing();
      const writer = new QueryRingWriter(ring, plenty);
      const reader = new QueryRingReader(ring);
      const expected: RingQuery[] = [];
      const takeOne = () => {
        const { octets, ...query } = reader.read() as ReadQuery;
        assert.ok(octets > query.message.length);
        const { client, message, ...rest } = expected.shift() as RingQuery;
        assert.deepEqual({ ...query, client: query.client.transport, message: Buffer.from(query.message) }, {
          envelope: undefined,
          ...rest,
          client: client.transport,
          message: Buffer.from(message),
        } as unknown);
        assert.deepEqual(query.client.address.subarray(0, query.client.addressLength), client.address);
      };
      for (const [i, [length, takes]] of steps.entries()) {
        const query = queryOf(length, i & 0xff, i % 2 === 0 ? '198.51.100.7' : '2001:db8::7');
        if (writer.write(query)) expected.push(query);
        else assert.ok(expected.length > 0, 'an empty ring refuses a message');
        if (takes && expected.length > 0) takeOne();
      }
      while (expected.length > 0) takeOne();
      assert.equal(reader.read(), undefined);
    }),
    { numRuns: 50 },
  );
});

test('a datagram is read with its envelope', () => {
  const ring = newQueryRing();
  const envelope = { name: new Uint8Array(28).fill(3), control: new Uint8Array(40).fill(4) };
  assert.ok(new QueryRingWriter(ring, plenty).write({ ...queryOf(40, 9), envelope }));
  assert.deepEqual(new QueryRingReader(ring).read()?.envelope, envelope);
});

for (const [what, limits, length] of [
  ['queries under way', { maxUnderWay: 3, maxOctets: 2 ** 30 }, 30],
  ['octets under way', { maxUnderWay: 100, maxOctets: 3_500 }, 1_000],
] as const) {
  test(`beyond the limit of ${what}, queries are refused until one is finished; reading it does not finish it`, () => {
    const ring = newQueryRing();
    const writer = new QueryRingWriter(ring, limits);
    const reader = new QueryRingReader(ring);
    for (let i = 0; i < 3; i += 1) assert.ok(writer.write(queryOf(length, i)));
    assert.equal(writer.write(queryOf(length, 3)), false);
    const first = reader.read();
    assert.ok(first);
    assert.equal(writer.write(queryOf(length, 3)), false);
    reader.finish(first);
    assert.ok(writer.write(queryOf(length, 3)));
    assert.equal(writer.write(queryOf(length, 4)), false);
  });
}

test('a full ring refuses queries, also if only a few are under way', () => {
  const writer = new QueryRingWriter(newQueryRing(), plenty);
  const taken = Array.from({ length: 5 }, (_, i) => writer.write(queryOf(65_535, i)));
  assert.deepEqual(taken, [true, true, true, false, false]);
});

test('whileOpen() does nothing for a closed ring, and closing waits until another thread has left whileOpen()', async () => {
  const ring = newQueryRing();
  const reader = new QueryRingReader(ring);
  const sent = new Int32Array(new SharedArrayBuffer(4));
  // The other thread posts `sending`, then stays inside whileOpen() for 200 ms.
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(${JSON.stringify(new URL('../../../src/dns/handed-on/query-ring.ts', import.meta.url).href)}).then(({ QueryRingReader }) => {
      new QueryRingReader(workerData.ring).whileOpen(() => {
        parentPort.postMessage('sending');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
        Atomics.store(workerData.sent, 0, 1);
      });
    });`;
  const sender = new Worker(source, { eval: true, workerData: { ring, sent } });
  await once(sender, 'message');
  closeRing(ring);
  assert.equal(Atomics.load(sent, 0), 1);
  reader.whileOpen(() => assert.fail('whileOpen() ran for a closed ring'));
  await once(sender, 'exit');
});
