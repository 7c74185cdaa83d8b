// Warns of keys that validating resolvers do not use (RFC 4034 §2.1). DNS serves such keys unchanged.

import type { Fqdn } from './name.ts';
import type { RecordType } from './rdata/record-types.ts';
import type { Rrset } from './rrset.ts';

interface KeyWarning {
  owner: Fqdn;
  types: RecordType[];
  message: string;
}

const zoneKey = 0x100;

/** Yields a warning for the first unusable key of each RRset. */
export function* checkKeys(owner: Fqdn, rrsets: readonly Rrset[]): Generator<KeyWarning> {
  for (const { type, records } of rrsets) {
    if (type !== 'DNSKEY' && type !== 'CDNSKEY') continue;
    const why = records.map(whyIgnored).find((reason) => reason !== undefined);
    if (why !== undefined)
      yield { owner, types: [type], message: `a ${type} of ${owner} ${why}: validators ignore it` };
  }
}

function whyIgnored(record: string): string | undefined {
  const [flags = '', protocol = '', algorithm] = record.split(' ');
  if (flags === '\\#') return undefined;
  if (protocol !== '3') return `has protocol ${protocol}, not 3 (RFC 4034 §2.1.2)`;
  // Algorithm 0 asks the parent to delete the DS (RFC 8078 §4).
  if ((Number(flags) & zoneKey) === 0 && algorithm !== '0') return `has no zone flag (RFC 4034 §2.1.1)`;
  return undefined;
}
