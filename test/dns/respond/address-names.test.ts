// Names that hold an address (the setting `addressNames` of a zone): answers as tables, and random names compared with
// a plain reference.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Address, addressNumber, parseAddress } from '../../../src/model/address.ts';
import { parseRange, rangeHolds } from '../../../src/model/address-range.ts';
import { answers, defaultSoa, formatRecord, serve } from '../../support/answers.ts';

const soa = `z. 300 ${defaultSoa}`;

answers(
  'a name that holds an address has an A or AAAA record of it, and so have the names below it',
  `
  $ZONE z.
  $ADDRESS-NAMES {"ranges": ["10.0.0.0/8", "2001:db8::/32"], "hex": true}`,
  [
    ['10-1-2-3.z. A', 'NOERROR', ['10-1-2-3.z. 3600 A 10.1.2.3']],
    ['app-10-1-2-3.z. A', 'NOERROR', ['app-10-1-2-3.z. 3600 A 10.1.2.3']],
    ['APP-10-1-2-3.z. A', 'NOERROR', ['APP-10-1-2-3.z. 3600 A 10.1.2.3']],
    ['my-app-10-1-2-3.z. A', 'NOERROR', ['my-app-10-1-2-3.z. 3600 A 10.1.2.3']],
    ['1-10-1-2-3.z. A', 'NOERROR', ['1-10-1-2-3.z. 3600 A 10.1.2.3']],
    ['x.y.10-1-2-3.z. A', 'NOERROR', ['x.y.10-1-2-3.z. 3600 A 10.1.2.3']],
    ['*.10-1-2-3.z. A', 'NOERROR', ['*.10-1-2-3.z. 3600 A 10.1.2.3']],
    ['10.1.2.3.z. A', 'NOERROR', ['10.1.2.3.z. 3600 A 10.1.2.3']],
    ['app.10.1.2.3.z. A', 'NOERROR', ['app.10.1.2.3.z. 3600 A 10.1.2.3']],
    ['192.168.10.1.2.3.z. A', 'NOERROR', ['192.168.10.1.2.3.z. 3600 A 10.1.2.3']],
    ['app-0a010203.z. A', 'NOERROR', ['app-0a010203.z. 3600 A 10.1.2.3']],
    ['0A010203.z. A', 'NOERROR', ['0A010203.z. 3600 A 10.1.2.3']],
    ['10-0-0-0.z. A', 'NOERROR', ['10-0-0-0.z. 3600 A 10.0.0.0']],
    ['10-255-255-255.z. A', 'NOERROR', ['10-255-255-255.z. 3600 A 10.255.255.255']],
    ['2001-db8--1.z. AAAA', 'NOERROR', ['2001-db8--1.z. 3600 AAAA 2001:db8::1']],
    ['www.2001-0DB8--.z. AAAA', 'NOERROR', ['www.2001-0DB8--.z. 3600 AAAA 2001:db8::']],
    ['2001-db8-1-2-3-4-5-6.z. AAAA', 'NOERROR', ['2001-db8-1-2-3-4-5-6.z. 3600 AAAA 2001:db8:1:2:3:4:5:6']],
    [
      'a-20010db8000000000000000000000001.z. AAAA',
      'NOERROR',
      ['a-20010db8000000000000000000000001.z. 3600 AAAA 2001:db8::1'],
    ],
    ['app-10-1-2-3.z. ANY', 'NOERROR', ['app-10-1-2-3.z. 3600 A 10.1.2.3']],
    // The name exists, and has no data of other types.
    ['app-10-1-2-3.z. AAAA', 'NOERROR', [], [soa]],
    ['app-10-1-2-3.z. TXT', 'NOERROR', [], [soa]],
    ['2001-db8--1.z. A', 'NOERROR', [], [soa]],
    // The names above a dotted name exist, also for a resolver that asks for them first (RFC 9156).
    ['3.z. A', 'NOERROR', [], [soa]],
    ['2.3.z. NS', 'NOERROR', [], [soa]],
    ['1.2.3.z. A', 'NOERROR', [], [soa]],
    // These names hold no address.
    ['9.1.2.3.z. A', 'NXDOMAIN', [], [soa]],
    ['11-1-2-3.z. A', 'NXDOMAIN', [], [soa]],
    ['10-1-2.z. A', 'NXDOMAIN', [], [soa]],
    ['10-1-2-256.z. A', 'NXDOMAIN', [], [soa]],
    ['10-1-2-03.z. A', 'NXDOMAIN', [], [soa]],
    ['app10-1-2-3.z. A', 'NXDOMAIN', [], [soa]],
    ['10-1-2-3-x.z. A', 'NXDOMAIN', [], [soa]],
    ['10-1-2-3.x.z. A', 'NXDOMAIN', [], [soa]],
    ['10.1-2.3.z. A', 'NXDOMAIN', [], [soa]],
    ['10-1-2--3.z. A', 'NXDOMAIN', [], [soa]],
    ['256.z. A', 'NXDOMAIN', [], [soa]],
    ['x.2.3.z. A', 'NXDOMAIN', [], [soa]],
    ['be-2001-db8--1.z. AAAA', 'NXDOMAIN', [], [soa]],
    ['2001-db8-1.z. AAAA', 'NXDOMAIN', [], [soa]],
    ['2001-db8--1--2.z. AAAA', 'NXDOMAIN', [], [soa]],
    ['2001-db8---1.z. AAAA', 'NXDOMAIN', [], [soa]],
    ['2001-db8-1-2-3-4-5-6-.z. AAAA', 'NXDOMAIN', [], [soa]],
    ['0--ffff-a01-203.z. AAAA', 'NXDOMAIN', [], [soa]],
    ['z. A', 'NOERROR', [], [soa]],
  ],
);

