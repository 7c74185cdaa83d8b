// Tests of answers as tables: a zone, then a row for each question and the answer that must come back, in zone-file
// text. dns-packet decodes the responses, not our own code.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode, type Message, type ResourceRecord } from 'dns-packet';
import type { Client } from '../../src/dns/respond/client.ts';
import { Clock } from '../../src/dns/respond/clock.ts';
import type { ResponderOptions } from '../../src/dns/respond/exchange.ts';
import { createResponder } from '../../src/dns/respond/responder.ts';
import { addressRdata, parseAddress } from '../../src/model/address.ts';
import { type AddressNames, addressNamesDefaults } from '../../src/model/address-names.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import type { Revision } from '../../src/model/revision.ts';
import { parseRecords, type Rrset } from '../../src/model/rrset.ts';
import type { Soa } from '../../src/model/zone.ts';
import { openTableReader } from '../../src/table/reader.ts';
import { createTable } from '../../src/table/table.ts';
import { createTableWriter, type TableWriter } from '../../src/table/writer.ts';

/**
 * One question and the answer that it must get.
 * `question` is `name TYPE`, then words for how it is asked: `tcp`, `edns`, `do`, `size=1400`, a class.
 * Flags may follow the rcode: `NOERROR tc`. AA must be set on each answer that is not REFUSED, FORMERR or NOTIMP; the
 * flag `-aa` says that AA must not be set.
 * Without `authority`, the authority section must be empty. That of a negative answer must have exactly one record, the
 * SOA. It is not checked if an NXDOMAIN comes after a CNAME, or is truncated.
 * Without `additional`, the additional section is not checked. The OPT record is never compared.
 */
export type Row = readonly [
  question: string,
  rcode: string,
  answers: readonly string[],
  authority?: readonly string[],
  additional?: readonly string[],
];

/** The SOA of a zone whose text has none. Negative answers carry it with a TTL of 300. */
export const defaultSoa = 'SOA ns1.example. hostmaster.example. 1 7200 600 1209600 300';

/** Serves the zones of `zoneText` (see {@link writeZones}) and compares each answer with its row. */
export function answers(title: string, zoneText: string, rows: readonly Row[]): void {
  test(title, async (t) => {
    const server = serve(zoneText);
    for (const row of rows) await t.test(row[0], () => check(server, row));
  });
}

function check(server: Server, [question, outcome, expected, authority, additional]: Row): void {
  const [rcode, ...flags] = outcome.split(' ');
  const response = server.ask(question);
  const got = response.authorities.map(formatRecord);
  assert.equal(response.rcode, rcode);
  assert.deepEqual(response.answers.map(formatRecord), expected, 'the answer section differs');
  if (authority !== undefined) assert.deepEqual(got, authority, 'the authority section differs');
  else if (expected.length === 0 && (rcode === 'NXDOMAIN' || rcode === 'NOERROR') && !flags.includes('tc')) {
    assert.equal(response.authorities.length, 1, 'the authority section does not have exactly one record');
    assert.equal(response.authorities[0]?.type, 'SOA');
  } else if (rcode !== 'NXDOMAIN') assert.deepEqual(got, [], 'the authority section differs');
  if (additional !== undefined) {
    const records = response.additionals.filter((record): record is ResourceRecord => record.type !== 'OPT');
    assert.deepEqual(records.map(formatRecord), additional, 'the additional section differs');
  }
  const served = rcode !== 'REFUSED' && rcode !== 'FORMERR' && rcode !== 'NOTIMP';
  assert.equal(response.flag_aa, served && !flags.includes('-aa'), 'AA');
  assert.equal(response.flag_tc, flags.includes('tc'), 'TC');
}

export interface Server {
  writer: TableWriter;
  /**
   * Returns the response in octets; undefined if there is none. The client is 192.0.2.99 unless `client` is a Client.
   */
  exchange(query: Uint8Array, client?: Client['transport'] | Client): Buffer | undefined;
  /** Asks a question in the form of a {@link Row}, and decodes the response. */
  ask(question: string): Message;
}

