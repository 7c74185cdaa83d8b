// The zone `example` in its own table, for tests that ask through sockets.

import { type Fqdn, parseName } from '../../../src/model/name.ts';
import type { RecordType } from '../../../src/model/rdata/record-types.ts';
import type { Revision } from '../../../src/model/revision.ts';
import type { Rrset } from '../../../src/model/rrset.ts';
import type { ZoneId } from '../../../src/table/layout.ts';
import { createTable, type Table } from '../../../src/table/table.ts';
import { createTableWriter, type TableWriter } from '../../../src/table/writer.ts';

export const apex = parseName('example');
export const host = parseName('host.example');
export const large = parseName('large.example');

export function rrset(type: string, ...records: string[]): Rrset {
  return { type: type as RecordType, ttl: 300, records };
}

export function put(writer: TableWriter, zone: ZoneId, name: Fqdn, ...rrsets: Rrset[]): void {
  writer.putNode(zone, name, rrsets, 1 as Revision);
}

export function exampleTable(): { table: Table; writer: TableWriter; zone: ZoneId } {
  const table = createTable({ bytes: 1 << 24 });
  const writer = createTableWriter(table);
  const zone = writer.createZone(apex);
  put(writer, zone, apex, rrset('NS', 'ns1.example.'));
  put(writer, zone, host, rrset('A', '192.0.2.1'), rrset('AAAA', '2001:db8::1'));
  put(writer, zone, large, rrset('TXT', ...Array.from({ length: 40 }, (_, i) => `"${String(i).padStart(200, '0')}"`)));
  const times = { refresh: 3_600, retry: 600, expire: 86_400, minimum: 60 };
  writer.putSoa(zone, { ttl: 300, primary: parseName('ns1.example'), responsible: apex, serial: 1, ...times });
  writer.publishZone(zone);
  return { table, writer, zone };
}
