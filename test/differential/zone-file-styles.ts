// Writes random zones in the styles of other servers: with the layout and the odd tokens of their exports. The same
// seed gives the same file.

import { Random } from '../support/random.ts';
import { type FileRecord, randomRecords, reverseRecords } from './zone-file-records.ts';

export interface StyledFile {
  number: number;
  style: Style;
  zone: string;
  text: string;
}

/** The input of a style: the zone, its records without the SOA, and the fields of the SOA. */
interface Contents {
  zone: string;
  records: readonly FileRecord[];
  serial: number;
  minimum: number;
}

type Writer = (random: Random, contents: Contents) => string;

const styles = {
  windows: writeWindows,
  cpanel: writeCpanel,
  cloudflare: writeCloudflare,
  hetzner: writeHetzner,
  route53: writeRoute53,
  octodns: writeOctodns,
  bind: writeBind,
} satisfies Record<string, Writer>;

type Style = keyof typeof styles;

export const styleNames = Object.keys(styles) as Style[];

/** Returns the file with this number of the run with this seed. */
export function styledFile(seed: number, number: number): StyledFile {
  const random = new Random(seed, number);
  const style = styleNames[number % styleNames.length] as Style;
  const reverse = style === 'windows' && random.chance(0.3);
  const zone = reverse ? `${number % 250}.${number >> 8}.10.in-addr.arpa` : `z${number}.example.com`;
  const records = reverse ? reverseRecords(random) : randomRecords(random, zone);
  const contents = { zone, records, serial: 1 + random.below(2 ** 31), minimum: random.pick([60, 300, 3600]) };
  return { number, style, zone, text: styles[style](random, contents) };
}

function absolute(owner: string, zone: string): string {
  return owner === '@' ? `${zone}.` : `${owner}.${zone}.`;
}

/** Returns the rdata. If its name is in the zone, writes it relative to the zone in half of the cases. */
function relative(random: Random, rdata: string, zone: string): string {
  if (!rdata.endsWith(`.${zone}.`) || random.chance(0.5)) return rdata;
  return rdata.slice(0, -(zone.length + 2));
}

/** No $TTL, a SOA without a TTL, blanks in place of a repeated owner, ages, WINS, glue outside the zone, CRLF. */
function writeWindows(random: Random, { zone, records, serial, minimum }: Contents): string {
  const blanks = ' '.repeat(24);
  const lines = [
    ';',
    `;  Database file (null) for Default zone scope in zone ${zone}.`,
    `;      Zone version:  ${serial}`,
    ';',
    '',
    `@                       IN  SOA dc01.${zone}. hostmaster.${zone}. (`,
    `${blanks}\t${serial}           ; serial number`,
    `${blanks}\t900          ; refresh`,
    `${blanks}\t600          ; retry`,
    `${blanks}\t86400        ; expire`,
    `${blanks}\t${minimum}       ) ; default TTL`,
    ';',
    ';  Zone NS records',
    ';',
    '',
  ];
  if (random.chance(0.5)) lines.push('ns2.example.net.        A\t192.0.2.77');
  if (random.chance(0.3)) lines.push('@                       WINS\tL1 C2 ( 10.0.0.10 10.0.0.11 )');
  if (random.chance(0.2)) lines.push(`@                       WINSR\tL1 C2 ${zone}.`);
  let before = '';
  for (const { owner, ttl, type, rdata } of records) {
    const name = owner === before && random.chance(0.7) ? blanks : `${owner.padEnd(23)} `;
    const time = random.weighted({ age: 3, ttl: 1, none: 4 });
    const age = time === 'age' ? `[AGE:${3_731_000 + random.below(400)}]\t` : '';
    lines.push(`${name}${age}${time === 'none' ? '' : `${ttl}\t`}${type}\t${rdata}`);
    before = owner;
  }
  return `${lines.join('\r\n')}\r\n`;
}

function writeCpanel(random: Random, { zone, records, serial, minimum }: Contents): string {
  const lines = [
    '; cPanel first:11.25.0-STABLE_42174 (update_time):1269551111 Cpanel::ZoneFile::VERSION:1.3 hostname:h.example.net',
    `; Zone file for ${zone}`,
    '$TTL 14400',
    `${zone}.\t86400\tIN\tSOA\tns1.example.net.\tadmin.example.net.\t(`,
    `\t\t\t\t\t\t${serial} ;Serial Number`,
    '\t\t\t\t\t\t3600 ;refresh',
    '\t\t\t\t\t\t1800 ;retry',
    '\t\t\t\t\t\t1209600 ;expire',
    `\t\t\t\t\t\t${minimum} )`,
  ];
  for (const { owner, ttl, type, rdata } of records) {
    const name = random.chance(0.5) ? absolute(owner, zone) : owner;
    lines.push(`${name}\t${random.chance(0.6) ? `${ttl}\t` : ''}IN\t${type}\t${relative(random, rdata, zone)}`);
  }
  return lines.join('\n');
}

