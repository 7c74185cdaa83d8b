// Stored values against the key they stand under, and against what their schema cannot say: a value that lies about its name, or holds
// a time or an address that is none, must not get into the views' indexes. Throws InvalidValue; views.ts reports it and goes on.

import { InvalidValue } from '../errors.ts';
import { parseAddress } from '../model/address.ts';
import { parseRange, rangesOverlap } from '../model/address-range.ts';
import { type AddressRecord, describeHolder } from '../model/allocation.ts';
import type { Host } from '../model/host.ts';
import { type Member, nameserverOf } from '../model/member.ts';
import { type Fqdn, isWithin, parseName } from '../model/name.ts';
import type { Pool } from '../model/pool.ts';
import type { NamedRrsets } from '../model/rrset.ts';
import type { Zone } from '../model/zone.ts';
import type { KeySubject } from '../store/keys.ts';
import type { StoredToken } from '../store/values.ts';

type Subject<K extends KeySubject['kind']> = Extract<KeySubject, { kind: K }>;

export function checkedPool({ pool }: Subject<'pool'>, value: Pool): Pool {
  agree(value.name, pool);
  const ranges = value.ranges.map(parseRange);
  for (const [index, { text }] of ranges.entries()) agree(value.ranges[index], text);
  for (const text of value.exclude) agree(text, parseRange(text).text);
  const sorted = ranges.toSorted((a, b) => (a.first < b.first ? -1 : 1));
  const overlap = sorted.find((range, index) => index > 0 && rangesOverlap(range, sorted[index - 1] ?? range));
  if (overlap !== undefined) throw new InvalidValue(`the range ${overlap.text} meets another one of the pool`);
  return value;
}

export function checkedAddress({ space, address }: Subject<'address'>, value: AddressRecord): AddressRecord {
  agree(value.address, address);
  agree(value.space, space);
  checkTime(value.since);
  if (value.freeAt !== undefined) checkTime(value.freeAt);
  for (const holder of value.holders) {
    if (holder.kind === 'host') checkCanonicalName(holder.host);
    else if (holder.expiresAt !== undefined) checkTime(holder.expiresAt);
  }
  checkDistinct(value.holders.map(describeHolder));
  if ((value.state === 'held') !== value.holders.length > 0) throw new InvalidValue('holders and state do not agree');
  return value;
}

export function checkedZone({ zone }: Subject<'zone'>, value: Zone): Zone {
  agree(value.name, zone);
  const { mname, rname } = value.soa;
  for (const name of [zone, ...value.nameservers, mname, rname]) if (name !== undefined) checkCanonicalName(name);
  checkDistinct(value.nameservers);
  return value;
}

export function checkedSerial({ zone }: Subject<'serial'>): Fqdn {
  checkCanonicalName(zone);
  return zone;
}

export function checkedName({ zone, generation, owner }: Subject<'name'>, value: NamedRrsets): NamedRrsets {
  agree(value.name, owner);
  checkCanonicalName(owner);
  checkCanonicalName(zone);
  if (!Number.isSafeInteger(generation) || generation < 1) throw new InvalidValue('the key names no generation');
  // RFC 1034 §3.6.2: the apex has SOA and NS.
  if (owner === zone && value.rrsets[0]?.type === 'CNAME') throw new InvalidValue('a CNAME stands at the apex');
  return value;
}

export function checkedHost({ host }: Subject<'host'>, value: Host): Host {
  agree(value.name, host);
  for (const name of [host, value.zone, ...value.aliases]) checkCanonicalName(name);
  if (!isWithin(host, value.zone)) throw new InvalidValue(`the host is not in its zone ${value.zone}`);
  for (const { address } of value.addresses) agree(address, parseAddress(address));
  checkDistinct(value.aliases);
  checkDistinct(value.addresses.map(({ address }) => address));
  checkTime(value.createdAt);
  return value;
}

export function checkedToken({ token }: Subject<'token'>, value: StoredToken): StoredToken {
  agree(value.id, token);
  return value;
}

export function checkedMember({ replica }: Subject<'member'>, value: Member): Member {
  agree(value.replica, replica);
  nameserverOf(value);
  return value;
}

function agree(found: string | undefined, wanted: string): void {
  if (found !== wanted) throw new InvalidValue(`the stored value says '${found}' where '${wanted}' must stand`);
}

function checkCanonicalName(name: string): void {
  agree(name, parseName(name));
}

function checkDistinct(values: readonly string[]): void {
  if (new Set(values).size < values.length) throw new InvalidValue('the stored value names something twice');
}

/** Its form is the schema's; whether there is such a day is not. */
function checkTime(text: string): void {
  if (Number.isNaN(Date.parse(text))) throw new InvalidValue(`the stored value has '${text}' for a time`);
}