export function serve(zoneText: string, options: ResponderOptions = {}): Server {
  const table = createTable({ bytes: 2 ** 24 });
  const writer = createTableWriter(table, { poison: true });
  writeZones(writer, zoneText);
  const reader = openTableReader(table.buffer);
  reader.enter();
  const respond = createResponder(reader, options);
  const response = new Uint8Array(65_535);
  const exchange: Server['exchange'] = (query, client = 'udp') => {
    response.fill(0xee);
    const asking = typeof client === 'string' ? clientAt('192.0.2.99', client) : client;
    const length = respond(query, query.length, response, asking);
    return length === 0 ? undefined : Buffer.from(response.slice(0, length));
  };
  const ask = (question: string): Message => {
    const words = question.split(' ');
    const answer = exchange(encodeQuestion(question), words.includes('tcp') ? 'tcp' : 'udp');
    assert.ok(answer);
    const message = decode(answer);
    // The types of dns-packet lack the number of octets that were decoded.
    const { bytes } = decode as typeof decode & { bytes: number };
    assert.equal(bytes, answer.length, 'there are octets after the last record');
    return message;
  };
  return { writer, exchange, ask };
}

export function clientAt(address: string, transport: Client['transport'] = 'udp'): Client {
  const octets = addressRdata(parseAddress(address));
  return { transport, address: octets, addressLength: octets.length === 4 ? 4 : 16 };
}

/** Returns a clock that stands still. */
export function clockAt(seconds: number): Clock {
  const clock = new Clock();
  clock.set(seconds * 1_000);
  return clock;
}

/** Returns one option of an OPT record. */
export function ednsOption(code: number, data: Uint8Array | string = ''): Buffer {
  const octets = typeof data === 'string' ? Buffer.from(data, 'hex') : data;
  return Buffer.from([code >> 8, code & 255, octets.length >> 8, octets.length & 255, ...octets]);
}

/** Adds options to a query's OPT record, which must be the last record and have no options yet. */
export function withOptions(query: Buffer, ...options: readonly Buffer[]): Buffer {
  const whole = Buffer.concat([query, ...options]);
  whole.writeUInt16BE(whole.length - query.length, query.length - 2);
  return whole;
}

/**
 * Returns the options of a message's OPT record: code → data in hex. Reads the octets itself, because dns-packet loses
 * some options.
 */
export function optionsOf(message: Buffer): Map<number, string> {
  const options = new Map<number, string>();
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  let at = message.readUInt16BE(4) === 0 ? 12 : 12 + nameOctets(message) + 4;
  for (let i = 0; i < records; i += 1) {
    while (message.readUInt8(at) !== 0 && message.readUInt8(at) < 0xc0) at += 1 + message.readUInt8(at);
    const fixed = at + (message.readUInt8(at) === 0 ? 1 : 2);
    at = fixed + 10;
    const end = at + message.readUInt16BE(fixed + 8);
    for (; message.readUInt16BE(fixed) === 41 && at < end; at += 4 + message.readUInt16BE(at + 2)) {
      options.set(message.readUInt16BE(at), message.toString('hex', at + 4, at + 4 + message.readUInt16BE(at + 2)));
    }
    at = end;
  }
  return options;
}

/** Returns the rcode, with its upper bits from OPT (RFC 6891 §6.1.3). */
export function wholeRcode(message: Buffer): number {
  const opt = message.lastIndexOf(Buffer.from([0, 0, 41, 0x04, 0xd0]));
  return (message.readUInt8(3) & 0x0f) | (opt < 0 ? 0 : message.readUInt8(opt + 5) << 4);
}

export function encodeQuestion(question: string): Buffer {
  const [name = '', type = '', ...how] = question.split(' ');
  const size = how.find((word) => word.startsWith('size='))?.slice(5);
  const edns = size !== undefined || how.includes('edns') || how.includes('do');
  const message = encode({
    id: 4711,
    type: 'query',
    flags: 0,
    questions: [
      {
        name,
        type: type.startsWith('TYPE') ? 'NULL' : type,
        class: how.find((word) => /^(CH|HS|ANY)$/.test(word)) ?? 'IN',
      },
    ],
    additionals: edns
      ? [{ type: 'OPT', name: '.', udpPayloadSize: Number(size ?? 1232), flags: how.includes('do') ? 0x8000 : 0 }]
      : [],
  });
  if (type.startsWith('TYPE')) message.writeUInt16BE(Number(type.slice(4)), 12 + nameOctets(message));
  return message;
}

