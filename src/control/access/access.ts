// The access of an actor: which zones, pools, hosts and holders it may see and change, by the scope of its token. Reads
// leave out data beyond the scope. If a request names such data, the read refuses before it looks whether the data
// exists. Decisions refuse before they read, with the field of the request. transaction/check-writes.ts checks again
// everything that a decision writes.

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

/** The part of the rights that a token lacks. */
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

  /** True if the token has no scope. */
  get isWhole(): boolean {
    const { zones, pools, owner } = this.#rights;
    return zones === undefined && pools === undefined && owner === undefined;
  }

  /** True if the token may do everything: {@link needAdmin} refuses nothing. */
  get isAdmin(): boolean {
    return this.isWhole && hasRole(this.#rights.role, 'admin');
  }

  /** True if the token is limited to data of one owner. Zones, pools and records that users wrote have no owner. */
  get hasOwner(): boolean {
    return this.#rights.owner !== undefined;
  }

  hasZone(zone: Fqdn): boolean {
    return this.#rights.zones?.includes(zone) ?? true;
  }

  /** Returns whether the zone of a name is in scope. A name in no zone must be at or below a zone name of the scope. */
  hasName(name: Fqdn): boolean {
    const { zones } = this.#rights;
    if (zones === undefined) return true;
    const zone = this.#views.zones.enclosing(name)?.value.name;
    return zone === undefined ? zones.some((one) => isWithin(name, one)) : zones.includes(zone);
  }

  /**
   * Returns whether the pool with this id is in scope. Null stands for the addresses outside all pools: no list of
   * pools has them.
   */
  hasPool(id: string | null): boolean {
    const { pools } = this.#rights;
    return pools === undefined || (id !== null && pools.includes(id));
  }

  hasAddress(space: string, address: Address): boolean {
    return this.#rights.pools === undefined || this.hasPool(this.#views.pools.poolIdAt(space, address));
  }

  isOwner(owner: string): boolean {
    return this.#rights.owner === undefined || this.#rights.owner === owner;
  }

  /**
   * Returns whether a host is in scope with all that it has: its zone, its aliases' zones, its pools, and its owner.
   */
  hasHost(host: Host): boolean {
    return this.isWhole || this.#missingOf(host) === undefined;
  }

  /**
   * Yields the hosts of `zone` that follow `after` in key order. Without `zone`, yields the hosts of all zones in
   * scope. The caller must check each host with {@link hasHost}.
   */
  listHosts(after: Fqdn | undefined, zone: Fqdn | undefined): Generator<Versioned<Host>> {
    return this.#views.hosts.list(after, zone === undefined ? this.#rights.zones : [zone]);
  }

  hasHolder(holder: Holder): boolean {
    if (this.isWhole) return true;
    switch (holder.kind) {
      case 'allocation':
        return this.isOwner(holder.owner);
      case 'host': {
        const host = this.#views.hosts.get(holder.host)?.value;
        return host === undefined ? this.hasName(holder.host) && this.isOwner(holder.owner) : this.hasHost(host);
      }
    }
  }

  /**
   * Returns whether an RRset of a zone in scope may be seen. A token with an owner sees the records of hosts in its
   * scope, and the records that the settings of the zone imply.
   */
  hasRrset(owner: Fqdn, rrset: Rrset): boolean {
    if (!this.hasOwner || rrset.manager === 'zone') return true;
    const host = rrset.manager === 'host' ? this.#views.hosts.get(managingHost(owner, rrset))?.value : undefined;
    return host !== undefined && this.hasHost(host);
  }

  /** Returns the name of a holder for messages: only its kind if the holder is beyond the scope. */
  describeHolder(holder: Holder): string {
    return this.hasHolder(holder) ? describeHolder(holder) : `another ${holder.kind}`;
  }

  /** Returns whether a list shows the record of an address: at least one of its holders must be in scope. */
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

  /** Refuses a token with another role than admin, or with any scope. `what` names the action for the message. */
  needAdmin(what: string): void {
    this.needRole('admin');
    this.needWhole(what);
  }

  /** Refuses a token with any scope. `what` names the action for the message. */
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

  /** Refuses a pool that is not in scope, by its name or id. Refuses a pool that does not exist in the same way. */
  needPool(pool: string, path?: string): void {
    const id = this.#views.pools.find(pool)?.value.id ?? pool;
    if (!this.hasPool(id)) refuseMissing('pools', `pool '${pool}' is not in the "pools" of the token`, path);
  }

  /** Refuses the pool with this id if it is not in scope. */
  needPoolId(id: string): void {
    if (!this.hasPool(id)) this.needPool(this.#views.pools.byId(id)?.value.name ?? id);
  }

  needAddress(space: string, address: Address, path?: string): void {
    const where = space === defaultSpace ? '' : ` of space '${space}'`;
    if (!this.hasAddress(space, address))
      refuseMissing('pools', `${address}${where} is in none of the "pools" of the token`, path);
  }

  /**
   * Refuses a token with `pools`: its bearer must not decide which addresses a pool has, because this would change the
   * scope of the token.
   */
  needAllPools(what: string): void {
    if (this.#rights.pools !== undefined) refuseMissing('pools', `${what} needs a token without "pools"`);
  }

  /** Refuses to write something with another owner. */
  needOwner(owner: string, path?: string): void {
    const { owner: needed = '' } = this.#rights;
    if (!this.isOwner(owner))
      refuseMissing('owner', `the "owner" of the token is '${needed}': set that as the owner`, path);
  }

  /** Refuses a change of the holders of an address if one of these holders is not in scope. */
  needHolders(address: Address, holders: readonly Holder[]): void {
    if (holders.every((holder) => this.hasHolder(holder))) return;
    const missing = holders.every(({ owner }) => this.isOwner(owner)) ? 'zones' : 'owner';
    refuseMissing(missing, `${address} has a holder that the token may not see or change`);
  }

  /** Refuses a token with an owner, because the data has no owner. `what` names the data for the message. */
  needNoOwner(what: string): void {
    if (this.hasOwner) refuseMissing('owner', `${what} have no owner: a token with "owner" cannot change them`);
  }

  /** Refuses a token with an owner, because the answer would show the records of all owners. */
  needAllOwners(what: string): void {
    if (this.hasOwner)
      refuseMissing('owner', `${what} has the records of all owners: it needs a token without "owner"`);
  }

  /** Refuses an RRset that may not be seen. If the RRset does not exist, refuses a token with an owner. */
  needRrset(owner: Fqdn, type: string, rrset: Rrset | undefined): void {
    if (rrset === undefined ? !this.hasOwner : this.hasRrset(owner, rrset)) return;
    const why = 'there are none, or they are not of a host with the "owner" of the token';
    refuseMissing('owner', `the token may not see ${type} records of ${owner}: ${why}`);
  }

  /**
   * Refuses a host that is not in scope with all that it has. The refusal must not show whether a hidden host exists:
   * if there is no host of the name, a token with an owner gets the same refusal as for a host of another owner.
   */
  needHost(name: Fqdn, host: Host | undefined): void {
    if (this.isWhole) return;
    this.needName(name);
    const missing = host === undefined ? this.hasOwner && 'owner' : this.#missingOf(host);
    if (missing) refuseHost(name, missing);
  }

  /** Refuses if one of the hosts is not in scope. The message does not name the host, because the request does not. */
  needHosts(hosts: Iterable<Host>): void {
    if (this.isWhole) return;
    for (const host of hosts) {
      const missing = this.#missingOf(host);
      if (missing !== undefined) refuseMissing(missing, 'this needs a host that the token may not see or change');
    }
  }

  /**
   * Returns the field of the scope that excludes the host; undefined if the host is in scope. Checks the owner before
   * the aliases and the pools, because only a token of this owner may learn about them.
   */
  #missingOf({ name, aliases, addresses, owner }: Host): keyof Scope | undefined {
    if (!this.hasName(name)) return 'zones';
    if (!this.isOwner(owner)) return 'owner';
    if (!aliases.every((alias) => this.hasName(alias))) return 'zones';
    return addresses.every((one) => this.hasAddress(one.space, one.address)) ? undefined : 'pools';
  }
}

/** Refuses because the token lacks `missing`. The message must name nothing that the request does not name. */
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
