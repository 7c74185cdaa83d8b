// Bearer tokens: `tokens/<id>` → a salted hash, and what the token allows.

import { InvalidValue } from '../../model/invalid-value.ts';
import { Type } from '../../model/json-schema.ts';
import { type Rights, roles } from '../../model/rights.ts';
import { parseTimestamp } from '../../model/timestamp.ts';
import { requireCanonicalName, requireDistinct, requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { fqdn, label, text, time } from '../codec/value-fields.ts';
import { type Subject, storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    token: { subject: { token: string }; value: StoredToken };
  }
}

/** A bearer token as it is stored: without its secret. */
export interface StoredToken extends Rights {
  id: string;
  /** A name for people. */
  name: string;
  /** SHA-256 of salt and secret, both in hexadecimal. The secret has 256 random bits, so no slow hash is needed. */
  hash: string;
  salt: string;
  createdAt: string;
  /** When the secret was last replaced. */
  rotatedAt?: string;
  expiresAt?: string;
}

/**
 * The id of the token that ZONEWRIGHT_ADMIN_TOKEN sets. No stored token has this id, so an audit event shows that this
 * token was used.
 */
export const environmentToken = 'environment';

const prefix = 'tokens/';

export function tokenKey(token: string): string {
  return prefix + token;
}

const stored = valueCodec({
  id: text,
  /** Tokens of the first versions have no name. */
  name: Type.Optional(text),
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  salt: Type.String({ pattern: '^[0-9a-f]+$' }),
  role: Type.Enum([...roles]),
  zones: Type.Optional(Type.Array(fqdn)),
  pools: Type.Optional(Type.Array(label)),
  owner: Type.Optional(text),
  createdAt: time,
  rotatedAt: Type.Optional(time),
  expiresAt: Type.Optional(time),
} satisfies FieldsOf<StoredToken>);

export const tokenValue: ValueCodec<StoredToken> = {
  encode: stored.encode,
  decode: (text) => {
    const value = stored.decode(text);
    return { ...value, name: value.name ?? value.id };
  },
};

export const tokenKind = storedKind('token', {
  prefix,
  key: ({ token }) => tokenKey(token),
  subjectOf: ([token = '']) => ({ token }),
  read: (subject, text) => checkedToken(subject, tokenValue.decode(text)),
});

function checkedToken({ token }: Subject<'token'>, value: StoredToken): StoredToken {
  requireEqual(value.id, token);
  if (token === environmentToken) throw new InvalidValue(`no stored token may have the id ${environmentToken}`);
  for (const zone of value.zones ?? []) requireCanonicalName(zone);
  requireDistinct(value.zones ?? []);
  requireDistinct(value.pools ?? []);
  for (const time of [value.createdAt, value.rotatedAt, value.expiresAt]) if (time !== undefined) parseTimestamp(time);
  return value;
}
