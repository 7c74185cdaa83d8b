// The self-check lets working sockets pass, and finds those that do not do what they say.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { checkBatchedSockets } from '../../../src/dns/listen/batched-self-check.ts';
import { type Libc, linux, openLibc } from '../../../src/dns/listen/libc.ts';
import { type Address, parseAddress } from '../../../src/model/address.ts';
import { batchedHere, loopback, loopback6 } from './running-server.ts';

const wildcards = [
  { address: parseAddress('0.0.0.0'), port: 0 },
  { address: '::' as Address, port: 0 },
];

suite('self-check of batched sockets', { skip: !batchedHere }, () => {
  test('passes here, for every kind of address', async () => {
    await checkBatchedSockets(openLibc(), [loopback, loopback6, ...wildcards]);
  });

  const faults: [string, (libc: Libc) => Partial<Libc>, RegExp][] = [
    ['receiving fails', () => ({ recvmmsg: () => -1, errno: () => linux.EAGAIN }), /0 datagrams were received/],
    ['what was received is somewhere else', () => ({ recvmmsg: () => 1 }), /an answer did not arrive/],
    [
      'sending sends nothing',
      () => ({ sendmmsg: (_descriptor, _headers, count) => count }),
      /an answer did not arrive/,
    ],
    ['sockets cannot be opened', () => ({ socket: () => -1, errno: () => 1 }), /EPERM/],
  ];
  for (const [fault, broken, message] of faults) {
    test(`finds that ${fault}`, async () => {
      const libc = openLibc();
      await assert.rejects(checkBatchedSockets({ ...libc, ...broken(libc) }, [loopback]), message);
    });
  }
});
