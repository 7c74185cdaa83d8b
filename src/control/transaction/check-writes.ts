// Checks the writes of a decision against the scope of the token that asks for them. Use cases refuse earlier, before
// they read anything beyond the scope. This check also catches a use case that forgets to do that
// (test/control/check-writes.test.ts).

import { isDeepStrictEqual } from 'node:util';
import type { Holder } from '../../model/allocation.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Pool } from '../../model/pool.ts';
import { managingHost, type Rrset } from '../../model/rrset.ts';
import { addressKind, addressValue } from '../../store/kinds/address.ts';
import { flushKind } from '../../store/kinds/flush.ts';
import { forwarderKind } from '../../store/kinds/forwarder.ts';
import { hostKind, hostValue } from '../../store/kinds/host.ts';
import { poolKey, poolKind, poolValue } from '../../store/kinds/pool.ts';
import { resolverKind } from '../../store/kinds/resolver.ts';
import type { Subject } from '../../store/kinds/stored-kind.ts';
import { tokenKind, tokenValue } from '../../store/kinds/token.ts';
import { zoneKind, zoneValue } from '../../store/kinds/zone.ts';
import type { Operation } from '../../store/store.ts';
import { type Access, accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';
import type { NameEdit } from './name-edits.ts';

/**
 * Refuses with `forbidden` operations on data beyond the scope. To write a host, the zones of its names, its pools and
 * its owner must be in scope. Its PTRs and automatic reverse zones need no check of their own.
 */
export function checkWrites(asking: Asking, operations: readonly Operation[], edits: Iterable<NameEdit>): void {
  const access = accessOf(asking);
  if (access.isAdmin) return;
  // An operation on a prefix deletes the names of a zone. Another operation deletes that zone's key, and is checked.
  const writes = operations.filter((operation) => operation.kind !== 'delete-prefix');
  if (writes.some((write) => writesToken(write, asking, writes))) access.needAdmin('managing tokens');
  if (writes.some(({ key }) => resolverKind.parse(key) !== undefined)) access.needAdmin('managing resolvers');
  if (writes.some((write) => writesForwarder(write, asking))) access.needAdmin('managing forwarders');
  if (access.isWhole) return;
  const check = new WriteCheck(access, asking);
  for (const write of writes) {
    const host = hostKind.parse(write.key);
    if (host !== undefined) check.host(host, textOf(write));
  }
  for (const write of writes) {
    const zone = zoneKind.parse(write.key);
    if (zone !== undefined) check.zone(zone, textOf(write));
    const pool = poolKind.parse(write.key);
    if (pool !== undefined) check.pool(pool, textOf(write));
    const address = addressKind.parse(write.key);
    if (address !== undefined) check.address(address, textOf(write));
  }
  for (const edit of edits) if (edit.changed) check.name(edit);
}

/**
 * Returns whether this writes a token in a way that only an admin may. Others may add pools to its scope that they
 * create in the same transaction: a pool that is split.
 */
function writesToken(write: Operation & { key: string }, { views }: Asking, writes: readonly Operation[]): boolean {
  const subject = tokenKind.parse(write.key);
  if (subject === undefined) return false;
  const before = views.tokens.get(subject.token)?.value;
  const text = textOf(write);
  if (before?.pools === undefined || text === undefined) return true;
  const after = tokenValue.decode(text);
  const added = after.pools?.slice(before.pools.length) ?? [];
  const isCreated = (id: string) =>
    views.pools.byId(id) === undefined && writes.some((other) => other.kind === 'put' && other.key === poolKey(id));
  return !added.every(isCreated) || !isDeepStrictEqual(after, { ...before, pools: [...before.pools, ...added] });
}

/**
 * Returns whether this writes a forwarder in a way that only an admin may. Others may delete a forwarder that follows a
 * stub zone: a new zone of the same name does so.
 */
function writesForwarder(write: Operation & { key: string }, { views }: Asking): boolean {
  const subject = forwarderKind.parse(write.key) ?? flushKind.parse(write.key);
  if (subject === undefined) return false;
  return write.kind !== 'delete' || views.forwarders.get(subject.zone)?.value.stubZoneOf === undefined;
}

/** Returns the value that a put writes; undefined for a deletion. */
function textOf(operation: Operation): string | undefined {
  return operation.kind === 'put' ? operation.value : undefined;
}

class WriteCheck {
  readonly #access: Access;
  readonly #views: Asking['views'];
  /** The hosts that the decision writes or deletes. They were checked: all of them are in scope. */
  readonly #hosts = new Set<Fqdn>();

  constructor(access: Access, { views }: Asking) {
    this.#access = access;
    this.#views = views;
  }

  host({ host }: Subject<'host'>, text: string | undefined): void {
    const before = this.#views.hosts.get(host)?.value;
    const after = text === undefined ? undefined : hostValue.decode(text);
    const hosts = [before, after].filter((one) => one !== undefined);
    this.#access.needHosts(hosts);
    if (hosts.length > 0) this.#hosts.add(host);
  }

  zone({ zone }: Subject<'zone'>, text: string | undefined): void {
    const before = this.#views.zones.get(zone)?.value;
    const after = text === undefined ? undefined : zoneValue.decode(text);
    // Some decisions write an unchanged zone again, so that other decisions lose a race.
    if (before !== undefined && isDeepStrictEqual(before, after)) return;
    const isAutomatic = (before?.automatic ?? true) && (after?.automatic ?? true);
    if (isAutomatic && this.#hosts.size > 0 && (before === undefined || after === undefined)) return;
    this.#access.needZone(zone);
    this.#access.needNoOwner('zones');
  }

  pool({ pool }: Subject<'pool'>, text: string | undefined): void {
    const before = this.#views.pools.byId(pool)?.value;
    const after = text === undefined ? undefined : poolValue.decode(text);
    this.#access.needPoolId(pool);
    this.#access.needNoOwner('pools');
    const fixed = (value: Pool | undefined) => value && [value.name, value.space, value.ranges];
    const isSame = isDeepStrictEqual(fixed(before), fixed(after));
    if (!isSame) this.#access.needAllPools("to create or delete a pool, or to change a pool's name, ranges or space");
  }

  address({ space, address }: Subject<'address'>, text: string | undefined): void {
    this.#access.needAddress(space, address);
    const before = this.#views.pools.address(space, address)?.value.holders ?? [];
    const after = text === undefined ? [] : addressValue.decode(text).holders;
    if (before.length === 0 && after.length === 0) this.#access.needNoOwner('addresses that cool down');
    const isIn = (holders: readonly Holder[], holder: Holder) => holders.some((one) => isDeepStrictEqual(one, holder));
    const changed = [
      ...before.filter((holder) => !isIn(after, holder)),
      ...after.filter((holder) => !isIn(before, holder)),
    ];
    const isWritten = (holder: Holder) => holder.kind === 'host' && this.#hosts.has(holder.host);
    this.#access.needHolders(
      address,
      changed.filter((holder) => !isWritten(holder)),
    );
  }

  name({ owner, zone, before, rrsets }: NameEdit): void {
    const types = new Set([...before, ...rrsets].map(({ type }) => type));
    for (const type of types) {
      const [old, next] = [before, rrsets].map((all) => all.find((one) => one.type === type));
      if (isDeepStrictEqual(old, next) || this.#isOfHost(owner, old) || this.#isOfHost(owner, next)) continue;
      this.#access.needZone(zone.name);
      this.#access.needNoOwner('records');
    }
  }

  /** Returns whether the decision writes or deletes the host that manages the RRset. */
  #isOfHost(owner: Fqdn, rrset: Rrset | undefined): boolean {
    return rrset?.manager === 'host' && this.#hosts.has(managingHost(owner, rrset));
  }
}
