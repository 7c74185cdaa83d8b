// The stored record of an address: its holders, the rules by which they may share the address, and its cool-down.

import type { Address } from './address.ts';
import type { Fqdn } from './name.ts';
import type { Tags } from './pool.ts';
import { isKnown, known } from './unknown.ts';

export interface Port {
  protocol: 'tcp' | 'udp' | 'sctp';
  port: number;
}

/** What a holder shares of its address. Without a field, the address is its own. */
export interface Sharing {
  /** Only of hosts: the address is shared with all hosts that say so too. */
  shared?: true;
  sharingKey?: string;
  ports?: Port[];
}

/** How a host has an address. */
export interface HostSharing extends Sharing {
  /** The host has the PTR of the address, although older hosts share the address. */
  ptrFor?: true;
}

/** The limit for the holders of one address: each change of one of them writes them all. */
export const maxHolders = 256;

/** The limit for the time after which an allocation ends, in seconds: ten years. */
export const maxExpirySeconds = 315_360_000;

/**
 * One holder of an address: a host, or an allocation without a name. Times are RFC 3339 UTC. The holders of a record
 * are in the order in which they came.
 */
export type Holder =
  | ({ kind: 'host'; host: Fqdn; owner: string } & HostSharing)
  | {
      kind: 'allocation';
      id: string;
      owner: string;
      shared?: never;
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
  /**
   * The id of the pool that gave the address; null if a request named the address outside every pool. The address may
   * be in another pool now: pools are split, merged and deleted without a change here.
   */
  givenBy: string | null;
  state: 'held' | 'released';
  holders: Holder[];
  /** When the address was taken (state `held`) or released (state `released`). */
  since: string;
  freeAt?: string;
  /** The host that held the address last: it may have the address again before the cool-down ends. */
  former?: FormerHost;
}

interface FormerHost {
  host: Fqdn;
  owner: string;
}

/** Returns whether a newcomer is the host that held a released address last: it has the same name and owner. */
export function isFormer({ state, former }: AddressRecord, newcomer: Holder): boolean {
  return (
    state === 'released' &&
    newcomer.kind === 'host' &&
    former?.host === newcomer.host &&
    former.owner === newcomer.owner
  );
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
 * Returns whether a newcomer may share a held address. Either all holders and the newcomer are hosts with `shared`. Or,
 * as in MetalLB, all have the same sharing key, each has ports, and no two have the same port of the same protocol.
 */
export function mayShare(holders: readonly Holder[], newcomer: Holder): boolean {
  return holders.length > 0 && sharingConflict(holders, newcomer) === undefined;
}

/** Why a newcomer may not share an address: the field to change, and the holders that it does not fit. */
interface SharingConflict {
  field: 'shared' | 'sharingKey' | 'ports';
  with: Holder[];
}

/** Returns why the newcomer may not share the address with these holders; undefined if it may ({@link mayShare}). */
export function sharingConflict(holders: readonly Holder[], newcomer: Holder): SharingConflict | undefined {
  const conflict = (field: SharingConflict['field'], isInTheWay: (holder: Holder) => boolean) => {
    const found = holders.filter(isInTheWay);
    return found.length > 0 ? { field, with: found } : undefined;
  };
  if (newcomer.shared === true) return conflict('shared', (holder) => holder.shared !== true);
  const own = conflict('sharingKey', (holder) => holder.sharingKey === undefined);
  if (own !== undefined && newcomer.kind === 'allocation') return own;
  const key = known(newcomer.sharingKey);
  if (key === undefined && newcomer.kind === 'host') return conflict('shared', () => true);
  return (
    conflict('sharingKey', (holder) => key === undefined || holder.shared === true || holder.sharingKey !== key) ??
    conflict('ports', (holder) => !portsAreApart(holder.ports, known(newcomer.ports)))
  );
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