/**
 * In newer exports, the SOA's owner lacks its last dot. In old ones, it is `@` below `$ORIGIN .`. All other owner names
 * are absolute.
 */
function writeCloudflare(random: Random, { zone, records, serial, minimum }: Contents): string {
  const head = [
    ';;',
    `;; Domain:     ${zone}.`,
    ';; Exported:   2024-01-02 03:04:05',
    ';;',
    ';; This file is intended for use for informational and archival',
    ';; purposes ONLY and MUST be edited before use on a production DNS server. Use at your own risk.',
  ];
  const soa = random.chance(0.7)
    ? [
        ';; SOA Record',
        `${zone}\t3600\tIN\tSOA\tada.ns.cloudflare.com. dns.cloudflare.com. ${serial} 10000 2400 604800 ${minimum}`,
      ]
    : [
        '$ORIGIN .',
        `@\t3600\tIN\tSOA\t${zone}.\troot.${zone}.\t(`,
        `\t\t${serial}\t; serial`,
        '\t\t7200\t\t; refresh',
        '\t\t3600\t\t; retry',
        '\t\t86400\t\t; expire',
        `\t\t${minimum})\t\t; minimum`,
      ];
  const lines = [...Map.groupBy(records, ({ type }) => type)].flatMap(([type, some]) => [
    '',
    `;; ${type} Records`,
    ...some.map(({ owner, ttl, rdata }) => {
      const tags = random.chance(0.4) ? ' ; cf_tags=cf-proxied:true' : '';
      return `${absolute(owner, zone)}\t${ttl}\tIN\t${type}\t${rdata}${tags}`;
    }),
  ]);
  return [...head, ...soa, ...lines, ''].join('\n');
}

function writeHetzner(random: Random, { zone, records, serial, minimum }: Contents): string {
  const lines = [...Map.groupBy(records, ({ type }) => type)].flatMap(([type, some]) => [
    `; ${type} Records`,
    ...some.map(
      ({ owner, ttl, rdata }) =>
        `${owner}\t${random.chance(0.5) ? `${ttl}\t` : ''}IN\t${type}\t${relative(random, rdata, zone)}`,
    ),
    '',
  ]);
  return [
    `; Zone: ${zone}.`,
    '; Exported  (yyyy-mm-ddThh:mm:ss.sssZ): 2024-01-02T03:04:05.678Z',
    '',
    `$ORIGIN ${zone}.`,
    '$TTL 86400',
    '',
    '; SOA Records',
    `@\t\tIN\tSOA\thydrogen.ns.hetzner.com. dns.hetzner.com. ${serial} 86400 10800 3600000 ${minimum}`,
    '',
    ...lines,
  ].join('\n');
}

/** As cli53 exports a hosted zone: every record has a TTL, aliases are of the class AWS. */
function writeRoute53(random: Random, { zone, records, serial, minimum }: Contents): string {
  const lines = records.map(({ owner, ttl, type, rdata }) => {
    const routing = random.chance(0.1) ? ' ; AWS routing="WEIGHTED" weight=10 identifier="a"' : '';
    return `${owner}\t${ttl}\tIN\t${type}\t${rdata}${routing}`;
  });
  if (random.chance(0.6)) lines.push(`cdn\t60\tAWS\tALIAS\tA d111.cloudfront.net. Z2FDTNDATAQYW2 false`);
  return [
    `$ORIGIN ${zone}.`,
    `@\t900\tIN\tSOA\tns-1.awsdns-00.com. awsdns-hostmaster.amazon.com. ${serial} 7200 900 1209600 ${minimum}`,
    ...lines,
    '',
  ].join('\n');
}

function writeOctodns(_random: Random, { zone, records, serial, minimum }: Contents): string {
  const width = Math.max(...records.map(({ owner }) => owner.length));
  const lines = [...Map.groupBy(records, ({ owner }) => owner)].flatMap(([owner, some]) => [
    `; Name: ${owner}`,
    ...some.map(
      ({ ttl, type, rdata }, index) =>
        `${(index === 0 ? owner : '').padEnd(width)} ${String(ttl).padStart(7)} IN ${type.padEnd(8)} ${rdata}`,
    ),
  ]);
  const fields = [serial, 3600, 600, 604_800, minimum].map((field) => `    ${field}`);
  return [
    `$ORIGIN ${zone}.`,
    '',
    '@ 3600 IN SOA ns1.example.net. webmaster.example.net. (',
    ...fields,
    ')',
    ...lines,
    '',
  ].join('\n');
}

