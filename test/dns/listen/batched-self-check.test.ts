// The self-check accepts batched sockets that work, and refuses those that do not, even if all calls succeed.

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

/**
 * How long the checks of broken sockets wait, in milliseconds. Checks of working sockets wait as long as in production.
 */
const patience = 500;

/** Returns the number of answers (msg_iovlen) in the message whose header is at this address. */
function segmentsAt(headers: bigint): number {
  return process.getBuiltinModule('node:ffi').getInt32(headers, 24);
}

suite('self-check of batched sockets', { skip: !batchedHere }, () => {
  test('the self-check accepts the sockets of this machine for every kind of address', async () => {
    assert.deepEqual(await checkBatchedSockets(openLibc(), [loopback, loopback6, ...wildcards]), { joins: true });
  });

  const harmless: [string, (libc: Libc) => Partial<Libc>][] = [
    [
      'datagrams that arrive one by one',
      (libc) => ({
        recvmmsg: (descriptor, headers, _count, flags) => libc.recvmmsg(descriptor, headers, 1, flags, 0n),
      }),
    ],
    [
      'a datagram that arrives late',
      (libc) => {
        let calls = 0;
        const isEarly = () => calls % 2 === 1;
        return {
          recvmmsg: (...call) => {
            calls += 1;
            return isEarly() ? -1 : libc.recvmmsg(...call);
          },
          errno: () => (isEarly() ? linux.EAGAIN : libc.errno()),
        };
      },
    ],
  ];
  for (const [event, odd] of harmless) {
    test(`the self-check accepts sockets with ${event}`, async () => {
      const libc = openLibc();
      assert.deepEqual(await checkBatchedSockets({ ...libc, ...odd(libc) }, [loopback]), { joins: true });
    });
  }

  test('if joined answers do not arrive, the self-check accepts the sockets, without joining answers', async () => {
    const libc = openLibc();
    const sendmmsg: Libc['sendmmsg'] = (descriptor, headers, count, flags) =>
      segmentsAt(headers) > 1 ? count : libc.sendmmsg(descriptor, headers, count, flags);
    const found = await checkBatchedSockets({ ...libc, sendmmsg }, [loopback, loopback6], patience);
    assert.equal(found.joins, false);
    assert.match(String(found.reason), /an answer did not arrive/);
  });

  const faults: [string, (libc: Libc) => Partial<Libc>, RegExp][] = [
    ['receiving fails', () => ({ recvmmsg: () => -1, errno: () => linux.EAGAIN }), /a datagram was not received/],
    ['received data are not in the buffer', () => ({ recvmmsg: () => 1 }), /an answer did not arrive/],
    ['nothing is sent', () => ({ sendmmsg: (_descriptor, _headers, count) => count }), /an answer did not arrive/],
    ['sockets cannot be opened', () => ({ socket: () => -1, errno: () => 1 }), /EPERM/],
  ];
  for (const [fault, broken, message] of faults) {
    test(`the self-check finds that ${fault}`, async () => {
      const libc = openLibc();
      await assert.rejects(checkBatchedSockets({ ...libc, ...broken(libc) }, [loopback], patience), message);
    });
  }
});
