// Addresses, ranges and pools, compared with ipaddr.js, Node's URL parser and plain counting.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import {
  type Address,
  addressHex,
  addressNumber,
  addressRdata,
  automaticReverseZone,
  familyOf,
  formatAddress,
  isMulticast,
  parseAddress,
  reverseName,
} from '../../src/model/address.ts';
import { parseFilterRange, parseRange, rangeHolds, rangesOverlap } from '../../src/model/address-range.ts';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { capacityOf, isBuggy, isExcluded, poolShape, shapeHolds } from '../../src/model/pool.ts';

const words = fc.array(fc.oneof(fc.constant(0), fc.constant(0xffff), fc.integer({ min: 0, max: 0xffff })), {
  minLength: 8,
  maxLength: 8,
});
const ipv6Number = words.map((all) => all.reduce((sum, word) => (sum << 16n) | BigInt(word), 0n));
const ipv4Number = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((low) => 0xffff_0000_0000n + BigInt(low));
const number = fc.oneof(ipv4Number, ipv6Number);

test('an address converts to a number and back, and its text is that of RFC 5952, as the URL parser writes it', () => {
  fc.assert(
    fc.property(number, (value) => {
      const address = formatAddress(value);
      assert.equal(addressNumber(address), value);
      assert.equal(parseAddress(address), address);
      assert.equal(addressHex(address), value.toString(16).padStart(32, '0'));
      const octets = ipaddr.parse(address).toByteArray();
      assert.deepEqual([...addressRdata(address)], octets);
      if (familyOf(address) === 'ipv6') assert.equal(new URL(`http://[${address}]`).hostname, `[${address}]`);
      assert.equal(value >> 32n === 0xffffn, familyOf(address) === 'ipv4');
    }),
    { numRuns: 500 },
  );
});

test('an address is multicast if ipaddr.js says so, with zeros left out, too', () => {
  const near = fc.constantFrom(
    'ff::1',
    'ff0::1',
    'ff5::1',
    'ff00::',
    'ff02::fb',
    'feff::1',
    '223.255.255.255',
    '224.0.0.0',
  );
  fc.assert(
    fc.property(fc.oneof(number.map(formatAddress), near.map(parseAddress)), (address) => {
      assert.equal(isMulticast(address), ipaddr.parse(address).range() === 'multicast');
    }),
    { numRuns: 500 },
  );
});

test('every way of writing an IPv6 address parses to the same address', () => {
  fc.assert(
    fc.property(words, (all) => {
      const value = all.reduce((sum, word) => (sum << 16n) | BigInt(word), 0n);
      const long = all.map((word) => word.toString(16).padStart(4, '0').toUpperCase()).join(':');
      const dotted = `${all
        .slice(0, 6)
        .map((word) => word.toString(16))
        .join(':')}:${all
        .slice(6)
        .flatMap((word) => [word >> 8, word & 255])
        .join('.')}`;
      for (const text of [long, dotted]) assert.equal(addressNumber(parseAddress(text)), value, text);
    }),
  );
  assert.equal(parseAddress('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(parseAddress('::192.0.2.1'), '::c000:201');
});

test('text that is not an address is refused', () => {
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    ' ::1',
    '::1%1',
    ':::',
    '1::2::3',
    '12345::',
    '0x1.2.3.4',
    '[::1]',
    '١.2.3.4',
  ]) {
    assert.throws(() => parseAddress(text), InvalidValue, text);
  }
});

test('a reverse name has the parts of the address in reverse order, and is within the automatic reverse zone of the address', () => {
  assert.equal(reverseName('192.0.2.1' as Address), '1.2.0.192.in-addr.arpa');
  assert.equal(automaticReverseZone('192.0.2.1' as Address), '2.0.192.in-addr.arpa');
  const six = '2001:db8::567:89ab' as Address;
  assert.equal(reverseName(six), 'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa');
  assert.equal(automaticReverseZone(six), '0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa');
});

test('a prefix parses as with ipaddr.js, and one with host bits is taken only in a filter', () => {
  fc.assert(
    fc.property(number, fc.nat(128), (value, length) => {
      const address = formatAddress(value);
      const bits = familyOf(address) === 'ipv4' ? 32 : 128;
      const prefix = `${address}/${length % (bits + 1)}`;
      const kind = bits === 32 ? ipaddr.IPv4 : ipaddr.IPv6;
      const first = addressNumber(parseAddress(kind.networkAddressFromCIDR(prefix).toString()));
      const last = first + 2n ** BigInt(bits - (length % (bits + 1))) - 1n;
      const holdsMapped = bits === 128 && first <= 0xffff_0000_0000n && last >= 0xffff_ffff_ffffn;
      if (holdsMapped) {
        assert.throws(() => parseRange(prefix), InvalidValue);
        // IPv4-mapped prefixes are allowed in a filter. They mean IPv4 addresses, which no IPv6 range contains.
        const filter = parseFilterRange(prefix);
        assert.deepEqual([filter.first, filter.last, filter.family], [first, last, 'ipv6']);
        assert.ok(rangeHolds(filter, value) && !rangeHolds(filter, 0xffff_0a00_0001n));
        assert.ok(!rangesOverlap(filter, parseRange('10.0.0.0/8')));
        return;
      }
      const range = parseFilterRange(prefix);
      assert.deepEqual([range.first, range.last, range.family], [first, last, familyOf(address)]);
      if (first !== value) assert.throws(() => parseRange(prefix), /has host bits/);
      assert.deepEqual(parseRange(range.text), range);
      assert.ok(rangeHolds(range, value));
    }),
    // The last address of ::/80 is also the last of the IPv4-mapped addresses.
    { numRuns: 500, examples: [[0n, 80]] },
  );
});

