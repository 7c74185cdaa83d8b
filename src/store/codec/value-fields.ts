// Schemas of fields that several kinds of values have.

import type { Address } from '../../model/address.ts';
import { Type } from '../../model/json-schema.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Tags } from '../../model/pool.ts';
import { maxTtl } from '../../model/rrset.ts';

export const text = Type.String();
export const texts = Type.Array(text);
export const someTexts = Type.Array(text, { minItems: 1 });
/** A name. The kind's `read` checks its form. */
export const fqdn = Type.Unsafe<Fqdn>(Type.String());
/** An address. The kind's `read` checks its form. */
export const address = Type.Unsafe<Address>(Type.String());
/** A plain schema: Type.Record would not check keys that do not match its pattern. */
export const tags = Type.Unsafe<Tags>({
  type: 'object',
  additionalProperties: { type: 'string' },
  propertyNames: { not: { const: '__proto__' } },
});
/** RFC 3339 in UTC. The schema does not check that the day exists: parseTimestamp does. */
export const time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z$' });
/** The name of a pool or a space. */
export const label = Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' });
export const poolOrNull = Type.Union([label, Type.Null()]);
/**
 * A time in seconds. It can be as long as the longest TTL (RFC 2181 §8): an import takes the times of a SOA record from
 * the file unchanged.
 */
export const seconds = Type.Integer({ minimum: 0, maximum: maxTtl });

const port = Type.Object({
  protocol: Type.Union([Type.Literal('tcp'), Type.Literal('udp'), Type.Literal('sctp')]),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
});
/** With which holders an address may be shared. */
export const keyAndPorts = {
  sharingKey: Type.Optional(Type.String({ minLength: 1 })),
  ports: Type.Optional(Type.Array(port)),
};
/** How a host has an address. */
export const hostSharing = {
  shared: Type.Optional(Type.Literal(true)),
  ...keyAndPorts,
  ptrFor: Type.Optional(Type.Literal(true)),
};
