// Parses lists in the input of a request.

import { atField } from '../../errors.ts';
import { parseDistinct } from '../../model/invalid-value.ts';

/**
 * Parses each text of the list at `path`. Refuses each text that the parser does not accept, and each repeated text.
 */
export function parseList<T extends string>(path: string, texts: readonly string[], parse: (text: string) => T): T[] {
  return atField(path, () => parseDistinct(texts, parse));
}
