// Writes the lines of a zone file: one record each, with absolute names and nothing inherited, so that every line can
// be read by itself. The caller chooses the order.

import { type Fqdn, root } from '../name.ts';
import type { Rrset } from '../rrset.ts';
import { impliedMark } from './lexer.ts';

type Written = Pick<Rrset, 'type' | 'ttl' | 'records' | 'manager'>;

/**
 * Returns the lines of an RRset, each with its line end. Marks the records that the zone's settings imply, because the
 * settings of another installation may imply others.
 */
export function formatRrset(owner: Fqdn, { type, ttl, records, manager }: Written): string {
  const name = owner === root ? root : `${owner}.`;
  const mark = manager === 'zone' && type !== 'SOA' ? ` ;${impliedMark}` : '';
  let text = '';
  for (const record of records) text += `${name}\t${ttl}\tIN\t${type}\t${record}${mark}\n`;
  return text;
}
