// What an actor may see and change: the scope of its token, applied to zones, pools, hosts and holders. Reads leave out
// what is beyond the scope, or refuse it before they look whether it exists. Decisions refuse early, with the field of
// the request. transaction/check-writes.ts checks all that a decision writes, once more.

import { refuse, refuseField } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import { type AddressRecord, describeHolder, type Holder } from '../../model/allocation.ts';
import type { Host } from '../../model/host.ts';
import { type Fqdn, isWithin } from '../../model/name.ts';
import { defaultSpace } from '../../model/pool.ts';
import { allRights, hasRole, type Rights, type Role, type Scope } from '../../model/rights.ts';
import { managingHost, type Rrset } from '../../model/rrset.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { Views } from '../../views/views.ts';
import type { Actor, Asking } from './actor.ts';

/** What a refusal names as missing. */
type Missing = 'role' | keyof Scope;

export function accessOf({ actor, views }: Asking): Access {
  return new Access(rightsOf(actor), views);
}

function rightsOf(actor: Actor): Rights {
  return actor.kind === 'system' ? allRights : actor.rights;
}

export class Access {
  readonly #rights: Rights;
  readonly #views: Pick<Views, 'pools' | 'zones' | 'hosts'>;

  constructor(rights: Rights, views: Pick<Views, 'pools' | 'zones' | 'hosts'>) {
    this.#rights = rights;
    this.#views = views;
  }

  /** True if the token has no scope: it may see all. */
  get isWhole(): boolean {
    const { zones, pools, owner } = this.#rights;
    return zones === undefined && pools === undefined && owner === undefined;
  }

  /** True if the token is limited to what has one owner. Zones, pools and users' own records have none. */
  get hasOwner(): boolean {
    return this.#rights.owner !== undefined;
  }

  hasZone(zone: Fqdn): boolean {
    return this.#rights.zones?.includes(zone) ?? true;
  }

  /** Returns whether the zone of a name is in scope. If no zone covers the name, a zone that would do so counts. */
  hasName(name: Fqdn): boolean {
    const { zones } = this.#rights;
    if (zones === undefined) return true;
    const zone = this.#views.zones.enclosing(name)?.value.name;
    return zone === undefined ? zones.some((one) => isWithin(name, one)) : zones.includes(zone);
  }

  /** Returns whether a pool is in scope. Null stands for the addresses outside all pools: no list has them. */
  hasPool(pool: string | null): boolean {
    const { pools } = this.#rights;
    return pools === undefined || (pool !== null && pools.includes(pool));
  }

  hasAddress(space: string, address: Address): boolean {
    return this.#rights.pools === undefined || this.hasPool(this.#views.pools.poolNameAt(space, address));
  }

  isOwner(owner: string): boolean {
    return this.#rights.owner === undefined || this.#rights.owner === owner;
  }

  /** Returns whether all of a host is in scope: its zone, the zones of its aliases, its pools, and its owner. */
  hasHost(host: Host): boolean {
    return this.isWhole || this.#missingOf(host) === undefined;
  }

  /**
   * Yields the hosts in key order that follow `after`, of one zone if it is given. Reads only the zones in scope. The
   * caller checks each host with {@link hasHost}.
   */
  listHosts(after: Fqdn | undefined, zone: Fqdn | undefined): Generator<Versioned<Host>> {
    return this.#views.hosts.list(after, zone === undefined ? this.#rights.zones : [zone]);
  }

  hasHolder(holder: Holder): boolean {
    if (this.isWhole) return true;
    if (holder.kind === 'allocation') return this.isOwner(holder.owner);
    const host = this.#views.hosts.get(holder.host)?.value;
    return host === undefined ? this.hasName(holder.host) && this.isOwner(holder.owner) : this.hasHost(host);
  }

  /**
   * Returns whether an RRset of a zone in scope may be seen. With an owner, only records of its hosts, and those that
   * the settings of the zone imply.
   */
  hasRrset(owner: Fqdn, rrset: Rrset): boolean {
    if (!this.hasOwner || rrset.manager === 'zone') return true;
    const host = rrset.manager === 'host' ? this.#views.hosts.get(managingHost(owner, rrset))?.value : undefined;
    return host !== undefined && this.hasHost(host);
  }

  /** Returns what to call a holder: its name, or only its kind if it is beyond the scope. */
  describeHolder(holder: Holder): string {
    return this.hasHolder(holder) ? describeHolder(holder) : `another ${holder.kind}`;
  }

  /** Returns whether a list shows the record of an address: a token that may not see its holders does not see it. */
  hasRecord({ holders }: AddressRecord): boolean {
    return this.isWhole || holders.some((holder) => this.hasHolder(holder));
  }

  /** Returns the record of an address with the holders that are in scope. */
  withHolders(record: AddressRecord): AddressRecord {
    return this.isWhole ? record : { ...record, holders: record.holders.filter((holder) => this.hasHolder(holder)) };
  }