function writeBind(random: Random, contents: Contents): string {
  const kind = random.pick(['dumped', 'compiled', 'transferred', 'signed', 'by hand', 'by hand']);
  if (kind === 'dumped') return writeDumped(random, contents);
  if (kind === 'by hand') return writeByHand(random, contents);
  const { zone, records, serial, minimum } = contents;
  const soa = `${zone}.\t\t3600\tIN\tSOA\tns1.${zone}. admin.${zone}. ${serial} 7200 900 1209600 ${minimum}`;
  const lines = records.map(
    ({ owner, ttl, type, rdata }) => `${absolute(owner, zone)}\t\t${ttl}\tIN\t${type}\t${rdata}`,
  );
  if (kind === 'compiled') return [soa, ...lines, ''].join('\n');
  if (kind === 'transferred') {
    const head = ['', `; <<>> DiG 9.18.1 <<>> axfr ${zone} @192.0.2.1`, ';; global options: +cmd'];
    return [...head, soa, ...lines, soa, ';; Query time: 1 msec', ';; XFR size: 9 records', ''].join('\n');
  }
  const signature = (type: string, owner: string) =>
    `${absolute(owner, zone)} 3600 IN RRSIG ${type} 13 ${3 + (owner === '@' ? 0 : 1)} 3600 20380101000000 20200101000000 4711 ${zone}. AQIDBAUGBwg=`;
  const signing = [
    `${zone}. 3600 IN DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==`,
    signature('SOA', '@'),
    signature('A', 'ns1'),
    `${zone}. 300 IN NSEC ns1.${zone}. NS SOA RRSIG NSEC DNSKEY`,
    `${zone}. 0 IN NSEC3PARAM 1 0 0 -`,
    `${zone}. 3600 IN CDS 4711 13 2 ${'ab'.repeat(32)}`,
    `${zone}. 3600 IN ZONEMD ${serial} 1 1 ${'cd'.repeat(48)}`,
  ];
  return [soa, ...lines, ...signing, ''].join('\n');
}

/**
 * Writes a file as BIND does for a zone that it changes: `$TTL` before each change of TTL, owner names relative to
 * `$ORIGIN`.
 */
function writeDumped(_random: Random, { zone, records, serial, minimum }: Contents): string {
  const [label = '', ...rest] = zone.split('.');
  const lines = [
    `$ORIGIN ${rest.join('.')}.`,
    '$TTL 3600\t; 1 hour',
    `${label}\t\t\tIN SOA\tns1.${zone}. admin.${zone}. (`,
    `\t\t\t\t${serial} ; serial`,
    '\t\t\t\t7200       ; refresh (2 hours)',
    '\t\t\t\t900        ; retry (15 minutes)',
    '\t\t\t\t2419200    ; expire (4 weeks)',
    `\t\t\t\t${minimum}       ; minimum`,
    '\t\t\t\t)',
  ];
  let [ttl, owner] = [3600, '@'];
  for (const record of records.toSorted((a, b) => Number(b.owner === '@') - Number(a.owner === '@'))) {
    if (owner === '@' && record.owner !== '@') lines.push(`$ORIGIN ${zone}.`);
    if (record.ttl !== ttl) lines.push(`$TTL ${record.ttl}`);
    const name = record.owner === owner ? '' : record.owner;
    lines.push(`${name.padEnd(23)} ${record.type}\t${record.rdata}`);
    [ttl, owner] = [record.ttl, record.owner];
  }
  return [...lines, ''].join('\n');
}

/**
 * Writes a file as people do: units of time, parentheses, comments, $GENERATE, often no $TTL, TTLs that differ, and
 * lines that may end in CR.
 */
function writeByHand(random: Random, { zone, records, serial, minimum }: Contents): string {
  const hasTtl = random.chance(0.6);
  const lines = [
    ...(hasTtl ? ['$TTL 1h30m ; for all'] : []),
    `@ ${random.chance(0.5) ? '1d ' : ''}IN SOA ns1 hostmaster ( ${serial} 2h 15m`,
    `   2w ; expire`,
    ` ${minimum} ) ; minimum`,
  ];
  for (const { owner, ttl, type, rdata } of records) {
    const time = random.pick(['', `${ttl} `, 'IN ', `IN ${ttl} `, `${ttl} IN `]);
    const field = relative(random, rdata, zone);
    lines.push(`${owner}\t${time}${type} ${random.chance(0.3) ? `(${field}\n  ) ; one line` : field}`);
  }
  if (random.chance(0.5)) lines.push(`$GENERATE ${random.below(3)}-12/2 gen\${-5,3}.int 300 A 192.0.2.$`);
  if (random.chance(0.3)) lines.push(`$GENERATE 1-3 hex\${-2,4,x} IN CNAME ns1 ; comment`);
  const ends = random.weighted({ '\n': 6, '\r\n': 2, '\r': 5 });
  return `${lines.join('\n').replaceAll('\n', ends)}${ends}`;
}