test('a range holds the addresses between its ends, and is refused if it runs backwards or across families', () => {
  fc.assert(
    fc.property(number, number, number, (a, b, c) => {
      const text = `${formatAddress(a)} - ${formatAddress(b)}`;
      const crosses = familyOf(formatAddress(a)) !== familyOf(formatAddress(b));
      const around = !crosses && a < 0xffff_0000_0000n && b > 0xffff_ffff_ffffn;
      if (crosses || around || a > b) {
        assert.throws(() => parseRange(text), InvalidValue);
        return;
      }
      const range = parseRange(text);
      assert.equal(rangeHolds(range, c), a <= c && c <= b);
      assert.deepEqual(parseRange(range.text), range);
      const one = parseRange(formatAddress(c));
      assert.equal(rangesOverlap(range, one), rangeHolds(range, c));
      assert.equal(rangesOverlap(one, range), rangeHolds(range, c));
    }),
    { numRuns: 500 },
  );
  for (const text of [
    '',
    '-',
    '10.0.0.1-',
    '-10.0.0.1',
    '10.0.0.1-10.0.0.2-10.0.0.3',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/-1',
    '10.0.0.0/1e1',
    '10.0.0.0/8/8',
    '/8',
    '10.0.0.0-10.0.0.0/8',
    '::ffff:10.0.0.0/104',
    '::/0',
    '::ffff:0:0/95',
  ]) {
    assert.throws(() => parseRange(text), InvalidValue, text);
  }
  assert.equal(parseRange('10.0.0.7-10.0.0.7').text, '10.0.0.7');
});

test('the capacity of a pool is the number of its addresses, counted one by one', () => {
  const low = fc.integer({ min: 200, max: 600 });
  const text = (family: 'ipv4' | 'ipv6', at: number) =>
    family === 'ipv4' ? `10.0.${at >> 8}.${at & 255}` : `2001:db8::${at.toString(16)}`;
  const range = fc
    .record({
      family: fc.constantFrom('ipv4' as const, 'ipv6' as const),
      first: low,
      size: fc.nat(80),
      bits: fc.nat(8),
      prefix: fc.boolean(),
    })
    .map(({ family, first, size, bits, prefix }) =>
      prefix
        ? `${text(family, (first >> bits) << bits)}/${(family === 'ipv4' ? 32 : 128) - bits}`
        : `${text(family, first)}-${text(family, first + size)}`,
    );
  const settings = fc.record({
    ranges: fc.array(range, { minLength: 1, maxLength: 4 }),
    exclude: fc.array(range, { maxLength: 4 }),
    avoidBuggyIps: fc.boolean(),
    allowFirstLast: fc.boolean(),
  });
  fc.assert(
    fc.property(settings, (pool) => {
      const parsed = pool.ranges.map(parseRange);
      fc.pre(parsed.every((one, index) => parsed.slice(0, index).every((other) => !rangesOverlap(one, other))));
      const excluded = pool.exclude.map(parseRange);
      const shape = poolShape(pool);
      const counted = { ipv4: 0n, ipv6: 0n };
      for (const { first, last, family, prefixLength } of parsed) {
        for (let at = first; at <= last; at += 1n) {
          const isEnd = prefixLength !== undefined && last - first > 1n && (at === first || at === last);
          const usable =
            !excluded.some((one) => rangeHolds(one, at)) &&
            !(pool.avoidBuggyIps && family === 'ipv4' && [0n, 255n].includes(at & 255n)) &&
            !(!pool.allowFirstLast && isEnd);
          if (usable) counted[family] += 1n;
          assert.equal(isExcluded(shape, at), !usable);
          assert.ok(shapeHolds(shape, at));
        }
      }
      assert.deepEqual({ ipv4: capacityOf(shape, 'ipv4'), ipv6: capacityOf(shape, 'ipv6') }, counted);
    }),
    { numRuns: 200 },
  );
  assert.equal(
    capacityOf(poolShape({ ranges: ['10.0.0.0/32'], exclude: [], avoidBuggyIps: true, allowFirstLast: true }), 'ipv4'),
    0n,
  );
  assert.equal(
    capacityOf(
      poolShape({ ranges: ['2001:db8::/64'], exclude: [], avoidBuggyIps: true, allowFirstLast: false }),
      'ipv6',
    ),
    2n ** 64n - 2n,
  );
  assert.ok(isBuggy(addressNumber('10.0.0.255' as Address)) && !isBuggy(addressNumber('::255' as Address)));
});
