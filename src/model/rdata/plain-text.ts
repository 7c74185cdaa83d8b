// Plain texts: makes a TXT or SPF record from a text of any length without quotes and escapes.

import { InvalidValue } from '../invalid-value.ts';
import { maxCharacterString } from './fields/text.ts';
import type { RecordType } from './record-types.ts';
import { quote } from './tokens.ts';

/**
 * Returns the text in presentation form: UTF-8, in quotes, in as many strings as needed. Never splits a character.
 * Throws InvalidValue for a type whose records are not texts, and for a text that is not valid Unicode.
 */
export function formatPlainText(type: RecordType, text: string): string {
  if (type !== 'TXT' && type !== 'SPF')
    throw new InvalidValue(`only TXT and SPF records are texts: write this ${type} record in presentation form`);
  if (!text.isWellFormed()) throw new InvalidValue('the text is not valid Unicode: it has half of a surrogate pair');
  const octets = new TextEncoder().encode(text);
  const strings: string[] = [];
  let start = 0;
  do {
    let end = Math.min(start + maxCharacterString, octets.length);
    while (end < octets.length && isContinuation(octets[end])) end -= 1;
    strings.push(quote(octets.subarray(start, end)));
    start = end;
  } while (start < octets.length);
  return strings.join(' ');
}

function isContinuation(octet = 0): boolean {
  return (octet & 0xc0) === 0x80;
}
