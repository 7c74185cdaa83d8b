// Writes the lines of a zone file: one record each, with absolute names and all fields, so that every line can be read
// by itself. The caller chooses the order.

import { type Fqdn, root } from '../name.ts';
import type { Rrset } from '../rrset.ts';
import { impliedMark } from './lexer.ts';

type Written = Pick<Rrset, 'type' | 'ttl' | 'records' | 'manager'>;

/**
 * Returns the lines of an RRset, with their line ends. `beside`: all RRsets of the name, because a signature has the
 * TTL of the RRset that it covers (RFC 4034 §3). Marks records that the zone's settings imply, because the settings of
 * another installation may imply different ones.
 */
export function formatRrset(owner: Fqdn, rrset: Written, beside: readonly Written[] = []): string {
  const { type, records, manager } = rrset;
  const name = owner === root ? root : `${owner}.`;
  const mark = manager === 'zone' && type !== 'SOA' ? ` ;${impliedMark}` : '';
  let text = '';
  for (const record of records) {
    const covered = type === 'RRSIG' ? beside.find((one) => record.startsWith(`${one.type} `)) : undefined;
    text += `${name}\t${(covered ?? rrset).ttl}\tIN\t${type}\t${record}${mark}\n`;
  }
  return text;
}
