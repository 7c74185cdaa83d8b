// Renumberings: `renumberings/<id of the pool>` → how far the holders of the pool have moved, or the outcome.

import { parseAddress } from '../../model/address.ts';
import { parseRange } from '../../model/address-range.ts';
import { Type } from '../../model/json-schema.ts';
import type { Renumbering, RenumberingFault } from '../../model/renumbering.ts';
import { requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { address, label, text, time } from '../codec/value-fields.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    renumbering: { subject: { pool: string }; value: Renumbering };
  }
}

const prefix = 'renumberings/';

export function renumberingKey(pool: string): string {
  return prefix + pool;
}

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const fault = Type.Object({ what: text, reason: text } satisfies FieldsOf<RenumberingFault>);

export const renumberingValue: ValueCodec<Renumbering> = valueCodec({
  pool: label,
  to: label,
  within: Type.Optional(text),
  allocations: Type.Boolean(),
  state: Type.Unsafe<Renumbering['state']>(Type.Enum(['running', 'ended', 'stopped'])),
  reason: Type.Optional(text),
  startedAt: time,
  endedAt: Type.Optional(time),
  position: Type.Optional(address),
  done: count,
  total: count,
  left: count,
  skipped: Type.Object({ count, first: Type.Array(fault) }),
} satisfies FieldsOf<Renumbering>);

export const renumberingKind = storedKind('renumbering', {
  prefix,
  key: ({ pool }) => renumberingKey(pool),
  subjectOf: ([pool = '']) => ({ pool }),
  read: ({ pool }, stored) => {
    const value = renumberingValue.decode(stored);
    requireEqual(value.pool, pool);
    if (value.within !== undefined) requireEqual(value.within, parseRange(value.within).text);
    if (value.position !== undefined) requireEqual(value.position, parseAddress(value.position));
    return value;
  },
});
