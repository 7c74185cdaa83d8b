// Extended errors (RFC 8914): a client that sent an OPT record learns why there is no answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeQuestion, optionsOf, serve } from '../../support/answers.ts';

const server = serve('host.example. 60 A 192.0.2.1');

const rows: [string, string, code: number | undefined][] = [
  ['§4.21: a name outside our zones', 'elsewhere. A', 20],
  ['§4.22: a zone transfer', 'example. AXFR', 21],
  ['§4.22: a class that we do not serve', 'host.example. A HS', 21],
  ['§4.19: CHAOS while it is off', 'id.server. TXT CH', 18],
  ['RFC 9824 §3.5: a type that must not be queried', 'host.example. TYPE128', 30],
  ['a positive answer', 'host.example. A', undefined],
  ['NXDOMAIN', 'none.example. A', undefined],
];

for (const [title, question, code] of rows) {
  test(`${title} gets ${code === undefined ? 'no extended error' : `extended error ${code}`}`, () => {
    const response = server.exchange(encodeQuestion(`${question} edns`));
    assert.ok(response);
    const data = optionsOf(response).get(15);
    assert.equal(data === undefined ? undefined : Number.parseInt(data, 16), code);
    assert.equal(
      server.exchange(encodeQuestion(question))?.readUInt16BE(10),
      0,
      'a query without OPT gets additional records',
    );
  });
}

test('§4.21: a name that CHAOS does not have gets extended error 20 while CHAOS is on', () => {
  const open = serve('host.example. 60 A 192.0.2.1', { settings: { chaos: { server: 'a', version: '1' } } });
  for (const question of ['host.example. A CH', 'authors.bind. TXT CH', 'id.server. A CH']) {
    const response = open.exchange(encodeQuestion(`${question} edns`));
    assert.equal(response && optionsOf(response).get(15), '0014');
  }
});

test('§4.22: an unknown opcode gets extended error 21', () => {
  const query = encodeQuestion('host.example. A edns');
  query[2] = 5 << 3;
  const response = server.exchange(query);
  assert.equal(response && optionsOf(response).get(15), '0015');
});
