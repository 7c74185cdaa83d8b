// Pools: `pools/<id>` → the pool.

import { parseRange, rangesOverlap } from '../../model/address-range.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import { Type } from '../../model/json-schema.ts';
import { type Pool, strategies } from '../../model/pool.ts';
import { requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { label, seconds, someTexts, tags, text, texts } from '../codec/value-fields.ts';
import { type Subject, storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    pool: { subject: { pool: string }; value: Pool };
  }
}

const prefix = 'pools/';

/** `pool`: the id of the pool. */
export function poolKey(pool: string): string {
  return prefix + pool;
}

const stored = valueCodec({
  /** Values of the first versions have no id. */
  id: Type.Optional(label),
  name: label,
  parent: Type.Optional(label),
  ranges: someTexts,
  exclude: texts,
  autoAssign: Type.Boolean(),
  priority: Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
  avoidBuggyIps: Type.Boolean(),
  allowFirstLast: Type.Boolean(),
  strategy: Type.Enum([...strategies]),
  coolDownSeconds: seconds,
  drain: Type.Boolean(),
  space: label,
  reverse: Type.Optional(Type.Boolean()),
  description: text,
  tags,
} satisfies FieldsOf<Pool>);

export const poolValue: ValueCodec<Pool> = {
  encode: stored.encode,
  decode: (text) => {
    const value = stored.decode(text);
    return { ...value, id: value.id ?? value.name };
  },
};

export const poolKind = storedKind('pool', {
  prefix,
  key: ({ pool }) => poolKey(pool),
  subjectOf: ([pool = '']) => ({ pool }),
  read: (subject, text) => checkedPool(subject, poolValue.decode(text)),
});

function checkedPool({ pool }: Subject<'pool'>, value: Pool): Pool {
  requireEqual(value.id, pool);
  const ranges = value.ranges.map(parseRange);
  for (const [index, range] of ranges.entries()) requireEqual(value.ranges[index], range.text);
  for (const text of value.exclude) requireEqual(text, parseRange(text).text);
  const sorted = ranges.toSorted((a, b) => (a.first < b.first ? -1 : 1));
  const overlap = sorted.find((range, index) => index > 0 && rangesOverlap(range, sorted[index - 1] ?? range));
  if (overlap !== undefined) throw new InvalidValue(`the range ${overlap.text} overlaps another range of the pool`);
  return value;
}
