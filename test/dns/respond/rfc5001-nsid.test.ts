// NSID (RFC 5001): a client that asks learns which replica answered.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ednsOption, encodeQuestion, optionsOf, serve, withOptions } from '../../support/answers.ts';

const zone = 'host.example. 60 A 192.0.2.1';
const named = serve(zone, { settings: { nsid: 'replica-1' } });
const nameless = serve(zone);
const name = Buffer.from('replica-1').toString('hex');

const rows: [string, typeof named, Buffer, expected: string | undefined][] = [
  [
    '§2.1: a query with NSID gets the name',
    named,
    withOptions(encodeQuestion('host.example. A edns'), ednsOption(3)),
    name,
  ],
  ['§2.1: a query without NSID does not get the name', named, encodeQuestion('host.example. A edns'), undefined],
  ['RFC 6891 §6.1.1: a query without OPT does not get the name', named, encodeQuestion('host.example. A'), undefined],
  [
    'data in the option of the query is ignored',
    named,
    withOptions(encodeQuestion('host.example. A edns'), ednsOption(3, 'abcd')),
    name,
  ],
  [
    'a query with NSID twice gets the name',
    named,
    withOptions(encodeQuestion('host.example. A edns'), ednsOption(3), ednsOption(3)),
    name,
  ],
  ['a refused query gets the name too', named, withOptions(encodeQuestion('elsewhere. A edns'), ednsOption(3)), name],
  [
    'a server without NSID sends no name',
    nameless,
    withOptions(encodeQuestion('host.example. A edns'), ednsOption(3)),
    undefined,
  ],
];

for (const [title, server, query, expected] of rows) {
  test(title, () => {
    const response = server.exchange(query);
    assert.ok(response);
    assert.equal(optionsOf(response).get(3), expected);
  });
}
