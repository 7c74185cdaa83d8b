// The name and the version of the server in class CH (RFC 4892). Questions for them are refused unless CHAOS is on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeQuestion, formatRecord, serve } from '../../support/answers.ts';

const zone = 'host.example. 60 A 192.0.2.1';
const open = serve(zone, { settings: { chaos: { server: 'replica-1', version: 'Zonewright 1.2.3' } } });
const shut = serve(zone);

const rows: [question: string, rcode: string, answers: string[]][] = [
  ['id.server. TXT CH', 'NOERROR', ['id.server. 0 TXT "replica-1"']],
  ['HostName.bind. TXT CH', 'NOERROR', ['HostName.bind. 0 TXT "replica-1"']],
  ['version.bind. TXT CH', 'NOERROR', ['version.bind. 0 TXT "Zonewright 1.2.3"']],
  ['version.server. ANY CH edns', 'NOERROR', ['version.server. 0 TXT "Zonewright 1.2.3"']],
  ['id.server. A CH', 'REFUSED', []],
  ['authors.bind. TXT CH', 'REFUSED', []],
  ['host.example. A CH', 'REFUSED', []],
  ['id.server. TXT HS', 'REFUSED', []],
  ['id.server. TXT', 'REFUSED', []],
];

for (const [question, rcode, answers] of rows) {
  test(`${question} gets ${rcode} if CHAOS is on, and REFUSED if it is off`, () => {
    const response = open.ask(question);
    assert.equal(response.rcode, rcode);
    assert.deepEqual(response.answers.map(formatRecord), answers);
    assert.equal(response.answers[0]?.class, answers.length === 0 ? undefined : 'CH');
    assert.equal(response.flag_aa, false);
    assert.equal(shut.ask(question).rcode, 'REFUSED');
  });
}

test('a long name is answered under every size limit of responses', () => {
  const server = serve(zone, { settings: { chaos: { server: 'é'.repeat(200), version: '' } } });
  for (const size of ['', ' size=512', ' tcp']) {
    const response = server.exchange(encodeQuestion(`id.server. TXT CH${size}`));
    assert.equal(response?.readUInt16BE(6), 1);
  }
});
