// Measures the CPU time of one answer without sockets. Prints the nanoseconds of one call of respond(), in the best of
// some rounds, and the memory of the table. Run it with `npm run bench:respond [numbers of names…]`.

import { Clock } from '../src/dns/respond/clock.ts';
import { createResponder } from '../src/dns/respond/responder.ts';
import { addressNamesDefaults } from '../src/model/address-names.ts';
import { parseRange } from '../src/model/address-range.ts';
import { parseName } from '../src/model/name.ts';
import type { RecordType } from '../src/model/rdata/record-types.ts';
import type { Revision } from '../src/model/revision.ts';
import { openTableReader } from '../src/table/reader.ts';
import { createTable } from '../src/table/table.ts';
import { createTableWriter, type TableWriter } from '../src/table/writer.ts';

const sizes = process.argv.slice(2).map(Number);
const questionsPerKind = 100_000;
const rounds = 15;
const A = 'A' as RecordType;

for (const names of sizes.length > 0 ? sizes : [1_000, 1_000_000]) measure(names);

function measure(names: number): void {
  const table = createTable();
  const writer = createTableWriter(table);
  const started = performance.now();
  load(writer, names);
  const seconds = (performance.now() - started) / 1000;
  writer.collect();
  const perName = (writer.touchedBytes / names).toFixed(0);
  console.log(
    `${names} names: loaded in ${seconds.toFixed(1)} s, ${(writer.touchedBytes / 1e6).toFixed(1)} MB of table (${perName} bytes a name)`,
  );
  const reader = openTableReader(table.buffer);
  reader.enter();
  // Rate limiting is on, with a limit that is never reached, and the client is one for which it costs most: a public
  // address.
  const clock = new Clock();
  const respond = createResponder(reader, {
    clock,
    settings: {
      nsid: 'bench',
      cookies: { strict: false, secrets: [new Uint8Array(16)] },
      rateLimit: { perSecond: 1_000_000, slip: 2, allow: ['10.0.0.0/8', '192.168.0.0/16', 'fc00::/7'].map(parseRange) },
    },
  });
  const response = new Uint8Array(4096);
  const client = { transport: 'udp', address: Uint8Array.of(198, 51, 100, 1), addressLength: 4 } as const;
  const kinds = {
    existing: () => `host-${Math.floor(Math.random() * names)}.example.com`,
    missing: () => `none-${Math.floor(Math.random() * names)}.example.com`,
    'missing, 20 labels': () => `${'a.'.repeat(17)}x${Math.floor(Math.random() * names)}.example.com`,
    wildcard: () => `x${Math.floor(Math.random() * names)}.wild.example.com`,
    alias: () => 'alias.example.com',
    'holds an address': () => `app-10-${Math.floor(Math.random() * 256)}-2-3.lab.example.com`,
    'no zone': () => `x${Math.floor(Math.random() * names)}.example.org`,
  };
  for (const [kind, name] of Object.entries(kinds)) {
    const queries = Array.from({ length: questionsPerKind }, () => query(name()));
    let octets = 0;
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round += 1) {
      // The clock is one second later in each round, so that the rate limit's bucket is full again.
      clock.set(Date.now() + round * 1_000);
      const start = process.cpuUsage();
      for (let i = 0; i < queries.length; i += 1) {
        const asked = queries[i] as Uint8Array;
        octets += respond(asked, asked.length, response, client);
      }
      const { user, system } = process.cpuUsage(start);
      best = Math.min(best, ((user + system) * 1000) / queries.length);
    }
    console.log(`  ${kind.padEnd(20)} ${best.toFixed(0).padStart(5)} ns, ${octets / queries.length / rounds} octets`);
  }
}

function load(writer: TableWriter, names: number): void {
  const zone = writer.createZone(parseName('example.com'));
  const put = (name: string, type: string, record: string) =>
    writer.putNode(zone, parseName(name), [{ type: type as RecordType, ttl: 300, records: [record] }], 1 as Revision);
  for (let i = 0; i < names; i += 1) {
    const name = parseName(`host-${i}.example.com`);
    const address = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
    writer.putNode(zone, name, [{ type: A, ttl: 300, records: [address] }], 1 as Revision);
  }
  put('*.wild.example.com', 'A', '192.0.2.1');
  const lab = writer.createZone(parseName('lab.example.com'));
  writer.putAddressNames(lab, { ranges: ['10.0.0.0/8'], ...addressNamesDefaults }, 300);
  put('alias.example.com', 'CNAME', 'host-1.example.com.');
  const name = parseName('ns.example.com');
  const soa = {
    ttl: 300,
    primary: name,
    responsible: name,
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 60,
  };
  for (const one of [zone, lab]) {
    writer.putSoa(one, soa);
    writer.publishZone(one);
  }
}

/** Returns a query with an OPT record, as resolvers send. */
function query(name: string): Uint8Array {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  const header = [0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1];
  const opt = [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0];
  return Uint8Array.from([...header, ...labels, 0, 0, 1, 0, 1, ...opt]);
}
