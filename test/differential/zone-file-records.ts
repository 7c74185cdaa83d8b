// Random records of one zone, for zone files in the styles of zone-file-styles.ts. BIND loads them all.

import type { Random } from '../support/random.ts';

export interface FileRecord {
  /** The owner name, relative to the zone. `@` is the apex. */
  owner: string;
  ttl: number;
  type: string;
  /** The rdata. Names in it are absolute. */
  rdata: string;
}

const words = [
  'www',
  'mail',
  'ftp',
  'api',
  'dev',
  'vpn',
  'ns1',
  'intranet',
  'a',
  'b-2',
  '_dmarc',
  'x1._domainkey',
  '*',
  '*.dev',
  'db.int',
];
const services = ['_sip._tcp', '_ldap._tcp', '_kerberos._udp', '_ldap._tcp.Default-First-Site-Name._sites'];
const ttls = [1, 60, 300, 600, 3600, 14_400, 86_400];

export function randomRecords(random: Random, zone: string): FileRecord[] {
  const records: FileRecord[] = [];
  const taken = new Set<string>();
  const free = (owner: string) => !taken.has(owner) && !records.some((one) => one.owner === owner);
  const target = () =>
    random.chance(0.6)
      ? `${random.pick(['mail', 'www', 'db.int', 'gone'])}.${zone}.`
      : random.pick(['host.example.net.', 'Mail.Example.NET.']);
  const add = (owner: string, type: string, rdata: string) => {
    const same = records.find((one) => one.owner === owner && one.type === type);
    records.push({ owner, type, rdata, ttl: same?.ttl ?? random.pick(ttls) });
  };
  add('@', 'NS', `ns1.${zone}.`);
  add('@', 'NS', 'ns2.example.net.');
  if (random.chance(0.7)) add('@', 'MX', `10 ${target()}`);
  if (random.chance(0.6)) add('@', 'TXT', text(random));
  if (random.chance(0.3)) add('@', 'CAA', `0 issue "ca${random.below(9)}.example"`);
  for (const word of ['ns1', ...random.shuffled(words).slice(0, 4 + random.below(8))]) {
    if (taken.has(word)) continue;
    const kind = word === 'ns1' ? 'address' : random.weighted({ address: 6, alias: 3, text: 2, other: 2 });
    if (kind === 'alias' && free(word)) {
      add(word, 'CNAME', target());
      taken.add(word);
    } else if (kind === 'text') add(word, 'TXT', text(random));
    else if (kind === 'other') addOther(random, word, add);
    else addAddresses(random, word, add);
  }
  for (const service of services)
    if (random.chance(0.3)) add(service, 'SRV', `0 ${random.below(100)} ${1 + random.below(65_535)} ${target()}`);
  if (random.chance(0.4)) {
    add('sub', 'NS', `ns.sub.${zone}.`);
    add('sub', 'NS', 'ns2.example.net.');
    add('ns.sub', 'A', address(random));
    if (random.chance(0.5)) add('sub', 'DS', `${random.below(65_536)} 13 2 ${'0a'.repeat(31)}${random.below(10)}f`);
  }
  return records;
}

/** Returns the records of a reverse zone, such as `2.0.192.in-addr.arpa`. */
export function reverseRecords(random: Random): FileRecord[] {
  const hosts = Array.from({ length: 5 + random.below(20) }, (_, index) => ({
    owner: String(1 + index * 3),
    ttl: random.pick(ttls),
    type: 'PTR',
    rdata: `ws-${random.below(1000)}.example.net.`,
  }));
  return [{ owner: '@', ttl: 3600, type: 'NS', rdata: 'ns2.example.net.' }, ...hosts];
}

function addAddresses(random: Random, owner: string, add: (owner: string, type: string, rdata: string) => void): void {
  for (let left = 1 + random.below(3); left > 0; left -= 1) add(owner, 'A', address(random));
  if (random.chance(0.4)) add(owner, 'AAAA', random.pick(['2001:DB8:0:0::1', '2001:db8::A', 'fd00::0.1.2.3']));
}

function addOther(random: Random, owner: string, add: (owner: string, type: string, rdata: string) => void): void {
  const hex = Array.from({ length: 64 }, () => random.below(16).toString(16)).join('');
  const [type, rdata] = random.pick([
    ['SSHFP', `4 2 ${hex}`],
    ['TLSA', `3 1 1 ${hex.slice(0, 32)} ${hex.slice(32)}`],
    ['NAPTR', '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.net!" .'],
    ['HTTPS', '1 . alpn="h2,h3" ipv4hint=192.0.2.1'],
    ['HINFO', '"PC Intel" "Linux"'],
    ['LOC', '52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m'],
    ['TYPE65280', '\\# 4 0a000001'],
  ] as const);
  add(owner, type, rdata);
}

function address(random: Random): string {
  return `192.0.2.${random.below(256)}`;
}

function text(random: Random): string {
  const long = Array.from({ length: 300 }, () => random.pick([...'ABCdef0123+/='])).join('');
  return random.pick([
    '"v=spf1 include:_spf.example.net ~all"',
    '"v=DMARC1; p=none; rua=mailto:a@example.net"',
    `"v=DKIM1; k=rsa; p=${long.slice(0, 230)}" "${long.slice(230)}"`,
    '"a \\"quoted\\" word; and \\\\ a backslash"',
    '"(not a comment) ; no"',
    'plain',
    '"\\195\\188ber"',
    '""',
  ]);
}
