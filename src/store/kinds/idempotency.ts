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
interface StoredAnswer {
  /** SHA-256 of method, path and body. */
  request: string;
  result: unknown;
}

const prefix = 'idempotency/';

/** Returns the key of an answer. `key` is encoded, because the client may choose any text. */
export function idempotencyKey(token: string, key: string): string {
  return `${prefix}${token}/${encodeURIComponent(key)}`;
}

export const idempotencyValue: ValueCodec<StoredAnswer> = valueCodec({
  request: text,
  result: Type.Unknown(),
} satisfies FieldsOf<StoredAnswer>);

/** No view follows this kind. Its definition holds that no other kind has these keys (test/store/keys.test.ts). */
export const idempotencyKind = storedKind('idempotency', {
  prefix,
  key: ({ token, key }) => idempotencyKey(token, key),
  subjectOf: ([token = '', key = '']) => ({ token, key: decodeURIComponent(key) }),
  read: (_, text) => idempotencyValue.decode(text),
});
