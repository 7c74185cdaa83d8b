// Schemas that several resources use: lists, parameters, fields. Requests with unknown fields are refused.

import type { Static, TObject, TProperties, TSchema } from 'typebox';
import { forwarderLimits } from '../../model/forwarder.ts';
import { Type } from '../../model/json-schema.ts';
import { maxTags } from '../../model/pool.ts';

/**
 * Returns the schema of an object with only these fields. With a title, it becomes a component of that name in the
 * description of the API (description.ts).
 */
export function strict<T extends TProperties>(properties: T, title?: string): TObject<T> {
  return Type.Object(properties, { additionalProperties: false, ...(title && { title }) });
}

/** Returns the schema of a text that is one of these values. */
export function oneOf<const T extends string>(
  values: readonly T[],
  options: { description?: string; default?: T } = {},
) {
  return Type.Unsafe<T>({ type: 'string', enum: [...values], ...options });
}

/** Returns the schema of a value that may also be null. */
export function nullable<T extends TSchema>(schema: T, options: { description?: string } = {}) {
  const { type } = schema as unknown as { type: string };
  return Type.Unsafe<Static<T> | null>({ ...(schema as object), type: [type, 'null'], ...options });
}

/**
 * Returns the schema of a merge patch (RFC 7396): an absent field stays as it is, null sets the default. `needed`:
 * fields without a default, for which null is refused.
 */
export function patchOf(properties: TProperties, title?: string, needed: TProperties = {}) {
  const clearable = Object.entries(properties).map(([name, schema]) => [name, Type.Union([schema, Type.Null()])]);
  const entries = [...Object.entries(needed), ...clearable].map(([name, schema]) => [name, Type.Optional(schema)]);
  return strict(Object.fromEntries(entries) as TProperties, title);
}

/**
 * Returns the schema of a read-only field. A request may contain the field, so that clients can send back an answer,
 * but cannot change it.
 */
export function readOnly<T extends TSchema>(schema: T) {
  return Type.Optional(Type.Unsafe<Static<T>>({ ...(schema as object), readOnly: true }));
}

/** Returns the schema of an object in which each field may be absent. */
export function optional<T extends TProperties>(properties: T) {
  return Type.Partial(Type.Object(properties));
}

/** Returns the schema of a page of a list. */
export function listOf<T extends TSchema>(item: T) {
  const { title } = item as unknown as { title: string };
  return Type.Object(
    {
      items: Type.Array(item),
      nextCursor: nullable(Type.String(), {
        description: 'The `cursor` of the next page; null: there are no more pages',
      }),
      total: Type.Optional(
        Type.Integer({ minimum: 0, description: 'Only with `total=true`: the number of all items that match' }),
      ),
    },
    { title: `${title}List` },
  );
}

export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  cursor: Type.Optional(
    Type.String({ maxLength: 2000, format: 'cursor', description: '`nextCursor` of the previous page' }),
  ),
  total: Type.Optional(Type.Boolean({ description: 'Returns `total`: the number of all items that match' })),
};

/** The parameter `search` of lists: a part of a name. */
export const searchQuery = {
  search: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'A part of the name, or of its Unicode form; upper and lower case are the same',
    }),
  ),
};

const TagValue = Type.String({ maxLength: 255 });
/** Written by hand: the schema of Type.Record would accept keys that do not match its pattern. */
const tagsOf = <T>(value: TSchema) =>
  Type.Unsafe<Record<string, T>>({
    type: 'object',
    additionalProperties: value,
    propertyNames: { maxLength: 63, not: { const: '__proto__' } },
    maxProperties: maxTags,
  });
export const Tags = tagsOf<string>(TagValue);
/** A merge patch of tags: null removes one. */
export const TagsPatch = tagsOf<string | null>(Type.Union([TagValue, Type.Null()]));

export const Owner = Type.String({ maxLength: 255 });
export const NameText = Type.String({
  minLength: 1,
  maxLength: 1024,
  format: 'dns-name',
  examples: ['nginx.foowidgets.k8s'],
});
export const AddressText = Type.String({ maxLength: 64, format: 'ip-address', examples: ['172.17.200.100'] });
export const FamilyText = oneOf(['ipv4', 'ipv6']);
export const Ttl = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: 'Seconds' });
/** The name of a pool or space: one label. */
export const LabelText = Type.String({
  pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
  description: 'Lower-case letters, digits, inner hyphens',
});

/** The clients that may ask a forwarder. */
export const AllowFrom = Type.Array(Type.String({ maxLength: 100, format: 'address-range' }), {
  format: 'distinct',
  minItems: 1,
  maxItems: forwarderLimits.allowFrom,
});

/** The parameter `wait` of requests for addresses. */
export const waitQuery = {
  wait: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 60,
      description:
        'If no address is free: seconds for which the request waits for one. Those who wait longest get the next one',
    }),
  ),
};

const ifMatch = Type.Optional(
  Type.String({
    maxLength: 1000,
    description:
      'Entity tags: the write is refused if the resource has none of them. `*`: the write is refused if there is no resource',
  }),
);

/** Headers of writes. */
export const writeHeaders = Type.Object({
  'if-match': ifMatch,
  'if-none-match': Type.Optional(oneOf(['*'], { description: 'The write is refused if the resource exists' })),
});

/** Headers of reads whose answer has an entity tag. */
export const readHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ maxLength: 1000, description: 'Entity tags: the answer is 304 if the resource has one of them' }),
  ),
});

const idempotencyKey = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'A repeated request with the same key gets the first answer again, for 24 hours',
  }),
);
export const idempotencyHeaders = Type.Object({ 'idempotency-key': idempotencyKey });

/** Headers of a POST that changes the resource of its path. */
export const changeHeaders = Type.Object({ 'if-match': ifMatch, 'idempotency-key': idempotencyKey });
