// The stored record of an address: its holders, the rules by which they may share the address, and its cool-down.

import type { Address } from './address.ts';
import type { Fqdn } from './name.ts';
import type { Tags } from './pool.ts';
import { isKnown, known } from './unknown.ts';

export interface Port {
  protocol: 'tcp' | 'udp' | 'sctp';
  port: number;
}

/** One holder of an address: a host, or an allocation without a name. Times are RFC 3339 UTC. */
export type Holder =
  | { kind: 'host'; host: Fqdn; owner: string }
  | {
      kind: 'allocation';
      id: string;
      owner: string;
      sharingKey?: string;
      ports?: Port[];
      expiresAt?: string;
      /** Absent: it has no tags. */
      tags?: Tags;
    };

/** A holder that is an allocation. */
export type Allocation = Holder & { kind: 'allocation' };

/**
 * The stored record of one address. A `held` address has at least one holder. A `released` address has no holder and
 * cools down until `freeAt`. A `released` address without `freeAt` is free: its record serves only the strategy
 * `least-recently-used`.
 */
export interface AddressRecord {
  address: Address;
  space: string;
  /** The pool that gave the address; null if a request named the address outside every pool. */
  pool: string | null;
  state: 'held' | 'released';
  holders: Holder[];
  /** When the address was taken (state `held`) or released (state `released`). */
  since: string;
  freeAt?: string;
}

/**
 * Returns the end of a released address's cool-down, in milliseconds since the epoch; undefined if there is none. The
 * end is `freeAt`, or earlier if the pool's cool-down was shortened since. `coolDownSeconds`: undefined without a pool.
 */
export function coolDownEnd({ since, freeAt }: AddressRecord, coolDownSeconds: number | undefined): number | undefined {
  if (freeAt === undefined) return undefined;
  const promised = Date.parse(freeAt);
  return coolDownSeconds === undefined ? promised : Math.min(promised, Date.parse(since) + coolDownSeconds * 1000);
}

/**
 * Returns whether a newcomer may share a held address, as in MetalLB. All holders and the newcomer must be allocations
 * with the same sharing key. Each must have ports, and no two may have the same port of the same protocol.
 */
export function mayShare(holders: readonly Holder[], newcomer: Holder): boolean {
  return holders.length > 0 && sharingConflict(holders, newcomer) === undefined;
}

/** Why a newcomer may not share an address: the field to change, and the holders that it does not fit. */
export interface SharingConflict {
  field: 'sharingKey' | 'ports';
  with: Holder[];
}

/** Returns why the newcomer may not share the address with these holders; undefined if it may ({@link mayShare}). */
export function sharingConflict(holders: readonly Holder[], newcomer: Holder): SharingConflict | undefined {
  const hasOtherKey = (holder: Holder) =>
    holder.kind !== 'allocation' ||
    newcomer.kind !== 'allocation' ||
    known(newcomer.sharingKey) === undefined ||
    holder.sharingKey !== newcomer.sharingKey;
  const needsSamePort = (holder: Holder) =>
    holder.kind === 'allocation' &&
    newcomer.kind === 'allocation' &&
    !portsAreApart(holder.ports, known(newcomer.ports));
  const [byKey, byPorts] = [holders.filter(hasOtherKey), holders.filter(needsSamePort)];
  if (byKey.length > 0) return { field: 'sharingKey', with: byKey };
  return byPorts.length > 0 ? { field: 'ports', with: byPorts } : undefined;
}

/** Returns whether two holders have no port in common. A holder without ports needs all ports of the address. */
function portsAreApart(a: readonly Port[] | undefined, b: readonly Port[] | undefined): boolean {
  if (a === undefined || b === undefined || a.length === 0 || b.length === 0) return false;
  return !a.some((one) => b.some((other) => one.protocol === other.protocol && one.port === other.port));
}

/** Returns whether there are tags. Without tags, a holder has no field for them. */
export function hasTags(tags: Tags | undefined): tags is Tags {
  return tags !== undefined && isKnown(tags) && Object.keys(tags).length > 0;
}

/** Returns a holder as messages and the ledger name it. */
export function describeHolder(holder: Holder): string {
  return holder.kind === 'host' ? `host:${holder.host}` : `allocation:${holder.id}`;
}
