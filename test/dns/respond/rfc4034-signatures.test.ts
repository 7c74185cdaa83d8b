// Signatures that users write (RFC 4034 §3): each is answered with the TTL of the RRset that it covers. The table also
// keeps the TTL with which the RRset of signatures was written.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../../src/model/name.ts';
import { parseRecordType } from '../../../src/model/rdata/record-types.ts';
import type { Revision } from '../../../src/model/revision.ts';
import { parseRecords } from '../../../src/model/rrset.ts';
import { createTable } from '../../../src/table/table.ts';
import { createTableWriter } from '../../../src/table/writer.ts';
import { answers, serve } from '../../support/answers.ts';

const signatureOf = (type: string) => `${type} 13 2 60 20380101000000 20200101000000 1 example. AQID`;
/** The rdata of such a signature, as the answers of these tests are shown. */
const shown = (type: string) =>
  `{"typeCovered":"${type}","algorithm":13,"labels":2,"originalTTL":60,"expiration":2145916800,"inception":1577836800,"keyTag":1,"signersName":"example","signature":{"type":"Buffer","data":[1,2,3]}}`;

answers(
  '§3: a signature has the TTL of the RRset that it covers, and its own TTL if there is no such RRset',
  `host.example. 60   A     192.0.2.1
   host.example. 3600 TXT   "text"
   host.example. 300  RRSIG ${signatureOf('A')}
   host.example. 300  RRSIG ${signatureOf('AAAA')}
   host.example. 300  RRSIG ${signatureOf('TXT')}
   one.example.  300  RRSIG ${signatureOf('A')}`,
  [
    [
      'host.example. RRSIG',
      'NOERROR',
      [
        `host.example. 60 RRSIG ${shown('A')}`,
        `host.example. 300 RRSIG ${shown('AAAA')}`,
        `host.example. 3600 RRSIG ${shown('TXT')}`,
      ],
    ],
    ['one.example. RRSIG', 'NOERROR', [`one.example. 300 RRSIG ${shown('A')}`]],
    ['host.example. TXT', 'NOERROR', ['host.example. 3600 TXT "text"']],
  ],
);

test('the table returns signatures with the TTL that they were written with', () => {
  const writer = createTableWriter(createTable({ bytes: 2 ** 22 }), { poison: true });
  const zone = writer.createZone(parseName('example'));
  const put = (ttl: number, records: readonly string[], own: number) => {
    const signatures = parseRecordType('RRSIG');
    const host = parseName('host.example');
    const rrsets = [
      { type: parseRecordType('A'), ttl, records: ['192.0.2.1'] },
      { type: signatures, ttl: own, records: parseRecords(signatures, records) },
      { type: parseRecordType('CAA'), ttl: 5, records: ['0 issue "x"'] },
    ];
    writer.putNode(zone, host, rrsets, 1 as Revision);
    assert.deepEqual(writer.getNode(zone, host)?.rrsets, rrsets);
  };
  put(60, [signatureOf('A'), signatureOf('CAA')], 300);
  put(300, [signatureOf('A')], 300);
  put(60, [signatureOf('MX')], 300);
  put(60, [signatureOf('MX'), signatureOf('A')], 0);
});

test('§3: the signature of an RRset that inherits the default TTL of its zone has that TTL, also after a change', () => {
  const { writer, ask } = serve('example. 60 NS ns.example.');
  const zone = writer.servedZone(parseName('example'));
  assert.ok(zone !== undefined);
  const signatures = { type: parseRecordType('RRSIG'), ttl: 60, records: [signatureOf('A')] };
  const address = { type: parseRecordType('A'), ttl: 60, records: ['192.0.2.1'], inheritsTtl: true as const };
  writer.putNode(zone, parseName('host.example'), [address, signatures], 1 as Revision);
  for (const ttl of [5, 60, 0]) {
    for (const _ of writer.setDefaultTtl(zone, ttl));
    for (const type of ['A', 'RRSIG'])
      assert.deepEqual(
        ask(`host.example. ${type}`).answers.map((record) => 'ttl' in record && record.ttl),
        [ttl],
      );
  }
});
