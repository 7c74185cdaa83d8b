// What stands under each kind of key: JSON with a version, checked when read. Under which key: keys.ts.
// A value that does not fit is reported by whoever reads it, and skipped; it is never fatal.
// Values outlive the version that wrote them: a field that is new is Type.Optional here, and decoding fills in what it is by default. Required, it would
// make every value unreadable that stands there already (test/store/values.test.ts).

import { Ajv, type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';
import { InvalidValue } from '../errors.ts';
import type { AddressRecord } from '../model/allocation.ts';
import type { Host } from '../model/host.ts';
import { Type } from '../model/json-schema.ts';
import type { Member } from '../model/member.ts';
import { type Pool, strategies } from '../model/pool.ts';
import { greatestTtl, type NamedRrsets } from '../model/rrset.ts';
import type { Zone } from '../model/zone.ts';
import { checkedRrsets, readableRrsets } from './stored-rrsets.ts';

/** A bearer token as we keep it: never the secret itself. */
export interface StoredToken {
  id: string;
  /** SHA-256 over salt and secret, both hex. The secret has 256 random bits, so no slow hash is needed. */
  hash: string;
  salt: string;
  role: 'admin';
  createdAt: string;
}

/** The first answer to a request with an idempotency key. */
export interface StoredAnswer {
  /** SHA-256 of method, path and body. */
  request: string;
  result: unknown;
}

/** Both directions of one kind of value. `decode` throws InvalidValue. */
export interface ValueCodec<T> {
  encode(value: T): string;
  decode(text: string): T;
}

const ajv = new Ajv({ strict: true });

const text = Type.String();
const texts = Type.Array(text);
/** As a plain schema: a record's pattern lets through, unchecked, the keys that it does not match. */
const tags = Type.Unsafe<Record<string, string>>({
  type: 'object',
  additionalProperties: { type: 'string' },
  propertyNames: { not: { const: '__proto__' } },
});
/** RFC 3339 in UTC, as we write it. That there is such a day: checked where it is read. */
const time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z$' });
/** A pool's or space's name. */
const label = Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' });
const poolOrNone = Type.Union([label, Type.Null()]);
/** Of TTLs and of the SOA's times, which an import takes as the file has them (RFC 2181 §8). */
const seconds = Type.Integer({ minimum: 0, maximum: greatestTtl });
const someTexts = Type.Array(text, { minItems: 1 });

export const poolValue = codec<Pool>({
  name: label,
  ranges: someTexts,
  exclude: texts,
  autoAssign: Type.Boolean(),
  priority: Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
  avoidBuggyIps: Type.Boolean(),
  allowFirstLast: Type.Boolean(),
  strategy: Type.Union(strategies.map((strategy) => Type.Literal(strategy))),
  coolDownSeconds: seconds,
  drain: Type.Boolean(),
  space: label,
  description: text,
  tags,
});

const port = Type.Object({
  protocol: Type.Union([Type.Literal('tcp'), Type.Literal('udp'), Type.Literal('sctp')]),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
});

export const addressValue = codec<AddressRecord>({
  address: text,
  space: label,
  pool: poolOrNone,
  state: Type.Union([Type.Literal('held'), Type.Literal('released')]),
  holders: Type.Array(
    Type.Union([
      Type.Object({ kind: Type.Literal('host'), host: text, owner: text }),
      Type.Object({
        kind: Type.Literal('allocation'),
        id: text,
        owner: text,
        sharingKey: Type.Optional(Type.String({ minLength: 1 })),
        ports: Type.Optional(Type.Array(port)),
        expiresAt: Type.Optional(time),
      }),
    ]),
  ),
  since: time,
  freeAt: Type.Optional(time),
});

export const zoneValue = codec<Zone>({
  name: text,
  generation: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  defaultTtl: seconds,
  nameservers: Type.Array(text, { maxItems: 13 }),
  soa: Type.Object({
    mname: Type.Optional(text),
    rname: Type.Optional(text),
    refreshSeconds: Type.Optional(seconds),
    retrySeconds: Type.Optional(seconds),
    expireSeconds: Type.Optional(seconds),
    negativeTtlSeconds: Type.Optional(seconds),
  }),
  skydns: Type.Boolean(),
  automatic: Type.Boolean(),
});

const unreadNames = codec<NamedRrsets>({
  name: text,
  rrsets: Type.Array(
    Type.Object({ type: text, ttl: seconds, records: someTexts, manager: Type.Optional(Type.Literal('host')) }),
    { minItems: 1 },
  ),
});

export const nameValue = {
  encode: unreadNames.encode,
  /** Checked but for records that stand alone: the table reads those itself, and twice would be too slow. */
  decodeForTable: (text: string): NamedRrsets => checkedRrsets(unreadNames.decode(text)),
  /** As the table would take it. */
  decode: (text: string): NamedRrsets => readableRrsets(checkedRrsets(unreadNames.decode(text))),
  /** As {@link decode}; undefined for a value that cannot be read: the views have reported it, and DNS does not serve it either. */
  read: (text: string): NamedRrsets | undefined => {
    try {
      return nameValue.decode(text);
    } catch (error) {
      if (error instanceof InvalidValue) return undefined;
      throw error;
    }
  },
};

export const hostValue = codec<Host>({
  name: text,
  zone: text,
  addresses: Type.Array(
    Type.Object({ address: text, pool: poolOrNone, space: label, ptr: Type.Optional(Type.Literal(false)) }),
  ),
  aliases: texts,
  ttl: Type.Union([seconds, Type.Null()]),
  ptr: Type.Boolean(),
  owner: text,
  tags,
  createdAt: time,
});

const hex = Type.String({ pattern: '^[0-9a-f]+$' });
export const tokenValue = codec<StoredToken>({
  id: text,
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  salt: hex,
  role: Type.Literal('admin'),
  createdAt: time,
});
export const answerValue = codec<StoredAnswer>({ request: text, result: Type.Unknown() });
export const memberValue = codec<Member>({
  replica: Type.String({ minLength: 1, maxLength: 63 }),
  /** More would not fit into the RRset that names them. */
  dns: Type.Array(text, { maxItems: 1000 }),
  instance: Type.Optional(text),
});

/** Of every field of the value, what it may be. */
function codec<T extends object>(properties: { [Field in keyof Required<T>]: TSchema }): ValueCodec<T> {
  const schema = Type.Object({ v: Type.Literal(1), ...(properties as Record<string, TSchema>) });
  // Compiled when the first value is read.
  let isValid: ValidateFunction<{ v: 1 }> | undefined;
  return {
    encode: (value) => JSON.stringify({ v: 1, ...value }),
    decode: (text) => {
      const value = parseJson(text);
      isValid ??= ajv.compile<{ v: 1 }>(schema);
      if (!isValid(value)) {
        const [fault] = isValid.errors ?? [];
        throw new InvalidValue(`the stored value does not fit: ${fault?.instancePath ?? ''} ${fault?.message ?? ''}`);
      }
      // A member of that name would be the prototype of whatever the value is copied into.
      if (Object.hasOwn(value, '__proto__')) throw new InvalidValue('the stored value does not fit: __proto__');
      const { v: _, ...rest } = value;
      return rest as unknown as T;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidValue('the stored value is not JSON');
  }
}