answers(
  'records of the zone come before the addresses that names hold',
  `
  $ZONE z.
  $ADDRESS-NAMES {"ranges": ["10.0.0.0/8", "2001:db8::/32"]}
  *.z.               60 A     192.0.2.1
  *.z.               60 TXT   "wild"
  app-10-1-2-3.z.    60 A     192.0.2.2
  txt-10-1-2-3.z.    60 TXT   "own"
  six-10-1-2-3.z.    60 AAAA  2001:db8::5
  to-10-1-2-3.z.     60 CNAME app-10-1-2-3.z.
  _s.ent-10-1-2-3.z. 60 TXT   "below"
  alias.z.           60 CNAME 10-1-2-3.z.
  cut-10-1-2-3.z.    60 NS    ns.elsewhere.
  7.z.               60 NS    ns.elsewhere.`,
  [
    ['app-10-1-2-3.z. A', 'NOERROR', ['app-10-1-2-3.z. 60 A 192.0.2.2']],
    ['x.app-10-1-2-3.z. A', 'NOERROR', ['x.app-10-1-2-3.z. 3600 A 10.1.2.3']],
    ['txt-10-1-2-3.z. A', 'NOERROR', ['txt-10-1-2-3.z. 3600 A 10.1.2.3']],
    ['txt-10-1-2-3.z. TXT', 'NOERROR', ['txt-10-1-2-3.z. 60 TXT "own"']],
    ['six-10-1-2-3.z. A', 'NOERROR', []],
    ['six-10-1-2-3.z. AAAA', 'NOERROR', ['six-10-1-2-3.z. 60 AAAA 2001:db8::5']],
    ['to-10-1-2-3.z. A', 'NOERROR', ['to-10-1-2-3.z. 60 CNAME app-10-1-2-3.z.', 'app-10-1-2-3.z. 60 A 192.0.2.2']],
    ['ent-10-1-2-3.z. A', 'NOERROR', ['ent-10-1-2-3.z. 3600 A 10.1.2.3']],
    ['ent-10-1-2-3.z. ANY', 'NOERROR', ['ent-10-1-2-3.z. 3600 A 10.1.2.3']],
    ['alias.z. A', 'NOERROR', ['alias.z. 60 CNAME 10-1-2-3.z.', '10-1-2-3.z. 3600 A 10.1.2.3']],
    ['alias.z. AAAA', 'NOERROR', ['alias.z. 60 CNAME 10-1-2-3.z.'], [soa]],
    ['x.cut-10-1-2-3.z. A', 'NOERROR -aa', [], ['cut-10-1-2-3.z. 60 NS ns.elsewhere.']],
    ['10.1.2.7.z. A', 'NOERROR -aa', [], ['7.z. 60 NS ns.elsewhere.']],
    // These names exist, so the wildcard does not match them.
    ['10-1-2-4.z. TXT', 'NOERROR', [], [soa]],
    ['4.z. A', 'NOERROR', [], [soa]],
    ['11-1-2-4.z. A', 'NOERROR', ['11-1-2-4.z. 60 A 192.0.2.1']],
    ['other.z. TXT', 'NOERROR', ['other.z. 60 TXT "wild"']],
  ],
);

