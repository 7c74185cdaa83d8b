// Parses the ranges of the clients that may ask a forwarder.

import { atField } from '../../errors.ts';
import { checkAllowed, parseAllowedRange } from '../../model/forwarder.ts';
import { known } from '../../model/unknown.ts';
import { parseList } from './parse-list.ts';

/** Returns the list at `path`, each entry in its canonical form. Refuses with `invalid_request`. */
export function parseAllowFrom(path: string, texts: readonly string[]): string[] {
  const allowFrom = parseList(path, texts, (text) => parseAllowedRange(text).text);
  atField(path, () => checkAllowed(allowFrom.map((text) => parseAllowedRange(known(text)))));
  return allowFrom;
}
