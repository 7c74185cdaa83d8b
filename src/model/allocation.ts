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

/** A holder that is a host. */
export interface HostHolder extends HostSharing {
  kind: 'host';
  host: Fqdn;
  owner: string;
}

/** A holder without a name. Times are RFC 3339 UTC. */
export interface Allocation {
  kind: 'allocation';
  id: string;
  owner: string;
  shared?: never;
  sharingKey?: string;
  ports?: Port[];
  expiresAt?: string;
  /** Absent: it has no tags. */
  tags?: Tags;
}

/** One holder of an address. The holders of a record are in the order in which they came. */
export type Holder = HostHolder | Allocation;
export type HolderKind = Holder['kind'];
export type HolderOf<Kind extends HolderKind> = Extract<Holder, { kind: Kind }>;

interface HolderTraits<One extends Holder> {
  /** Returns the name of the holder among those of its kind. */
  idOf(holder: One): string;
  /** True: it may share an address without a sharing key, with others that say `shared` too. */
  sharesByFlag: boolean;
  /** Returns who may have the address again before its cool-down ends, if this was the last holder. */
  formerOf(holder: One): FormerHost | undefined;
  /** Returns the host that may have the PTR of the address because of this holder. */
  ptrHostOf(holder: One): Fqdn | undefined;
  /** Returns when the holder leaves by itself. */
  endOf(holder: One): string | undefined;
  tagsOf(holder: One): Tags | undefined;
}

/**
 * What distinguishes the kinds of holders. How use cases treat them: control/reading/holder-rules.ts. How the store has
 * them: store/kinds/address.ts.
 */
const holderTraits: { readonly [Kind in HolderKind]: HolderTraits<HolderOf<Kind>> } = {
  host: {
    idOf: ({ host }) => host,
    sharesByFlag: true,
    formerOf: ({ host, owner }) => ({ host, owner }),
    ptrHostOf: ({ host }) => host,
    endOf: () => undefined,
    // The host itself has tags.
    tagsOf: () => undefined,
  },
  allocation: {
    idOf: ({ id }) => id,
    sharesByFlag: false,
    formerOf: () => undefined,
    ptrHostOf: () => undefined,
    endOf: ({ expiresAt }) => expiresAt,
    tagsOf: ({ tags }) => tags,
  },
};

export const holderKinds = Object.keys(holderTraits) as HolderKind[];

/** Returns what distinguishes the kind of this holder. */
export function traitsOf({ kind }: Holder): HolderTraits<Holder> {
  return holderTraits[kind];
}

/** Returns the names of the hosts among these holders. */
export function hostsAmong(holders: readonly Holder[]): Fqdn[] {
  return holders.flatMap((holder) => (holder.kind === 'host' ? holder.host : []));
}

/** Returns whether the holder is the host of this name. */
export function isHost(holder: Holder, name: Fqdn): holder is HostHolder {
  return holder.kind === 'host' && holder.host === name;
}

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
  const again = state === 'released' ? traitsOf(newcomer).formerOf(newcomer) : undefined;
  return again !== undefined && former?.host === again.host && former.owner === again.owner;
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
  const { sharesByFlag } = traitsOf(newcomer);
  const own = conflict('sharingKey', (holder) => holder.sharingKey === undefined);
  if (own !== undefined && !sharesByFlag) return own;
  const key = known(newcomer.sharingKey);
  if (key === undefined && sharesByFlag) return conflict('shared', () => true);
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
  return `${holder.kind}:${traitsOf(holder).idOf(holder)}`;
}