  needRole(role: Role): void {
    if (hasRole(this.#rights.role, role)) return;
    refuse('forbidden', `this needs the role ${role}: the token has the role ${this.#rights.role}`, {
      missing: 'role' satisfies Missing,
      role,
    });
  }

  /** Refuses who is no admin without a scope. `what`: what only such a token may do. */
  needAdmin(what: string): void {
    this.needRole('admin');
    this.needWhole(what);
  }

  /** Refuses a token with any scope. `what`: what only a token without a scope may do. */
  needWhole(what: string): void {
    for (const scope of ['zones', 'pools', 'owner'] as const) {
      if (this.#rights[scope] !== undefined) refuseMissing(scope, `${what} needs a token without "${scope}"`);
    }
  }

  needZone(zone: Fqdn): void {
    if (!this.hasZone(zone)) refuseMissing('zones', `zone ${zone} is not in the "zones" of the token`);
  }

  /** Refuses a new zone inside a zone that is not in scope. */
  refuseInside(zone: Fqdn): never {
    refuseMissing('zones', `${zone} would take names from a zone that is not in the "zones" of the token`);
  }

  needName(name: Fqdn, path?: string): void {
    if (!this.hasName(name)) refuseMissing('zones', `${name} is in none of the "zones" of the token`, path);
  }

  needPool(pool: string, path?: string): void {
    if (!this.hasPool(pool)) refuseMissing('pools', `pool '${pool}' is not in the "pools" of the token`, path);
  }

  needAddress(space: string, address: Address, path?: string): void {
    const where = space === defaultSpace ? '' : ` of space '${space}'`;
    if (!this.hasAddress(space, address))
      refuseMissing('pools', `${address}${where} is in none of the "pools" of the token`, path);
  }

  /** Refuses a token that may not decide which addresses a pool has: such a decision would change what is in scope. */
  needAllPools(what: string): void {
    if (this.#rights.pools !== undefined) refuseMissing('pools', `${what} needs a token without "pools"`);
  }

  /** Refuses to write something with another owner. */
  needOwner(owner: string, path?: string): void {
    const { owner: needed = '' } = this.#rights;
    if (!this.isOwner(owner))
      refuseMissing('owner', `the "owner" of the token is '${needed}': set that as the owner`, path);
  }

  /** Refuses to release an address from holders that are not in scope. */
  needHolders(address: Address, holders: readonly Holder[]): void {
    if (holders.every((holder) => this.hasHolder(holder))) return;
    const missing = holders.every(({ owner }) => this.isOwner(owner)) ? 'zones' : 'owner';
    refuseMissing(missing, `${address} has a holder that the token may not see or change`);
  }

  /** Refuses to change something that has no owner. */
  needNoOwner(what: string): void {
    if (this.hasOwner) refuseMissing('owner', `${what} have no owner: a token with "owner" cannot change them`);
  }

  /** Refuses to show something that has the records of all owners. */
  needAllOwners(what: string): void {
    if (this.hasOwner)
      refuseMissing('owner', `${what} has the records of all owners: it needs a token without "owner"`);
  }

  /** Refuses an RRset that may not be seen. One that does not exist is refused to a token with an owner. */
  needRrset(owner: Fqdn, type: string, rrset: Rrset | undefined): void {
    if (rrset === undefined ? !this.hasOwner : this.hasRrset(owner, rrset)) return;
    const why = 'there are none, or they are not of a host with the "owner" of the token';
    refuseMissing('owner', `the token may not see ${type} records of ${owner}: ${why}`);
  }

  /**
   * Refuses a host that is not wholly in scope. A token must not find out from the refusal whether a host that it may
   * not see exists: without a host of the name, a token with an owner is refused as for one of another owner.
   */
  needHost(name: Fqdn, host: Host | undefined): void {
    if (this.isWhole) return;
    this.needName(name);
    const missing = host === undefined ? this.hasOwner && 'owner' : this.#missingOf(host);
    if (missing) refuseHost(name, missing);
  }

  /** Refuses hosts that the request does not name, without their names. */
  needHosts(hosts: Iterable<Host>): void {
    if (this.isWhole) return;
    for (const host of hosts) {
      const missing = this.#missingOf(host);
      if (missing !== undefined) refuseMissing(missing, 'this needs a host that the token may not see or change');
    }
  }

  /** Checks the owner before what only those may know who see the host. */
  #missingOf({ name, aliases, addresses, owner }: Host): keyof Scope | undefined {
    if (!this.hasName(name)) return 'zones';
    if (!this.isOwner(owner)) return 'owner';
    if (!aliases.every((alias) => this.hasName(alias))) return 'zones';
    return addresses.every((one) => this.hasAddress(one.space, one.address)) ? undefined : 'pools';
  }
}

/** Refuses with what the token lacks. The message names nothing that the request does not name. */
function refuseMissing(missing: Missing, message: string, path?: string): never {
  if (path === undefined) refuse('forbidden', message, { missing });
  refuseField('forbidden', path, message, { missing });
}

function refuseHost(name: Fqdn, missing: keyof Scope): never {
  const what = {
    zones: 'an alias of it is in none of the "zones" of the token',
    pools: 'an address of it is in none of the "pools" of the token',
    owner: 'it does not exist, or has another owner than the token',
  };
  refuseMissing(missing, `the token may not see or change host ${name}: ${what[missing]}`);
}
