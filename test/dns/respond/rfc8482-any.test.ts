// ANY (RFC 8482 §4.1): over UDP one whole RRset of the name, over a connection all of them. So ANY does not amplify
// spoofed queries.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answers, encodeQuestion, serve } from '../../support/answers.ts';

answers(
  '§4.1: a subset over UDP, all over TCP',
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

test('nothing over UDP is larger than 1232 octets, or than 512 without OPT', () => {
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
