// All queries of a thread use the same exchange (exchange.ts). The response to a query shows nothing of the query
// before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../../../src/dns/respond/client.ts';
import { newResponseCounters } from '../../../src/dns/respond/counters.ts';
import { createResponder } from '../../../src/dns/respond/responder.ts';
import type { ResponseSettings } from '../../../src/dns/respond/settings.ts';
import { openTableReader } from '../../../src/table/reader.ts';
import { createTable } from '../../../src/table/table.ts';
import { createTableWriter } from '../../../src/table/writer.ts';
import { clientAt, clockAt, ednsOption, encodeQuestion, withOptions, writeZones } from '../../support/answers.ts';

/**
 * The number of mail hosts, and of nameservers: more than the names whose addresses targets.ts lets a response add,
 * unless it is a referral.
 */
const targets = 150;
/** The number of aliases that one response follows (lookup.ts). */
const aliases = 16;
const each = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i));

const table = createTable({ bytes: 2 ** 22 });
writeZones(
  createTableWriter(table),
  [
    'host.example.   60 A     192.0.2.1',
    '*.wild.example. 60 A     192.0.2.2',
    'below.example.  60 DNAME host.example.',
    ...each(2, (i) => `long.example. 60 TXT "${String(i).repeat(250)}" "${String(i).repeat(250)}"`),
    ...each(aliases, (i) => `a${i}.example. 60 CNAME ${i + 1 === aliases ? 'host' : `a${i + 1}`}.example.`),
    ...each(targets, (i) => `mail.example. 60 MX ${i} m${i}.example.`),
    ...each(targets, (i) => `m${i}.example. 60 A 198.51.100.${i}`),
    ...each(targets, (i) => `cut.example. 60 NS ns${i}.cut.example.`),
    ...each(targets, (i) => `ns${i}.cut.example. 60 A 203.0.113.${i}`),
  ].join('\n'),
);
const reader = openTableReader(table.buffer);
reader.enter();

const plain = encodeQuestion('host.example. A');
/** A TSIG record: key `k.`, algorithm `a.`, no MAC, no other data. */
const tsigRdata = [1, 0x61, 0, 0, 0, 0x65, 0, 0, 1, 1, 0x2c, 0, 0, 0x12, 0x67, 0, 0, 0, 0];
const signed = Buffer.from([...plain, 1, 0x6b, 0, 0, 250, 0, 255, 0, 0, 0, 0, 0, tsigRdata.length, ...tsigRdata]);
signed.writeUInt16BE(1, 10);
const cookie = ednsOption(10, '0102030405060708');
const nsid = ednsOption(3);
const padding = ednsOption(12, Buffer.alloc(64));
const newerEdns = encodeQuestion('host.example. A edns');
newerEdns.writeUInt8(1, plain.length + 6);
const notify = encodeQuestion('host.example. SOA');
notify.writeUInt8(4 << 3, 2);
const unknownOpcode = encodeQuestion('host.example. A');
unknownOpcode.writeUInt8(9 << 3, 2);
const withCookie = withOptions(encodeQuestion('host.example. A edns'), cookie);
const cookieAlone = Buffer.concat([withCookie.subarray(0, 12), withCookie.subarray(plain.length)]);
cookieAlone.writeUInt16BE(0, 4);

/**
 * A title → the query. `padded` has zeros where `signed` has the fields of its TSIG record. A responder that still knew
 * the place of that record would read these zeros as a TSIG record.
 */
const queries: Readonly<Record<string, Buffer>> = {
  padded: withOptions(encodeQuestion('host.example. A edns'), padding),
  signed,
  plain,
  'all options': withOptions(encodeQuestion('host.example. A do size=4096'), nsid, cookie),
  'a large response': encodeQuestion('long.example. TXT edns'),
  'a response that does not fit': encodeQuestion('long.example. TXT'),
  'no such name': encodeQuestion('none.example. A edns'),
  'no such type': encodeQuestion('host.example. AAAA'),
  'no such zone': encodeQuestion('host.elsewhere. A edns'),
  wildcard: encodeQuestion('x.wild.example. A'),
  'a chain of aliases': encodeQuestion('a0.example. A edns'),
  'the end of that chain': encodeQuestion(`a${aliases - 1}.example. A`),
  'below a DNAME': encodeQuestion('x.below.example. A'),
  'the DNAME itself': encodeQuestion('below.example. TYPE39'),
  'many mail hosts': encodeQuestion('mail.example. MX edns'),
  'a referral': encodeQuestion('x.cut.example. A edns'),
  'a version of EDNS that we do not know': newerEdns,
  'an opcode that we do not know': unknownOpcode,
  notify,
  'a cookie alone': cookieAlone,
  'a header alone': plain.subarray(0, 12),
  'half a header': plain.subarray(0, 6),
};

const room = new Uint8Array(65_535);
const secrets = [new Uint8Array(16)];

/** Creates a responder. Returns a function that takes a query, and returns its response and the counters after it. */
function newServer(settings: ResponseSettings, client: Client): (query: Buffer) => string {
  const cells = newResponseCounters();
  const counters = new Float64Array(cells);
  const clock = clockAt(1_700_000_000);
  const respond = createResponder(reader, { clock, counters: cells, settings });
  return (query) => {
    counters.fill(0);
    const length = respond(query, query.length, room, client);
    return `${Buffer.from(room.subarray(0, length)).toString('hex')}, counted in ${counters.join('')}`;
  };
}

const settings: ResponseSettings = { nsid: 'replica', cookies: { strict: false, secrets } };
/** Settings with which every response is over the rate limit: it is not sent, but counted in its class. */
const limited: ResponseSettings = { ...settings, rateLimit: { perSecond: 0, slip: 0, allow: [] } };

for (const [how, transport, options] of [
  ['over UDP', 'udp', settings],
  ['over TCP', 'tcp', settings],
  ['over the rate limit', 'udp', limited],
] as const) {
  test(`the response to a query does not depend on the query before it: ${how}`, () => {
    const client = clientAt('192.0.2.99', transport);
    const reused = newServer(options, client);
    for (const [title, query] of Object.entries(queries)) {
      const expected = newServer(options, client)(query);
      for (const [before, earlier] of Object.entries(queries)) {
        reused(earlier);
        assert.equal(reused(query), expected, `the response to '${title}' is another one after '${before}'`);
      }
    }
  });
}
