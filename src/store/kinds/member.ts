// Replicas: `members/<replica>` → where the replica answers DNS, on a lease.

import { Type } from '../../model/json-schema.ts';
import { type Member, nameserverOf } from '../../model/member.ts';
import { requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { text } from '../codec/value-fields.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    member: { subject: { replica: string }; value: Member };
  }
}

const prefix = 'members/';

export function memberKey(replica: string): string {
  return prefix + encodeURIComponent(replica);
}

export const memberValue: ValueCodec<Member> = valueCodec({
  replica: Type.String({ minLength: 1, maxLength: 63 }),
  /** A limit, so that the addresses fit into one RRset. */
  dns: Type.Array(text, { maxItems: 1000 }),
  instance: Type.Optional(text),
} satisfies FieldsOf<Member>);

export const memberKind = storedKind('member', {
  prefix,
  key: ({ replica }) => memberKey(replica),
  subjectOf: ([replica = '']) => ({ replica: decodeURIComponent(replica) }),
  read: ({ replica }, text) => {
    const value = memberValue.decode(text);
    requireEqual(value.replica, replica);
    nameserverOf(value); // throws for a malformed endpoint
    return value;
  },
});
