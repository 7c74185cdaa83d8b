// Makes the host that a request wants: keeps addresses of the host before the change, and chooses new ones.

import { Refusal, refuse, refuseField } from '../../errors.ts';
import { type Address, automaticReverseZone, type Family, familyOf, reverseName } from '../../model/address.ts';
import type { Holder, HostHolder, HostSharing } from '../../model/allocation.ts';
import {
  type Host,
  type HostAddress,
  isSameAddress,
  maxHostAddresses,
  ptrPlace,
  withoutSharing,
} from '../../model/host.ts';
import { type Fqdn, parentOf } from '../../model/name.ts';
import type { Pool, Tags } from '../../model/pool.ts';
import { timestamp } from '../../model/timestamp.ts';
import { isKnown, known } from '../../model/unknown.ts';
import type { Zone } from '../../model/zone.ts';
import { chooseExplicit } from '../addresses/choose-explicit.ts';
import { chooseFormer, chooseFromOnePool, chooseNext, defaultFamily } from '../addresses/choose-next.ts';
import { recordNow } from '../addresses/hold-address.ts';
import { type AddressWarning, recordedWarnings } from '../addresses/recorded-warnings.ts';
import { noPool } from '../reading/existing.ts';
import type { DecisionContext } from '../transaction/decision.ts';
import type { Warning } from '../transaction/name-edits.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { placePtr } from './ptr-place.ts';

/**
 * A host as a request wants it. Without `addresses`, the host keeps its addresses that are in `pool` and of one of
 * `families`. Without `pool`, addresses of every pool may stay. Without `families`, addresses of both families may
 * stay. With or without `addresses`, the host then gets one address of each wanted family that it lacks.
 */
export interface WantedHost {
  name: Fqdn;
  pool?: string;
  families?: Family[];
  /** True: a family without a free address is left out. Refused if the host would then have no address. */
  prefer?: boolean;
  addresses?: Address[];
  /** How each address is shared with other holders. One without an entry keeps its sharing, or is not shared. */
  sharing?: ReadonlyMap<Address, HostSharing>;
  /** The addresses with `ptr: null` in the request: a PTR that was deleted with a reverse zone stays deleted. */
  withoutPtr?: Address[];
  aliases: Fqdn[];
  ttl: number | null;
  ptr: boolean;
  /** True: a new host takes over the records of users at its names (adopt-records.ts). */
  adopt?: boolean;
  /** True if the request has no `ttl`: the host takes the TTL of the records that it takes over. */
  anyTtl?: boolean;
  /** The addresses of the records that the host takes over. They are not chosen from a pool. */
  adopted?: HostAddress[];
  /** True if the request itself has `ptr: true`. Then PTRs that were deleted with a reverse zone are created again. */
  everyPtr?: boolean;
  owner: string;
  tags: Tags;
}

/**
 * Returns the host that the request wants. `before`: the host before the change, whose addresses it may keep.
 * Adds to the builder's refusals: `zone_not_found`, `pool_not_found`, `name_taken` if the host is its own alias, and
 * the refusals of {@link chooseExplicit} and {@link chooseNext}, and `invalid_request` if the host would have more than
 * {@link maxHostAddresses} addresses and more than before. Leaves out the refused parts of the host. Refuses at once
 * with `invalid_request` if the host would have no address.
 */
export function hostFrom(builder: TransactionBuilder, wanted: WantedHost, before: Host | undefined): Host {
  const { refusals, now } = builder;
  const zone = refusals.try(() => zoneOf(builder, known(wanted.name)));
  const pool = refusals.try(() => poolOf(builder, wanted.pool));
  refusals.try(() => {
    const own = wanted.aliases.indexOf(known(wanted.name));
    if (own >= 0) refuseField('name_taken', `/aliases/${own}`, `${wanted.name} cannot be its own alias`);
  });
  const addresses =
    (pool && refusals.try(() => addressesFrom(builder, wanted, pool.named, heldBy(wanted, before)))) || [];
  refusals.try(() => {
    if (addresses.length > Math.max(maxHostAddresses, before?.addresses.length ?? 0)) {
      const message = `the host would have ${addresses.length} addresses, more than ${maxHostAddresses}`;
      refuseField('invalid_request', wanted.adopted === undefined ? '/addresses' : '/adopt', message);
    }
  });
  return {
    name: wanted.name,
    zone: zone?.name ?? wanted.name,
    addresses: addresses.map((one) => placePtr(builder, wanted, one)),
    // Aliases with a fault are left out, so that their records are not checked.
    aliases: isKnown(wanted.aliases) ? wanted.aliases : [],
    ttl: wanted.ttl,
    ptr: isKnown(wanted.ptr) && wanted.ptr,
    owner: wanted.owner,
    tags: wanted.tags,
    createdAt: before?.createdAt ?? timestamp(now),
  };
}

