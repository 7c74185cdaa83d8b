// Stored values against the key they stand under, and against what their schema cannot say: a value that lies about its name, or holds
// a time or an address that is none, must not get into the views' indexes. Throws InvalidValue; views.ts reports it and goes on.

import { InvalidValue } from '../errors.ts';
import { parseAddress } from '../model/address.ts';
import type { AddressRecord } from '../model/allocation.ts';
import type { Host } from '../model/host.ts';
import { type Member, nameserverOf } from '../model/member.ts';
import { parseName } from '../model/name.ts';
import type { Pool } from '../model/pool.ts';
import type { NamedRrsets } from '../model/rrset.ts';
import type { Zone } from '../model/zone.ts';
import type { KeySubject } from '../store/keys.ts';

type Subject<K extends KeySubject['kind']> = Extract<KeySubject, { kind: K }>;

export function checkedPool({ pool }: Subject<'pool'>, value: Pool): Pool {
  agree(value.name, pool);
  return value;
}

export function checkedAddress({ space, address }: Subject<'address'>, value: AddressRecord): AddressRecord {
  agree(value.address, address);
  agree(value.space, space);
  checkTime(value.since);
  if (value.freeAt !== undefined) checkTime(value.freeAt);
  for (const holder of value.holders) {
    if (holder.kind === 'allocation' && holder.expiresAt !== undefined) checkTime(holder.expiresAt);
  }
  if ((value.state === 'held') !== value.holders.length > 0) throw new InvalidValue('holders and state do not agree');
  return value;
}

export function checkedZone({ zone }: Subject<'zone'>, value: Zone): Zone {
  agree(value.name, zone);
  const { mname, rname } = value.soa;
  for (const name of [...value.nameservers, mname, rname]) if (name !== undefined) agree(name, parseName(name));
  return value;
}

export function checkedName({ owner }: Subject<'name'>, value: NamedRrsets): NamedRrsets {
  agree(value.name, owner);
  return value;
}

export function checkedHost({ host }: Subject<'host'>, value: Host): Host {
  agree(value.name, host);
  for (const name of [value.zone, ...value.aliases]) agree(name, parseName(name));
  for (const { address } of value.addresses) agree(address, parseAddress(address));
  return value;
}

export function checkedMember({ replica }: Subject<'member'>, value: Member): Member {
  agree(value.replica, replica);
  nameserverOf(value);
  return value;
}

function agree(found: string, wanted: string): void {
  if (found !== wanted) throw new InvalidValue(`the stored value says '${found}' where '${wanted}' must stand`);
}

function checkTime(text: string): void {
  if (Number.isNaN(Date.parse(text))) throw new InvalidValue(`the stored value has '${text}' for a time`);
}
