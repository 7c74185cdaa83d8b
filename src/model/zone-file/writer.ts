// A zone file's lines: one record each, names absolute, nothing inherited, so that any part of the file reads alike. In which order: who writes it.

import { type Fqdn, root } from '../name.ts';
import type { Rrset } from '../rrset.ts';
import { impliedMark } from './lexer.ts';

type Written = Pick<Rrset, 'type' | 'ttl' | 'records' | 'manager'>;

/** The lines of an RRset, each with its line end. What the zone's settings imply is marked: elsewhere others may imply something else. */
export function formatRrset(owner: Fqdn, { type, ttl, records, manager }: Written): string {
  const name = owner === root ? root : `${owner}.`;
  const mark = manager === 'zone' && type !== 'SOA' ? ` ;${impliedMark}` : '';
  let text = '';
  for (const record of records) text += `${name}\t${ttl}\tIN\t${type}\t${record}${mark}\n`;
  return text;
}
