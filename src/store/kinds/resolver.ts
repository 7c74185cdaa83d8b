// Resolvers of the company: `resolvers/<name>` → where the resolver answers.

import { parseAddress } from '../../model/address.ts';
import { Type } from '../../model/json-schema.ts';
import type { CompanyResolver } from '../../model/resolver.ts';
import { requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { address, label } from '../codec/value-fields.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    resolver: { subject: { resolver: string }; value: CompanyResolver };
  }
}

const prefix = 'resolvers/';

export function resolverKey(resolver: string): string {
  return prefix + resolver;
}

export const resolverValue: ValueCodec<CompanyResolver> = valueCodec({
  name: label,
  address,
  port: Type.Integer({ minimum: 1, maximum: 65535 }),
  kind: label,
} satisfies FieldsOf<CompanyResolver>);

export const resolverKind = storedKind('resolver', {
  prefix,
  key: ({ resolver }) => resolverKey(resolver),
  subjectOf: ([resolver = '']) => ({ resolver }),
  read: ({ resolver }, stored) => {
    const value = resolverValue.decode(stored);
    requireEqual(value.name, resolver);
    requireEqual(value.address, parseAddress(value.address));
    return value;
  },
});
