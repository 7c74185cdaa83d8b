// Parses lists in the input of a request.

import { atField } from '../../errors.ts';
import { InvalidValue, parseEach } from '../../model/invalid-value.ts';
import { known } from '../../model/unknown.ts';

/**
 * Parses each text of the list at `path`. Refuses each text that the parser does not accept, and each repeated text.
 */
export function parseList<T extends string>(path: string, texts: readonly string[], parse: (text: string) => T): T[] {
  const seen = new Set<T>();
  const parseNew = (text: string) => {
    const value = parse(known(text));
    if (seen.has(value)) throw new InvalidValue(`'${value}' is named twice`);
    seen.add(value);
    return value;
  };
  return atField(path, () => parseEach(texts, parseNew));
}
