// Server cookies that other servers can make and check (RFC 9018 §4), with the test vectors of the RFC and of SipHash.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookie, ServerCookies } from '../../../src/dns/respond/server-cookies.ts';
import { SipHash } from '../../../src/dns/wire/siphash.ts';
import { addressRdata, parseAddress } from '../../../src/model/address.ts';
import { clockAt } from '../../support/answers.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const first = hex('e5e973e5a6b2a43f48e7dc849e37bfcf');
const rolled = hex('445536bcd2513298075a5d379663c962');
const rolledFrom = hex('dd3bdf9344b678b185a6f5cb60fca715');

/** Returns the cookie that a client at `address` gets, and the state of the cookie that it sent. */
function answer(address: string, sent: string, now: number, secrets: readonly Uint8Array[] = [first]) {
  const cookies = new ServerCookies({ strict: false, secrets }, clockAt(now));
  const octets = addressRdata(parseAddress(address));
  const query = hex(sent);
  const state = cookies.check(query, 0, query.length, octets, octets.length);
  const made = Buffer.alloc(24);
  cookies.write(query, 0, octets, octets.length, made, 0);
  return { state, made: made.toString('hex') };
}

test('appendix A: cookies are made and checked as in the examples', () => {
  for (const [title, address, sent, now, secrets, state, made] of [
    [
      'A.1: a new cookie',
      '198.51.100.100',
      '2464c4abcf10c957',
      1559731985,
      [first],
      cookie.half,
      '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
    ],
    [
      'A.2: the same client gets a newer one',
      '198.51.100.100',
      '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
      1559734385,
      [first],
      cookie.old,
      '2464c4abcf10c957010000005cf7a871d4a564a1442aca77',
    ],
    [
      'A.3: reserved octets that are not 0 are hashed too',
      '203.0.113.203',
      'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5',
      1559734700,
      [first],
      cookie.wrong, // Its time 5cf78f71 is 6,907 seconds ago. RFC 9018 §4.3 allows one hour; its example does not follow that.
      'fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e',
    ],
    [
      'A.3: within the hour',
      '203.0.113.203',
      'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5',
      0x5cf78f71 + 60,
      [first],
      cookie.good,
      undefined,
    ],
    [
      'A.4: IPv6, and the secret was replaced',
      '2001:db8:220:1:59de:d0f4:8769:82b8',
      '22681ab97d52c298010000005cf7c57926556bd0934c72f8',
      1559741961,
      [rolled, rolledFrom],
      cookie.old,
      '22681ab97d52c298010000005cf7c609a6bb79d16625507a',
    ],
    [
      'A.4: without the old secret',
      '2001:db8:220:1:59de:d0f4:8769:82b8',
      '22681ab97d52c298010000005cf7c57926556bd0934c72f8',
      1559741961,
      [rolled],
      cookie.wrong,
      '22681ab97d52c298010000005cf7c609a6bb79d16625507a',
    ],
  ] as const) {
    const got = answer(address, sent, now, secrets);
    assert.equal(got.state, state, title);
    if (made !== undefined) assert.equal(got.made, made, title);
  }
});

test('§4.3: a cookie is accepted up to an hour old or five minutes early, and replaced after half an hour', () => {
  const now = 0x6cf79f11;
  const { made } = answer('198.51.100.100', '2464c4abcf10c957', now);
  const states = [-301, -300, 0, 1_800, 1_801, 3_600, 3_601].map(
    (age) => answer('198.51.100.100', made, now + age).state,
  );
  assert.deepEqual(states, [cookie.wrong, cookie.good, cookie.good, cookie.good, cookie.old, cookie.old, cookie.wrong]);
});

test('§4.3: a cookie stays good when the 32-bit time wraps in 2106', () => {
  const { made } = answer('198.51.100.100', '2464c4abcf10c957', 2 ** 32 - 10);
  assert.equal(made.slice(24, 32), 'fffffff6');
  assert.equal(answer('198.51.100.100', made, 2 ** 32 + 10).state, cookie.good);
});

test('a cookie is wrong if any of its bits or the address is changed', () => {
  const now = 1559731985;
  const { made } = answer('198.51.100.100', '2464c4abcf10c957', now);
  assert.equal(answer('198.51.100.101', made, now).state, cookie.wrong);
  for (let bit = 0; bit < 24 * 8; bit += 1) {
    const changed = hex(made);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.equal(answer('198.51.100.100', changed.toString('hex'), now).state, cookie.wrong, `bit ${bit}`);
  }
});

test('a server cookie of another length is wrong', () => {
  for (const length of [8, 15, 17, 32]) {
    assert.equal(answer('192.0.2.1', `2464c4abcf10c957${'01'.repeat(length)}`, 0).state, cookie.wrong);
  }
});

test('SipHash-2-4 gives the vectors of its reference implementation', () => {
  const key = Uint8Array.from({ length: 16 }, (_, i) => i);
  const input = Uint8Array.from({ length: 64 }, (_, i) => i);
  const hash = new SipHash(key);
  for (const [length, expected] of [
    [0, '310e0edd47db6f72'],
    [1, 'fd67dc93c539f874'],
    [7, '37d1018bf50002ab'],
    [8, '6224939a79f5f593'],
    [15, 'e545be4961ca29a1'],
    [63, '724506eb4c328a95'],
  ] as const) {
    assert.equal(Buffer.from(hash.digest(input, length)).toString('hex'), expected, `${length} octets`);
  }
});
