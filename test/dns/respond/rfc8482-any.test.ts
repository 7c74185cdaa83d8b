// A query for ANY (RFC 8482 §4.1) gets one RRset of the name over UDP, and all of them over a connection. So spoofed
// queries for ANY do not get larger responses than others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answers, encodeQuestion, serve } from '../../support/answers.ts';

answers(
  '§4.1: ANY gets one RRset over UDP, and all RRsets over TCP',
  `host.example.  60 A     192.0.2.1
   host.example.  60 A     192.0.2.2
   host.example.  60 TXT   "text"
   alias.example. 60 CNAME host.example.
   a.ent.example. 60 A     192.0.2.3`,
  [
    ['host.example. ANY', 'NOERROR', ['host.example. 60 A 192.0.2.1', 'host.example. 60 A 192.0.2.2']],
    [
      'host.example. ANY tcp',
      'NOERROR',
      ['host.example. 60 A 192.0.2.1', 'host.example. 60 A 192.0.2.2', 'host.example. 60 TXT "text"'],
    ],
    ['alias.example. ANY', 'NOERROR', ['alias.example. 60 CNAME host.example.']],
    ['ent.example. ANY', 'NOERROR', []],
    ['none.example. ANY', 'NXDOMAIN', []],
  ],
);

test('a response over UDP has at most 1232 octets, or 512 without OPT, for ANY and other types', () => {
  const records = Array.from(
    { length: 200 },
    (_, i) => `big.example. 60 A 198.51.100.${i}\nbig.example. 60 TXT "${i}"`,
  );
  const server = serve(records.join('\n'));
  for (const type of ['ANY', 'A', 'TXT']) {
    assert.ok((server.exchange(encodeQuestion(`big.example. ${type} size=65535`))?.length ?? 0) <= 1232);
    assert.ok((server.exchange(encodeQuestion(`big.example. ${type}`))?.length ?? 0) <= 512);
  }
});