/** Returns the zone that contains a name. Refuses with `zone_not_found`. */
function zoneOf(builder: TransactionBuilder, name: Fqdn): Zone {
  const message = `no zone covers ${name}: create one first (POST /v1/zones)`;
  return builder.zoneAround(name) ?? refuseField('zone_not_found', '/name', message);
}

/** A warning: the host has no address of a family that the request prefers. */
export interface FamilyWarning {
  family: Family;
  message: string;
}

/** A warning about an address or a family of the host, or about a record. */
export type HostWarning = AddressWarning | FamilyWarning | Warning;

/** Returns the warnings about the families that the request prefers and the host lacks. */
export function familyWarnings(context: DecisionContext, wanted: WantedHost, host: Host): FamilyWarning[] {
  if (wanted.prefer !== true) return [];
  return (wanted.families ?? []).flatMap((family) => {
    if (host.addresses.some(({ address }) => familyOf(address) === family)) return [];
    const { refusal } = nextOrRefusal(context, family, poolOf(context, wanted.pool).named);
    return refusal === undefined ? [] : [{ family, message: refusal.message }];
  });
}

/** Returns the pool that the request names; undefined if it names none. Refuses with `pool_not_found`. */
function poolOf({ views }: DecisionContext, name: string | undefined): { named: Pool | undefined } {
  if (name === undefined) return { named: undefined };
  const pool = views.pools.find(known(name));
  return { named: pool?.value ?? refuseField('pool_not_found', '/pool', noPool(name), { pool: name }) };
}

/**
 * Returns warnings about the new addresses of the host: records of other names have them, they get no PTR, or their PTR
 * makes a reverse zone here, whose other names are then no longer forwarded.
 */
export function newAddressWarnings(
  builder: TransactionBuilder,
  host: Host,
  before: Host | undefined,
): AddressWarning[] {
  const held = before?.addresses ?? [];
  const added = host.addresses.filter((one) => !held.some((other) => isSameAddress(one, other)));
  return [
    ...recordedWarnings(builder, added, host.name),
    ...added.flatMap((one) => ptrWarnings(builder, ptrPlace(host, one), one)),
  ];
}

/** Returns the warnings about the PTR of a new address. */
function ptrWarnings(
  builder: TransactionBuilder,
  place: ReturnType<typeof ptrPlace>,
  one: HostAddress,
): AddressWarning[] {
  if (place.kind === 'none') return place.why === 'no-reverse' ? noReverseWarning(builder, one) : [];
  return [...(place.kind === 'outside' ? outsideWarning(builder, one) : []), ...forwardedReverseWarning(builder, one)];
}

/** Returns the warning that a host gets no PTR for an address whose pool has no reverse names. */
function noReverseWarning({ views }: DecisionContext, { address, space }: HostAddress): AddressWarning[] {
  const pool = views.pools.poolNameAt(space, address);
  const message = `${address} gets no PTR: pool '${pool}' of space '${space}' has no reverse names ("reverse": false)`;
  return [{ address, names: [], message }];
}

/** Returns the warning that the PTR of an address would be in a zone of others, to which a CNAME leads. */
function outsideWarning(builder: TransactionBuilder, { address }: HostAddress): AddressWarning[] {
  const owner = reverseName(address);
  const zone = builder.zoneAround(owner)?.name ?? owner;
  const target = builder.views.zones.name(zone, owner).rrsets.find(({ type }) => type === 'CNAME')?.records[0];
  const message = `${address} gets no PTR here: the CNAME of ${owner} leads to ${target}, out of the reverse zones here: write the PTR there`;
  return [{ address, names: [], message }];
}

/** Returns the warning that the address's PTR makes an automatic zone, whose other names are no longer forwarded. */
function forwardedReverseWarning(builder: TransactionBuilder, { address }: HostAddress): AddressWarning[] {
  if (builder.zoneAround(reverseName(address)) !== undefined) return [];
  const { forwarders } = builder.views;
  const zone = automaticReverseZone(address);
  let above = parentOf(zone);
  while (above !== undefined && forwarders.get(above) === undefined) above = parentOf(above);
  if (above === undefined) return [];
  const message = `the PTR of ${address} makes the zone ${zone} here, so the other PTRs of that zone are no longer asked of the servers of the forwarder ${above}: write the host with "ptr": false if they have such PTRs, or create the zone first (POST /v1/zones) if all of it belongs here`;
  return [{ address, names: [], message }];
}

/**
 * Returns the addresses of `before`. `ptr: false` marks an address whose PTR was deleted with its reverse zone. Removes
 * the mark if the host shall have no PTRs, or if the request has `ptr: true` and no `ptr: null` for this address.
 */
function heldBy({ ptr, everyPtr = false, withoutPtr = [] }: WantedHost, before: Host | undefined): HostAddress[] {
  const held = before?.addresses ?? [];
  return held.map((one) => {
    const keepsMark = ptr && (!everyPtr || (isKnown(withoutPtr) && withoutPtr.includes(one.address)));
    const { ptr: _, ...unmarked } = one;
    return keepsMark ? one : unmarked;
  });
}