answers(
  'only the forms and families that the setting names hold an address',
  `
  $ZONE dotted.
  $ADDRESS-NAMES {"ranges": ["10.0.0.0/8"], "dashed": false}
  $ZONE dashed.
  $ADDRESS-NAMES {"ranges": ["10.0.0.0/8", "2001:db8::/32"], "dotted": false, "ipv6": false}
  $ZONE one.
  $ADDRESS-NAMES {"ranges": ["10.1.2.3", "192.0.2.254-192.0.3.1"]}
  $ZONE none.`,
  [
    ['10.1.2.3.dotted. A', 'NOERROR', ['10.1.2.3.dotted. 3600 A 10.1.2.3']],
    ['10-1-2-3.dotted. A', 'NXDOMAIN', []],
    ['10-1-2-3.dashed. A', 'NOERROR', ['10-1-2-3.dashed. 3600 A 10.1.2.3']],
    ['10.1.2.3.dashed. A', 'NXDOMAIN', []],
    ['3.dashed. A', 'NXDOMAIN', []],
    ['0a010203.dashed. A', 'NXDOMAIN', []],
    ['2001-db8--1.dashed. AAAA', 'NXDOMAIN', []],
    ['10.1.2.3.one. A', 'NOERROR', ['10.1.2.3.one. 3600 A 10.1.2.3']],
    ['10.1.2.2.one. A', 'NXDOMAIN', []],
    ['2.one. A', 'NXDOMAIN', []],
    ['3.one. A', 'NOERROR', []],
    ['2.3.one. A', 'NOERROR', []],
    ['2.2.3.one. A', 'NXDOMAIN', []],
    ['1.one. A', 'NOERROR', []],
    ['3.1.one. A', 'NOERROR', []],
    ['2.1.one. A', 'NXDOMAIN', []],
    ['254.one. A', 'NOERROR', []],
    ['253.one. A', 'NXDOMAIN', []],
    ['192-0-3-1.one. A', 'NOERROR', ['192-0-3-1.one. 3600 A 192.0.3.1']],
    ['10-1-2-3.none. A', 'NXDOMAIN', []],
    ['3.none. A', 'NXDOMAIN', []],
  ],
);

const octet = fc.constantFrom('0', '1', '2', '10', '255', '256', '01', '172');
const group = fc.constantFrom('0', '1', '2001', 'db8', '0db8', 'ffff', '12345', 'g');
const label = fc.oneof(
  octet,
  fc.array(octet, { minLength: 3, maxLength: 6 }).map((octets) => octets.join('-')),
  fc.array(octet, { minLength: 4, maxLength: 4 }).map((octets) => `a-${octets.join('-')}`),
  fc
    .tuple(fc.array(group, { maxLength: 5 }), fc.array(group, { maxLength: 4 }))
    .map((parts) => parts.map((one) => one.join('-')).join('--')),
  fc.array(group, { minLength: 7, maxLength: 9 }).map((groups) => groups.join('-')),
  fc.constantFrom('0a000001', 'x-0a000001', '20010db8000000000000000000000001', 'a', '-', '--'),
);
const name = fc.array(
  label.filter((text) => text !== '' && text.length < 64),
  { minLength: 1, maxLength: 6 },
);
const range = fc.constantFrom(
  '10.0.0.0/8',
  '10.1.2.0/30',
  '10.1.2.3',
  '0.0.0.0/0',
  '172.0.1.255-172.1.2.1',
  '2001:db8::/32',
  '::/96',
);

