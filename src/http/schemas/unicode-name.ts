// The field `unicodeName` of answers: the Unicode form of a name with A-labels.

import { unicodeNameOf } from '../../model/international-name.ts';
import { Type } from '../../model/json-schema.ts';

export const UnicodeName = Type.Optional(
  Type.String({
    description: 'The name in Unicode (UTS 46), if it differs from `name`',
    examples: ['münchen.example'],
  }),
);

/** Returns the field, if the name has a Unicode form. */
export function showUnicodeName(name: string): { unicodeName?: string } {
  const unicodeName = unicodeNameOf(name);
  return unicodeName === undefined ? {} : { unicodeName };
}