/** Returns the addresses of the wanted host: the ones of `held` that it keeps, and new ones. */
function addressesFrom(
  context: TransactionBuilder,
  wanted: WantedHost,
  pool: Pool | undefined,
  held: HostAddress[],
): HostAddress[] {
  const recordOf = (space: string, address: Address) => recordNow(context, space, address);
  const choose = (address: Address, index: number): HostAddress => {
    const sharing = wanted.sharing?.get(address);
    const own = [...held, ...(wanted.adopted ?? [])].find((one) => one.address === address && isIn(context, one, pool));
    if (own !== undefined && sharing === undefined) return own;
    const newcomer: Holder = { ...newcomerOf(wanted), ...sharing };
    const choice: HostAddress =
      own ?? chooseExplicit(context, address, `/addresses/${index}`, pool, newcomer, recordOf);
    return { ...withoutSharing(choice), ...sharing };
  };
  const explicit = (wanted.addresses ?? []).flatMap(
    (address, index) => context.refusals.try(() => choose(address, index), `/addresses/${index}`) ?? [],
  );
  if (explicit.length < (wanted.addresses ?? []).length) return explicit;
  if (wanted.addresses !== undefined) {
    return [...explicit, ...(context.refusals.try(() => missingFamilies(context, wanted, pool, explicit, [])) ?? [])];
  }
  const kept = held.filter(
    (one) => isIn(context, one, pool) && (wanted.families?.includes(familyOf(one.address)) ?? true),
  );
  return [...kept, ...missingFamilies(context, wanted, pool, kept, held)];
}

/** Returns whether the address is in the ranges of the pool. Returns true without a pool. */
function isIn({ views }: DecisionContext, { space, address }: HostAddress, pool: Pool | undefined): boolean {
  return pool === undefined || views.pools.poolIdAt(space, address) === pool.id;
}

/**
 * Chooses one address of each wanted family that `have` lacks. If the request names no families, the wanted families
 * are the families of `before`; if `before` and `have` are empty, the default family is wanted. Refuses with
 * `invalid_request` if no family is wanted and `have` is empty.
 */
function missingFamilies(
  context: TransactionBuilder,
  wanted: WantedHost,
  pool: Pool | undefined,
  have: HostAddress[],
  before: HostAddress[],
): HostAddress[] {
  const had = [...new Set(before.map(({ address }) => familyOf(address)))];
  const hasOrHad = have.length > 0 || had.length > 0;
  const families = wanted.families ?? (hasOrHad ? had : [defaultFamily(context, pool)]);
  const missing = families.filter((family) => !have.some(({ address }) => familyOf(address) === family));
  if (have.length === 0 && missing.length === 0)
    refuse('invalid_request', 'a host needs at least one address: name an address or a family');
  const path = pool === undefined ? '/families' : '/pool';
  const own = missing.flatMap((family) => chooseFormer(context, family, newcomerOf(wanted), pool) ?? []);
  const others = missing.filter((family) => !own.some(({ address }) => familyOf(address) === family));
  return [...own, ...newFamilies(context, wanted, pool, [...have, ...own], others, path)];
}

function newcomerOf({ name, owner }: WantedHost): HostHolder {
  return { kind: 'host', host: name, owner };
}

/** Chooses a free address of each family. `have`: the addresses that the host has besides. */
function newFamilies(
  context: TransactionBuilder,
  wanted: WantedHost,
  pool: Pool | undefined,
  have: HostAddress[],
  missing: readonly Family[],
  path: string,
): HostAddress[] {
  if (missing.length > 0 && known(wanted.prefer) === true) {
    const found = preferred(context, pool, missing);
    if (found.length + have.length > 0) return found;
  }
  return missing.flatMap((family) => context.refusals.try(() => chooseNext(context, family, 1, pool), path) ?? []);
}

/**
 * Chooses an address of each family that has a free one, as PreferDualStack of Kubernetes does. If the request names no
 * pool, takes all from a single pool where possible.
 */
function preferred(context: TransactionBuilder, pool: Pool | undefined, families: readonly Family[]): HostAddress[] {
  const together = pool === undefined && families.length > 1 ? chooseFromOnePool(context, families) : undefined;
  return together ?? families.flatMap((family) => nextOrRefusal(context, family, pool).choices ?? []);
}

/** Returns an address of the family or, if none is free, the refusal that says why. */
function nextOrRefusal(
  context: DecisionContext,
  family: Family,
  pool: Pool | undefined,
): { choices: HostAddress[]; refusal?: never } | { choices?: never; refusal: Refusal } {
  try {
    return { choices: chooseNext(context, family, 1, pool) };
  } catch (error) {
    if (error instanceof Refusal && error.code === 'pool_exhausted') return { refusal: error };
    throw error;
  }
}

/** Refuses with `name_taken` if there is a host of that name. */
export function refuseTakenName({ views }: DecisionContext, name: Fqdn): void {
  if (views.hosts.get(known(name)) === undefined) return;
  refuseField('name_taken', '/name', `there is a host ${name} already`, { name });
}
