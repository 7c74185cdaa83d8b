// The ways in which a zone that we import and export may differ from the zone that a peer reads from the same file,
// with the reason for each. A long run fails if one of them never occurs.

import { parseName } from '../../src/model/name.ts';
import { ZoneFileReader } from '../../src/model/zone-file/reader.ts';
import type { StyledFile } from './zone-file-styles.ts';

/** What peers cannot read in a file, and how the file is changed for them. We import the unchanged file. */
export const mendings: Readonly<Record<string, { reason: string; mend(text: string, zone: string): string }>> = {
  'bare-cr': {
    reason:
      'To BIND and NSD, a comment that ends in a bare CR goes on to the next LF, and hides the records in between.',
    mend: (text) => text.replace(/\r(?!\n)/g, '\n'),
  },
  'windows-age': {
    reason: 'Windows DNS writes the time at which a record was refreshed. No other server reads this.',
    mend: (text) => text.replace(/\[AGE:\d+\]\t/g, ''),
  },
  'windows-wins': {
    reason: 'WINS and WINSR are settings of Windows DNS. We leave them out; other servers refuse the file.',
    mend: (text) => text.replace(/^\S+ +WINSR?\t.*$/gm, ''),
  },
  'route53-alias': {
    reason: 'An alias of Route 53 has the class AWS. We leave it out; other servers refuse the file.',
    mend: (text) => text.replace(/^\S+\t\d+\tAWS\t.*$/gm, ''),
  },
  'cloudflare-soa': {
    reason: 'Cloudflare writes the owner of the SOA without its last dot. Other servers find no SOA at the apex.',
    mend: (text, zone) =>
      text
        .replace(`\n${zone}\t3600\tIN\tSOA`, `\n${zone}.\t3600\tIN\tSOA`)
        .replace('$ORIGIN .\n@\t', `$ORIGIN .\n${zone}.\t`),
  },
};

export type PeerReader = 'named' | 'nsd' | 'knot';

/** One RRset, as we and as a peer have it; undefined if that side lacks it. */
export interface RrsetPair {
  peer: PeerReader;
  file: StyledFile;
  /** The owner and the type of the RRset. */
  key: string;
  ours: RrsetText | undefined;
  theirs: RrsetText | undefined;
  /** The keys of the RRsets whose records have different TTLs, by a warning of the import. */
  warned: ReadonlySet<string>;
}

export interface RrsetText {
  ttl: number;
  records: readonly string[];
}

interface DocumentedDifference {
  reason: string;
  explains(pair: RrsetPair): boolean;
}

export const documentedDifferences: Readonly<Record<string, DocumentedDifference>> = {
  unsigned: {
    reason: 'An import leaves out DNSSEC records and ZONEMD, because we serve the zone unsigned.',
    explains: ({ key, ours }) =>
      ours === undefined && / (RRSIG|NSEC|NSEC3|NSEC3PARAM|DNSKEY|CDS|CDNSKEY|ZONEMD)$/.test(key),
  },
  serial: {
    reason: "The serial of our SOA is the store's revision: replicas agree on it, and it never goes back.",
    explains: (pair) => / SOA$/.test(pair.key) && pair.ours?.ttl === pair.theirs?.ttl && hasSameRecords(pair),
  },
  'smallest-ttl': {
    reason:
      'RFC 2181 §5.2 does not say which of different TTLs in an RRset counts. We take the smallest, with a warning; BIND takes the first, NSD and Knot others.',
    explains: (pair) => pair.warned.has(pair.key) && hasSameRecords(pair),
  },
  'default-ttl': {
    reason:
      "Without $TTL, NSD and Knot take 3600 for a record without a TTL. We and BIND take the SOA's minimum if the SOA has no TTL, else the last TTL before the record (RFC 1035 §5.1). If other records of the RRset have another TTL, BIND takes the TTL of these.",
    explains: (pair) =>
      (pair.peer !== 'named' || pair.warned.size > 0) && !pair.file.text.includes('$TTL') && hasSameRecords(pair),
  },
};

/** Returns whether both sides have the same records. Ignores the serial of a SOA. */
function hasSameRecords({ key, ours, theirs }: RrsetPair): boolean {
  const text = (rrset: RrsetText | undefined) =>
    rrset?.records.map((one) => (key.endsWith(' SOA') ? one.split(' ').toSpliced(2, 1).join(' ') : one)).join('\n');
  return ours !== undefined && text(ours) === text(theirs);
}

/** Returns the RRsets of a zone file by their keys. Throws if the file has a fault. */
export function rrsetsOf(text: string, zone: string): Map<string, RrsetText> {
  const reader = new ZoneFileReader({ origin: parseName(zone), defaultTtl: 3600 });
  const found = new Map<string, { ttl: number; records: Set<string> }>();
  for (const item of [...reader.read(text), ...reader.end()]) {
    if (item.kind === 'fault') throw new Error(`line ${item.line}: ${item.message}`);
    if (item.kind !== 'record') continue;
    const key = `${item.owner} ${item.type}`;
    const rrset = found.get(key) ?? { ttl: item.ttl, records: new Set<string>() };
    rrset.records.add(item.record);
    found.set(key, rrset);
  }
  return new Map([...found].map(([key, { ttl, records }]) => [key, { ttl, records: [...records].sort() }]));
}
