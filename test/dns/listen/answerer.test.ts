// A bug in answering must not end a thread. The query gets SERVFAIL or no response, and the bug is reported. Also tests
// the parser of client addresses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import { guard } from '../../../src/dns/listen/answerer.ts';
import { newClient, setClientAddress } from '../../../src/dns/respond/client.ts';
import { queryBytes } from '../../support/dns-client.ts';

test('queries that cause an exception get SERVFAIL, and one of them a second is reported', () => {
  const faults: string[] = [];
  const respond = guard(
    () => {
      throw new RangeError('off by one');
    },
    (message) => faults.push(message),
  );
  const response = Buffer.alloc(512, 255);
  for (let i = 0; i < 3; i += 1) {
    const query = queryBytes({ name: 'host.example', type: 'A', recursionDesired: true });
    const length = respond(query, query.length, response, newClient('udp'));
    const answer = decode(response.subarray(0, length));
    assert.deepEqual(
      [answer.id, answer.type, answer.rcode, answer.flag_rd, answer.questions, answer.flag_tc],
      [(query[0]! << 8) | query[1]!, 'response', 'SERVFAIL', true, [], false],
    );
  }
  assert.equal(faults.length, 1);
  assert.match(faults[0] ?? '', /off by one.*\nquery: [0-9a-f]{4}01000001/s);
});

test('a message that is not a query gets no answer, also if it causes an exception', () => {
  const respond = guard(
    () => {
      throw new Error('a bug');
    },
    () => undefined,
  );
  assert.equal(respond(new Uint8Array(11), 11, new Uint8Array(512), newClient('udp')), 0);
  assert.equal(respond(new Uint8Array(12).fill(0x80), 12, new Uint8Array(512), newClient('udp')), 0);
});

test('client addresses in the forms that Node writes are parsed', () => {
  const client = newClient('tcp');
  for (const [host, octets] of [
    ['192.0.2.1', [192, 0, 2, 1]],
    ['::ffff:192.0.2.1', [192, 0, 2, 1]],
    ['fe80::1%eth0', [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
  ] as const) {
    setClientAddress(client, host);
    assert.deepEqual([...client.address.subarray(0, client.addressLength)], octets);
  }
});
