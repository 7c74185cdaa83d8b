// Bearer tokens: `tokens/<id>` → a salted hash and what the token allows.

import { Type } from '../../model/json-schema.ts';
import { requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { text, time } from '../codec/value-fields.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    token: { subject: { token: string }; value: StoredToken };
  }
}

/** A bearer token as it is stored: without its secret. */
export interface StoredToken {
  id: string;
  /** SHA-256 of salt and secret, both in hex. The secret has 256 random bits, so a slow hash is not needed. */
  hash: string;
  salt: string;
  role: 'admin';
  createdAt: string;
}

const prefix = 'tokens/';

export function tokenKey(token: string): string {
  return prefix + token;
}

export const tokenValue: ValueCodec<StoredToken> = valueCodec({
  id: text,
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  salt: Type.String({ pattern: '^[0-9a-f]+$' }),
  role: Type.Literal('admin'),
  createdAt: time,
} satisfies FieldsOf<StoredToken>);

export const tokenKind = storedKind('token', {
  prefix,
  key: ({ token }) => tokenKey(token),
  subjectOf: ([token = '']) => ({ token }),
  read: ({ token }, text) => {
    const value = tokenValue.decode(text);
    requireEqual(value.id, token);
    return value;
  },
});
