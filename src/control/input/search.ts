// Searches in lists for a part of a name, as A-labels or in Unicode.

import { isInternational, unicodeNameOf } from '../../model/international-name.ts';

/** Returns a filter for names that contain the text. Without a text, the filter accepts every name. */
export function parseSearch(text: string | undefined): (name: string) => boolean {
  if (text === undefined) return () => true;
  const part = text.toLowerCase().normalize('NFC');
  if (isInternational(part)) return (name) => unicodeNameOf(name)?.includes(part) ?? false;
  return (name) => name.includes(part) || (unicodeNameOf(name)?.includes(part) ?? false);
}
