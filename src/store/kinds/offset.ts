// The offset of revisions: `revisions/offset` → the number that is added to the revisions of a restored store. Only a
// restored store has this key. While a backup is being restored, the value also says how much of the backup has been
// written.

import { Type } from '../../model/json-schema.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    offset: { subject: object; value: RevisionOffset };
  }
}

export interface RevisionOffset {
  offset: number;
  /** Set until the whole backup has been written. */
  restoring?: RestoreProgress;
}

/** How much of a backup has been written into the store. */
interface RestoreProgress {
  sha256: string;
  /** The number of entries that are certainly written, counted from the beginning of the file. */
  written: number;
}

const prefix = 'revisions/';

export const offsetKey = `${prefix}offset`;

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

export const offsetValue: ValueCodec<RevisionOffset> = valueCodec({
  offset: count,
  restoring: Type.Optional(
    Type.Object({
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      written: count,
    } satisfies FieldsOf<RestoreProgress>),
  ),
} satisfies FieldsOf<RevisionOffset>);

/** No view follows this kind: shown-revisions.ts reads the key. */
export const offsetKind = storedKind('offset', {
  prefix,
  key: () => offsetKey,
  subjectOf: () => ({}),
  read: (_, text) => offsetValue.decode(text),
});
