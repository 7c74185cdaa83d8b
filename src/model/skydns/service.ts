// One value of the SkyDNS layout: JSON with only optional fields. CoreDNS ignores unknown fields. If CoreDNS cannot
// parse a value, it answers SERVFAIL for all names above that value. So we write well-formed values, and check the
// values of others strictly. foreign-records.ts makes DNS records from values of others, own-values.ts makes values
// from our records.

import { InvalidValue, unlessInvalid } from '../invalid-value.ts';

/** The value of one key. An absent field has its default. */
export interface SkydnsService {
  host?: string;
  port?: number;
  priority?: number;
  weight?: number;
  text?: string;
  mail?: boolean;
  /** Seconds. 0 and absent mean {@link defaultServiceTtl}. */
  ttl?: number;
  /** How many labels at the end of the key are not part of the owner name. They are the first labels of the name. */
  targetstrip?: number;
  owner?: string;
}

/** The TTL of a value without a TTL, or with 0, in seconds. */
export const defaultServiceTtl = 300;
/** The priority of a value without one, or with 0. */
export const defaultPriority = 10;
/** The weight of a value without one, or with 0. */
export const defaultWeight = 100;

/**
 * The `owner` in values that we write. CoreDNS does not read the field. external-dns has a field of this
 * name: with `--coredns-strictly-owned` it does not touch values of other owners.
 */
export const ownOwner = 'zonewright';

const maxInteger: Readonly<Record<string, number>> = {
  port: 65_535,
  priority: 65_535,
  weight: 2 ** 31 - 1,
  ttl: 2 ** 31 - 1,
  targetstrip: 127,
};
const texts = ['host', 'text', 'group', 'owner'] as const;

/** Returns the value as JSON, always with the same order of fields. */
export function formatService(service: SkydnsService): string {
  const { host, port, priority, weight, text, mail, ttl, targetstrip, owner } = service;
  return JSON.stringify({ host, port, priority, weight, text, mail, ttl, targetstrip, owner });
}

/** Parses a value of others. Throws InvalidValue with all its faults (test/model/skydns/foreign-rrsets.test.ts). */
export function parseService(json: string): SkydnsService {
  const value = parseObject(json);
  const faults = [
    ...texts.flatMap((field) => faultOf(field, value[field], (one) => typeof one === 'string', 'text')),
    ...faultOf('mail', value.mail, (one) => typeof one === 'boolean', 'true or false'),
    ...Object.entries(maxInteger).flatMap(([field, max]) =>
      faultOf(field, value[field], (one) => isInteger(one, max), `a whole number from 0 to ${max}`),
    ),
  ];
  const [first, ...others] = faults;
  if (first !== undefined) throw new InvalidValue(first.message, first.path, others);
  const { group: _, ...fields } = Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null));
  return fields;
}

/** Returns whether the value is one of ours. Returns false for a value that cannot be parsed. */
export function isOwnValue(json: string): boolean {
  return json.includes(`"${ownOwner}"`) && unlessInvalid(() => parseObject(json))?.owner === ownOwner;
}

function parseObject(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new InvalidValue('the value is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidValue('the value is not a JSON object');
  return value as Record<string, unknown>;
}

function faultOf(field: string, value: unknown, isRight: (value: unknown) => boolean, what: string): InvalidValue[] {
  // As in Go, null is the same as absent.
  if (value === undefined || value === null || isRight(value)) return [];
  return [new InvalidValue(`'${field}' must be ${what}`, `/${field}`)];
}

function isInteger(value: unknown, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
}
