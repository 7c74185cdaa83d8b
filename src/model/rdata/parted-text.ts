// Texts that were probably meant to be in quotes: without them, each word of a TXT record is a string of its own.

import { maxCharacterString } from './fields/text.ts';
import type { RecordType } from './record-types.ts';

/**
 * Returns whether rdata in presentation form has several strings that would fit into one, and that readers join without
 * spaces. Strings that are all in quotes were split on purpose, and so was a string with a space.
 */
export function isPartedText(type: RecordType, text: string): boolean {
  if ((type !== 'TXT' && type !== 'SPF') || text.length > maxCharacterString || text.startsWith('\\#')) return false;
  const inQuotes = /"[^"]*"/g;
  const unescaped = text.replace(/\\./g, 'x');
  if (unescaped.match(inQuotes)?.some((one) => one.includes(' '))) return false;
  const strings = unescaped
    .replace(inQuotes, '""')
    .split(/[ \t]+/)
    .filter((one) => one !== '');
  return strings.length > 1 && strings.some((one) => one !== '""');
}

/** Returns the warning of such a text. `record`: the rdata. */
export function partedTextWarning(owner: string, type: RecordType, record: string): string {
  return `the ${type} of ${owner} has several strings, which are read as one text without spaces (${record}): put a text with spaces in quotes`;
}
