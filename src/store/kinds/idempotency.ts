// First answers: `idempotency/<token>/<key>` → the answer to the first request with this idempotency key, on a lease.

import { Type } from '../../model/json-schema.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { text } from '../codec/value-fields.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    idempotency: { subject: { token: string; key: string }; value: AnswerSize };
  }
}

/** The first answer to a request with an idempotency key. */
interface StoredAnswer {
  /** SHA-256 of the method, the path, the body and the creation time of the token. */
  request: string;
  result: unknown;
}

/** What the views keep of an answer: the number of octets of its key and value. */
interface AnswerSize {
  octets: number;
}

const prefix = 'idempotency/';

/**
 * Returns the key of an answer. `token` is the id of the actor. `key` is encoded, because the client may choose any
 * text.
 */
export function idempotencyKey(token: string, key: string): string {
  return `${prefix}${encodeURIComponent(token)}/${encodeURIComponent(key)}`;
}

export function answerOctets(key: string, value: string): number {
  return Buffer.byteLength(key) + Buffer.byteLength(value);
}

export const idempotencyValue: ValueCodec<StoredAnswer> = valueCodec({
  request: text,
  result: Type.Unknown(),
} satisfies FieldsOf<StoredAnswer>);

/** The views only count answers. {@link idempotencyValue} reads them. */
export const idempotencyKind = storedKind('idempotency', {
  prefix,
  key: ({ token, key }) => idempotencyKey(token, key),
  subjectOf: ([token = '', key = '']) => ({ token: decodeURIComponent(token), key: decodeURIComponent(key) }),
  read: ({ token, key }, text) => ({ octets: answerOctets(idempotencyKey(token, key), text) }),
});
