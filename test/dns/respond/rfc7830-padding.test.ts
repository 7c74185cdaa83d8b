// EDNS padding (RFC 7830): the length of an encrypted response says little about what is in it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientAt, ednsOption, encodeQuestion, optionsOf, serve, withOptions } from '../../support/answers.ts';

const texts = (count: number): string =>
  Array.from(
    { length: count },
    (_, i) => `t${count}.example. 60 TXT "${String(i).padStart(5, '0')}${'x'.repeat(240)}"`,
  ).join('\n');
const server = serve(
  `host.example. 60 A 192.0.2.1\n${texts(4)}\n${texts(253)}\nt253.example. 60 TXT "${'y'.repeat(197)}"`,
  { settings: { nsid: 'replica-1' } },
);
const padding = ednsOption(12);

const transports = ['tls', 'https', 'tcp', 'udp'] as const;

const rows: [title: string, query: Buffer, length: number][] = [
  ['a short response has 468 octets', withOptions(encodeQuestion('host.example. A edns'), padding), 468],
  [
    'the padding of the query may have any length',
    withOptions(encodeQuestion('host.example. A edns'), ednsOption(12, '0000000000000000')),
    468,
  ],
  ['a response without records has 468 octets too', withOptions(encodeQuestion('elsewhere. A edns'), padding), 468],
  ['a longer response fills the next block', withOptions(encodeQuestion('t4.example. TXT edns'), padding), 3 * 468],
  [
    'other options are within the block',
    withOptions(encodeQuestion('host.example. A edns'), ednsOption(3), padding),
    468,
  ],
  [
    'padding ends at the maximum length of a message, also within a block',
    withOptions(encodeQuestion('t253.example. TXT edns'), padding),
    65_535,
  ],
];

for (const [title, query, length] of rows) {
  test(`RFC 8467 §4.1: ${title}`, () => {
    for (const transport of ['tls', 'https'] as const) {
      const response = server.exchange(query, clientAt('192.0.2.9', transport));
      assert.ok(response);
      assert.equal(response.length, length);
      assert.match(optionsOf(response).get(12) ?? 'none', /^(00)*$/);
      assert.equal([...optionsOf(response).keys()].at(-1), 12);
    }
  });
}

test('RFC 7830 §4: a response to a query without padding is not padded', () => {
  for (const transport of transports) {
    const response = server.exchange(encodeQuestion('host.example. A edns'), clientAt('192.0.2.9', transport));
    assert.equal(response?.length, encodeQuestion('host.example. A edns').length + 16);
  }
});

test('RFC 7830 §6: a response that is not encrypted is not padded', () => {
  const query = withOptions(encodeQuestion('host.example. A edns'), padding);
  for (const transport of ['udp', 'tcp'] as const) {
    const response = server.exchange(query, clientAt('192.0.2.9', transport));
    assert.ok(response);
    assert.equal(optionsOf(response).has(12), false);
  }
});
