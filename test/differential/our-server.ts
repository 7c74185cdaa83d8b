// Our side of the comparison: serves the same zones from a table. `respond` answers in this process, and the answering
// threads answer over sockets.

import { newClient } from '../../src/dns/respond/client.ts';
import { createResponder } from '../../src/dns/respond/responder.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { parseRecordType, type RecordType } from '../../src/model/rdata/record-types.ts';
import type { Revision } from '../../src/model/revision.ts';
import { parseRecords, type Rrset } from '../../src/model/rrset.ts';
import { openTableReader } from '../../src/table/reader.ts';
import { createTable, type Table } from '../../src/table/table.ts';
import { createTableWriter, type TableWriter } from '../../src/table/writer.ts';
import { runServer } from '../dns/listen/running-server.ts';
import type { Cleanup } from '../support/temporary.ts';
import type { NamedServer, Query } from './ask-many.ts';
import { genericRdata, type Zone, type ZoneRecord } from './zone-builder.ts';

export interface OurServer {
  respond(query: Query): Buffer;
  listen(): Promise<NamedServer>;
}

export function serveZones(scope: Cleanup, zones: readonly Zone[]): OurServer {
  const table = createTable({ bytes: 2 ** 26 });
  const writer = createTableWriter(table, { poison: true });
  for (const zone of zones) writeZone(writer, zone);
  const reader = openTableReader(table.buffer);
  reader.enter();
  const respond = createResponder(reader);
  const response = new Uint8Array(65_535);
  return {
    respond: ({ bytes, tcp }) => {
      const length = respond(bytes, bytes.length, response, newClient(tcp ? 'tcp' : 'udp'));
      return Buffer.from(response.slice(0, length));
    },
    listen: () => listen(scope, table),
  };
}

async function listen(scope: Cleanup, table: Table): Promise<NamedServer> {
  const server = await runServer(scope, { table });
  return { name: 'our sockets', address: '127.0.0.1', port: server.addresses[0]?.port ?? 0 };
}

function writeZone(writer: TableWriter, { apex, records }: Zone): void {
  const zone = writer.createZone(parseName(apex));
  const names = new Map<Fqdn, Map<RecordType, Rrset>>();
  for (const record of records) {
    if (record.type === 'SOA') writer.putSoa(zone, soaOf(record));
    else addRecord(names, record);
  }
  for (const [name, rrsets] of names) writer.putNode(zone, name, [...rrsets.values()], 1 as Revision);
  writer.publishZone(zone);
}

function addRecord(names: Map<Fqdn, Map<RecordType, Rrset>>, record: ZoneRecord): void {
  const generic = genericRdata(record);
  const type = parseRecordType(generic.type);
  const owner = parseName(record.owner);
  const rrsets = names.get(owner) ?? new Map<RecordType, Rrset>();
  names.set(owner, rrsets);
  const rrset = rrsets.get(type) ?? { type, ttl: record.ttl, records: [] };
  rrset.records = parseRecords(type, [...rrset.records, generic.rdata]);
  rrsets.set(type, rrset);
}

function soaOf({ ttl, rdata }: ZoneRecord): Parameters<TableWriter['putSoa']>[1] {
  const [primary = '', responsible = '', ...numbers] = rdata.split(' ');
  const [serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0] = numbers.map(Number);
  const names = { primary: parseName(primary), responsible: parseName(responsible) };
  return { ttl, ...names, serial, refresh, retry, expire, minimum };
}
