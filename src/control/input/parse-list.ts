// Parses lists in the input of a request.

import { atField, refuseField } from '../../errors.ts';

/** Parses each text of the list at `path`. Refuses a text that the parser does not accept. */
export function parseList<T>(path: string, texts: readonly string[], parse: (text: string) => T): T[] {
  return texts.map((text, index) => atField(`${path}/${index}`, () => parse(text)));
}

/** Refuses a list that has a value twice. */
export function refuseDuplicates(path: string, values: readonly string[]): void {
  const index = values.findIndex((value, at) => values.indexOf(value) !== at);
  if (index >= 0) refuseField('invalid_request', `${path}/${index}`, `'${values[index]}' is named twice`);
}
