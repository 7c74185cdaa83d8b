// Finds texts that were probably meant to be in quotes: without quotes, each word of a TXT record is a separate string.

import { maxCharacterString } from './fields/text.ts';
import type { RecordType } from './record-types.ts';

/**
 * Returns whether rdata in presentation form has several strings that would fit into one. Clients join the strings
 * without spaces. Returns false if all strings are in quotes, or one has a space: the text was split on purpose.
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

/** Returns the warning about a text that {@link isPartedText} finds. `record`: the rdata. */
export function partedTextWarning(owner: string, type: RecordType, record: string): string {
  return `the ${type} of ${owner} has several strings, which are read as one text without spaces (${record}): put a text with spaces in quotes`;
}