test('random names have the addresses that the reference finds', () => {
  const flag = fc.boolean();
  const setting = fc.record({
    ranges: fc.uniqueArray(range, { minLength: 1, maxLength: 3 }),
    dashed: flag,
    dotted: flag,
    hex: flag,
    ipv6: flag,
  });
  fc.assert(
    fc.property(setting, fc.array(name, { minLength: 30, maxLength: 30 }), (wanted, names) => {
      const server = serve(`$ZONE z.\n$ADDRESS-NAMES ${JSON.stringify(wanted)}`);
      for (const labels of names) {
        const asked = `${labels.join('.')}.z.`;
        const { exists, ipv4, ipv6 } = reference(wanted, labels);
        for (const [type, address] of [
          ['A', ipv4],
          ['AAAA', ipv6],
        ] as const) {
          const { rcode, answers: got } = server.ask(`${asked} ${type}`);
          assert.equal(rcode, exists ? 'NOERROR' : 'NXDOMAIN', asked);
          const expected = address === undefined ? [] : [addressNumber(address)];
          assert.deepEqual(
            got.map((record) => addressNumber(parseAddress(formatRecord(record).split(' ')[3] ?? ''))),
            expected,
            asked,
          );
        }
      }
    }),
    { numRuns: 200 },
  );
});

interface Setting {
  ranges: string[];
  dashed: boolean;
  dotted: boolean;
  hex: boolean;
  ipv6: boolean;
}

/** Returns the addresses that a name holds. Finds them with regular expressions; the table works with octets. */
function reference({ ranges, dashed, dotted, hex, ipv6 }: Setting, labels: string[]) {
  const last = labels.at(-1) ?? '';
  const number = '(0|[1-9][0-9]{0,2})';
  const candidates: string[] = [];
  const add = (address: string | undefined) => address !== undefined && candidates.push(address);
  if (dashed) {
    add(new RegExp(`(?:^|-)${number}-${number}-${number}-${number}$`).exec(last)?.slice(1).join('.'));
    if (ipv6 && /^[0-9a-f-]+$/.test(last)) add(last.replaceAll('-', ':'));
  }
  if (dotted && labels.length >= 4) add(labels.slice(-4).join('.'));
  if (hex) {
    const four = /(?:^|-)([0-9a-f]{8})$/.exec(last)?.[1];
    add(four && [0, 2, 4, 6].map((at) => Number.parseInt(four.slice(at, at + 2), 16)).join('.'));
    if (ipv6) add(/(?:^|-)([0-9a-f]{32})$/.exec(last)?.[1]?.replace(/.{4}(?!$)/g, '$&:'));
  }
  const inRanges = candidates.flatMap((text) => {
    try {
      const address = parseAddress(text);
      const isMapped = text.includes(':') && !address.includes(':');
      return !isMapped && ranges.some((one) => rangeHolds(parseRange(one), addressNumber(address))) ? [address] : [];
    } catch {
      return [];
    }
  });
  const find = (isIpv6: boolean): Address | undefined => inRanges.find((one) => one.includes(':') === isIpv6);
  const isAbove = dotted && labels.length < 4 && standsAbove(ranges, labels);
  return { exists: inRanges.length > 0 || isAbove, ipv4: find(false), ipv6: find(true) };
}

/**
 * Returns whether a range has an IPv4 address whose name ends with these labels: compares the lowest such address with
 * the end of the range.
 */
function standsAbove(ranges: string[], labels: string[]): boolean {
  if (!labels.every((text) => /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) < 256)) return false;
  const end = labels.reduce((value, text) => value * 256n + BigInt(text), 0n);
  const step = 256n ** BigInt(labels.length);
  return ranges.map(parseRange).some(({ family, first, last }) => {
    if (family !== 'ipv4') return false;
    const least = first + ((((end - first) % step) + step) % step);
    return least <= last;
  });
}
