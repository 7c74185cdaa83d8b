// Tokens as the API takes and shows them: the shape of requests and answers. control/tokens/token-input.ts parses the
// fields.

import type { Static } from 'typebox';
import type { ShownToken } from '../../control/tokens/existing-token.ts';
import { Type } from '../../model/json-schema.ts';
import { roles } from '../../model/rights.ts';
import { LabelText, NameText, Owner, oneOf, optional, strict } from './common.ts';

const maxScope = 500;

const Name = Type.String({
  minLength: 1,
  maxLength: 100,
  format: 'token-name',
  description: 'For people; the id is made from its letters and digits',
});
const RoleText = oneOf(roles, {
  description: '`viewer` reads, `operator` also writes, `admin` also manages tokens',
});
const scope = {
  zones: Type.Array(NameText, {
    format: 'distinct',
    maxItems: maxScope,
    description: 'Only these zones; absent: all, empty: none. A zone below a listed zone is not included: list it, too',
  }),
  pools: Type.Array(LabelText, {
    format: 'distinct',
    maxItems: maxScope,
    description:
      'Only addresses of these pools. Absent: all pools, and addresses outside every pool. Empty: no address',
  }),
  owner: { ...Owner, minLength: 1, description: 'Only hosts and allocations of this owner; absent: any owner or none' },
};
const Time = Type.String({ format: 'date-time' });

export const NewToken = strict(
  {
    name: Name,
    role: RoleText,
    ...optional(scope).properties,
    expiresInSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 315_360_000 })),
  },
  'NewToken',
);

export const TokenBody = Type.Object(
  {
    id: Type.String({ description: 'Made from the name: lower-case letters, digits and hyphens' }),
    name: Name,
    role: RoleText,
    ...optional(scope).properties,
    createdAt: Time,
    rotatedAt: Type.Optional(Time),
    expiresAt: Type.Optional(Time),
    lastUsedAt: Type.Optional({ ...Time, description: 'The beginning of the hour of the last use' }),
  },
  { title: 'Token' },
);

export const WrittenToken = Type.Object(
  {
    ...TokenBody.properties,
    token: Type.Optional(
      Type.String({
        description:
          'The secret that the bearer sends. Shown only now: it cannot be read again, and the answer to a repeated request ' +
          '(`Idempotency-Key`) does not have it',
      }),
    ),
  },
  { title: 'TokenWithSecret' },
);

/** Returns a token as answers show it. */
export function showToken(token: ShownToken): Static<typeof TokenBody> {
  const { id, name, role, zones, pools, owner, createdAt, rotatedAt, expiresAt, lastUsedAt } = token;
  return {
    id,
    name,
    role,
    ...(zones && { zones }),
    ...(pools && { pools }),
    ...(owner !== undefined && { owner }),
    createdAt,
    ...(rotatedAt !== undefined && { rotatedAt }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(lastUsedAt !== undefined && { lastUsedAt }),
  };
}