function nameOctets(message: Uint8Array): number {
  let at = 12;
  while (message[at] !== 0) at += 1 + (message[at] as number);
  return at + 1 - 12;
}

/**
 * Writes the zones of zone-file text into a table. Each line is one record: owner, TTL, type, rdata; names are
 * absolute. `$ZONE name` begins a zone; records before the first one are in `example.`. A zone without a SOA gets
 * `defaultSoa`. `$ADDRESS-NAMES {…}` is the zone's setting `addressNames` in JSON. The TTL of these names is 3600.
 */
export function writeZones(writer: TableWriter, text: string): void {
  const zones = new Map<Fqdn, Map<Fqdn, Map<string, Rrset>>>();
  const soas = new Map<Fqdn, Soa>();
  const addressNames = new Map<Fqdn, AddressNames>();
  let zone = parseName('example');
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '') continue;
    const directive = /^\$ZONE (\S+)$/.exec(line)?.[1];
    if (directive !== undefined) zone = parseName(directive);
    const names = zones.get(zone) ?? new Map<Fqdn, Map<string, Rrset>>();
    zones.set(zone, names);
    if (directive !== undefined) continue;
    const setting = /^\$ADDRESS-NAMES (.+)$/.exec(line)?.[1];
    if (setting !== undefined) {
      addressNames.set(zone, { ...addressNamesDefaults, ...JSON.parse(setting) });
      continue;
    }
    const [, owner = '', ttl = '', type = '', rdata = ''] = /^(\S+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    const name = parseName(owner);
    if (type === 'SOA') soas.set(zone, readSoa(Number(ttl), rdata));
    else addRecord(names, name, Number(ttl), type, rdata);
  }
  for (const [name, names] of zones) {
    const built = writer.createZone(name);
    for (const [owner, rrsets] of names) writer.putNode(built, owner, [...rrsets.values()], 1 as Revision);
    writer.putSoa(built, soas.get(name) ?? readSoa(3600, defaultSoa.slice(4)));
    writer.putAddressNames(built, addressNames.get(name), 3600);
    writer.publishZone(built);
  }
}

function addRecord(names: Map<Fqdn, Map<string, Rrset>>, name: Fqdn, ttl: number, type: string, rdata: string): void {
  const rrsets = names.get(name) ?? new Map<string, Rrset>();
  names.set(name, rrsets);
  const recordType = parseRecordType(type);
  const rrset = rrsets.get(type) ?? { type: recordType, ttl, records: [] };
  rrset.records.push(...parseRecords(recordType, [rdata]));
  rrsets.set(type, rrset);
}

function readSoa(ttl: number, rdata: string): Soa {
  const [primary = '', responsible = '', ...numbers] = rdata.split(/\s+/);
  const [serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0] = numbers.map(Number);
  return {
    ttl,
    primary: parseName(primary),
    responsible: parseName(responsible),
    serial,
    refresh,
    retry,
    expire,
    minimum,
  };
}

/** Returns a record that dns-packet decoded as zone-file text. */
export function formatRecord({ name, type, ttl, data }: ResourceRecord): string {
  return `${dotted(name)} ${ttl} ${type.replace('UNKNOWN_', 'TYPE')} ${formatData(type, data)}`;
}

function formatData(type: string, data: unknown): string {
  const fields = data as Record<string, string | number>;
  switch (type) {
    case 'NS':
    case 'CNAME':
    case 'DNAME':
    case 'PTR':
      return dotted(String(data));
    case 'TXT':
      return (data as Buffer[]).map((part) => `"${part.toString()}"`).join(' ');
    case 'MX':
      return `${fields.preference} ${dotted(String(fields.exchange))}`;
    case 'SRV':
      return `${fields.priority} ${fields.weight} ${fields.port} ${dotted(String(fields.target))}`;
    case 'SOA':
      return `${dotted(String(fields.mname))} ${dotted(String(fields.rname))} ${fields.serial} ${fields.refresh} ${fields.retry} ${fields.expire} ${fields.minimum}`;
    case 'CAA':
      return `${fields.flags} ${fields.tag} "${fields.value}"`;
    case 'A':
    case 'AAAA':
      return String(data);
    default:
      return Buffer.isBuffer(data) ? `\\# ${data.length} ${data.toString('hex')}` : JSON.stringify(data);
  }
}

function dotted(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}
