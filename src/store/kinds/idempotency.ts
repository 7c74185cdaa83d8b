// First answers: `idempotency/<token>/<key>` → the answer to the first request with that idempotency key, on a lease.

import { Type } from '../../model/json-schema.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { text } from '../codec/value-fields.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    idempotency: { subject: { token: string; key: string }; value: StoredAnswer };
  }
}

/** The first answer to a request with an idempotency key. */
export interface StoredAnswer {
  /** SHA-256 of method, path and body. */
  request: string;
  result: unknown;
}

const prefix = 'idempotency/';

/** Returns the key of an answer. The client chose `key`, which may be any text, so it is encoded. */
export function idempotencyKey(token: string, key: string): string {
  return `${prefix}${token}/${encodeURIComponent(key)}`;
}

export const answerValue: ValueCodec<StoredAnswer> = valueCodec({
  request: text,
  result: Type.Unknown(),
} satisfies FieldsOf<StoredAnswer>);

export const idempotencyKind = storedKind('idempotency', {
  prefix,
  key: ({ token, key }) => idempotencyKey(token, key),
  subjectOf: ([token = '', key = '']) => ({ token, key: decodeURIComponent(key) }),
  read: (_, text) => answerValue.decode(text),
});
