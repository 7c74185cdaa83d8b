// What stands under each kind of key: JSON with a version, checked when read. Under which key: keys.ts.
// A value that does not fit is reported by whoever reads it, and skipped; it is never fatal.

import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { InvalidValue } from '../errors.ts';
import type { AddressRecord } from '../model/allocation.ts';
import type { Host } from '../model/host.ts';
import type { Member } from '../model/member.ts';
import type { Pool } from '../model/pool.ts';
import type { NamedRrsets } from '../model/rrset.ts';
import type { Zone } from '../model/zone.ts';

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

const text = Type.String();
const texts = Type.Array(text);
const tags = Type.Record(text, text);
const whole = Type.Integer();

export const poolValue = codec<Pool>({
  name: text,
  ranges: texts,
  exclude: texts,
  autoAssign: Type.Boolean(),
  priority: whole,
  avoidBuggyIps: Type.Boolean(),
  allowFirstLast: Type.Boolean(),
  strategy: text,
  coolDownSeconds: whole,
  drain: Type.Boolean(),
  space: text,
  description: text,
  tags,
});

export const addressValue = codec<AddressRecord>({
  address: text,
  space: text,
  pool: Type.Union([text, Type.Null()]),
  state: Type.Union([Type.Literal('held'), Type.Literal('released')]),
  holders: Type.Array(
    Type.Union([
      Type.Object({ kind: Type.Literal('host'), host: text, owner: text }),
      Type.Object({ kind: Type.Literal('allocation'), id: text, owner: text }),
    ]),
  ),
  since: text,
  freeAt: Type.Optional(text),
});

export const zoneValue = codec<Zone>({
  name: text,
  generation: whole,
  defaultTtl: whole,
  nameservers: texts,
  soa: Type.Object({}),
  skydns: Type.Boolean(),
  automatic: Type.Boolean(),
});

export const nameValue = codec<NamedRrsets>({
  name: text,
  rrsets: Type.Array(
    Type.Object({ type: text, ttl: whole, records: texts, manager: Type.Optional(Type.Literal('host')) }),
  ),
});

export const hostValue = codec<Host>({
  name: text,
  zone: text,
  addresses: Type.Array(Type.Object({ address: text, pool: Type.Union([text, Type.Null()]), space: text })),
  aliases: texts,
  ttl: Type.Union([whole, Type.Null()]),
  ptr: Type.Boolean(),
  owner: text,
  tags,
  createdAt: text,
});

export const tokenValue = codec<StoredToken>({
  id: text,
  hash: text,
  salt: text,
  role: Type.Literal('admin'),
  createdAt: text,
});
export const answerValue = codec<StoredAnswer>({ request: text, result: Type.Unknown() });
export const memberValue = codec<Member>({ replica: text, dns: texts });

function codec<T extends object>(properties: Record<string, Parameters<typeof Type.Optional>[0]>): ValueCodec<T> {
  const check = Compile(Type.Object({ v: Type.Literal(1), ...properties }));
  return {
    encode: (value) => JSON.stringify({ v: 1, ...value }),
    decode: (text) => {
      const value = parseJson(text);
      if (!check.Check(value)) {
        const [fault] = check.Errors(value);
        throw new InvalidValue(`the stored value does not fit: ${fault?.instancePath ?? ''} ${fault?.message ?? ''}`);
      }
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
