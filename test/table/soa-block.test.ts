// The names of a SOA are stored compressed against the zone's name. Both the table and answers return them whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import { newClient } from '../../src/dns/respond/client.ts';
import { createResponder } from '../../src/dns/respond/responder.ts';
import { parseName } from '../../src/model/name.ts';
import { openTableReader } from '../../src/table/reader.ts';
import { createTable } from '../../src/table/table.ts';
import { createTableWriter } from '../../src/table/writer.ts';
import { encodeQuestion, formatRecord } from '../support/answers.ts';

const long = [61, 63, 63, 63].map((length) => 'l'.repeat(length)).join('.');
const zones = ['.', 'example', 'b.example', 'a.b.example', `${long}`];
const names = [
  '.',
  'example',
  'ns.example',
  'ns.b.example',
  'a.b.example',
  'xa.b.example',
  'ns.a.b.example',
  'ns.elsewhere',
  'b.example.elsewhere',
  'example.example',
  long,
  long.slice(long.indexOf('.') + 1),
];
const numbers = { serial: 2 ** 32 - 1, refresh: 1, retry: 2, expire: 3, minimum: 60 };

for (const zoneName of zones) {
  test(`the table and answers return the whole SOA of ${zoneName.slice(0, 20)}`, () => {
    const table = createTable({ bytes: 2 ** 20 });
    const writer = createTableWriter(table, { poison: true });
    const zone = writer.createZone(parseName(zoneName));
    const reader = openTableReader(table.buffer);
    const respond = createResponder(reader);
    const room = new Uint8Array(4096);
    const ask = (name: string): string => {
      const query = encodeQuestion(`${name} SOA`);
      reader.enter();
      const length = respond(query, query.length, room, newClient('tcp'));
      reader.leave();
      const { answers, authorities } = decode(Buffer.from(room.slice(0, length)));
      return [...answers, ...authorities].map(formatRecord).join();
    };
    const dotted = zoneName === '.' ? '.' : `${zoneName}.`;
    for (const primary of names) {
      for (const responsible of names) {
        const soa = { ttl: 300, primary: parseName(primary), responsible: parseName(responsible), ...numbers };
        writer.putSoa(zone, soa);
        writer.publishZone(zone);
        assert.deepEqual(writer.getSoa(zone), soa);
        const rdata = `SOA ${absolute(primary)} ${absolute(responsible)} 4294967295 1 2 3 60`;
        assert.equal(ask(dotted), `${dotted} 300 ${rdata}`);
        if (zoneName !== long) assert.equal(ask(zoneName === '.' ? 'x.' : `x.y.${dotted}`), `${dotted} 60 ${rdata}`);
      }
    }
  });
}

function absolute(name: string): string {
  return name === '.' ? '.' : `${name}.`;
}
