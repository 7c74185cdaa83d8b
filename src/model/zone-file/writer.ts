// A zone file's lines: one record each, names absolute, nothing inherited, so that any part of the file reads alike. In which order: who writes it.

import { type Fqdn, root } from '../name.ts';
import type { Rrset } from '../rrset.ts';

/** The lines of an RRset, each with its line end. */
export function formatRrset(owner: Fqdn, { type, ttl, records }: Pick<Rrset, 'type' | 'ttl' | 'records'>): string {
  const name = owner === root ? root : `${owner}.`;
  let text = '';
  for (const record of records) text += `${name}\t${ttl}\tIN\t${type}\t${record}\n`;
  return text;
}
