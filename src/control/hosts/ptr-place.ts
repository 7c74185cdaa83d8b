// Where the PTR of an address of a host shall be, decided anew whenever the address is written. The pool of the address
// may have no reverse names. In a classless reverse zone (RFC 2317), a CNAME at the reverse name leads to the name of
// the PTR, in a zone here or elsewhere. Where it is then: ptrPlace of model/host.ts.

import { reverseName } from '../../model/address.ts';
import type { Holder } from '../../model/allocation.ts';
import { cutsAt, namesAbove } from '../../model/check-name.ts';
import { type Host, type HostAddress, ptrPlace } from '../../model/host.ts';
import { type Fqdn, isWithin, parseName } from '../../model/name.ts';
import { hasReverseNames } from '../../model/pool.ts';
import { isKnown } from '../../model/unknown.ts';
import type { Zone } from '../../model/zone.ts';
import { nameKey } from '../../store/kinds/name.ts';
import type { Views } from '../../views/views.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';

/** The limit for CNAMEs that follow one another. */
const maxAliases = 8;

/** `outside`: a name that no zone here answers for, or that is not below the reverse zone. */
type AliasEnd = { name: Fqdn } | { outside: Fqdn };

/**
 * Follows the CNAMEs that users have written at a reverse name. The compare of each proves that it still stands when
 * the PTR is written elsewhere because of it. Follows only to names below the reverse zone, as RFC 2317 §4 has them:
 * otherwise, whoever may write there could write PTRs into any zone (test/http/classless-reverse.test.ts).
 */
function followAliases(builder: TransactionBuilder, owner: Fqdn): AliasEnd {
  const { zones } = builder.views;
  let name = owner;
  let around: Fqdn | undefined;
  for (let aliases = 0; aliases < maxAliases; aliases += 1) {
    const zone = builder.zoneAround(name);
    if (zone === undefined) return name === owner ? { name } : { outside: name };
    around ??= zone.name;
    if (!isWithin(name, around)) return { outside: name };
    const alias = builder.rrsetsAt(zone, name).find(({ type, manager }) => type === 'CNAME' && manager === undefined);
    if (alias === undefined) return name !== owner && isBelowCut(builder, zone, name) ? { outside: name } : { name };
    const { modified } = zones.name(zone.name, name);
    if (modified > 0) builder.requireUnchanged(nameKey(zone.name, zone.generation, name), modified);
    name = parseName((alias.records[0] ?? '').slice(0, -1));
  }
  return { outside: name };
}

function isBelowCut({ views: { zones } }: TransactionBuilder, zone: Zone, name: Fqdn): boolean {
  if (!zones.hasCuts(zone.name)) return false;
  return [name, ...namesAbove(zone.name, name)].some(
    (above) => cutsAt(zone.name, above, zones.name(zone.name, above).rrsets).length > 0,
  );
}

/** Returns an address of the host with the place that its PTR shall have. */
export function placePtr(builder: TransactionBuilder, { ptr }: Pick<Host, 'ptr'>, address: HostAddress): HostAddress {
  const marked = withReverse(builder.views, address);
  return isKnown(ptr) && ptr ? withPtrName(builder, marked) : marked;
}

/** Returns whether the address has the mark that its pool requires: whether it has reverse names. */
export function isMarked({ pools }: Pick<Views, 'pools'>, { space, address, noReverse }: HostAddress): boolean {
  const pool = pools.poolAt(space, address)?.value;
  return pool === undefined || hasReverseNames(pool) === (noReverse !== true);
}

/** Returns the address with the mark that its pool requires. */
function withReverse(views: Pick<Views, 'pools'>, address: HostAddress): HostAddress {
  if (isMarked(views, address)) return address;
  const { noReverse, ...unmarked } = address;
  return noReverse === true ? unmarked : { ...unmarked, noReverse: true };
}

/** Returns the address with the name of its PTR. */
function withPtrName(builder: TransactionBuilder, address: HostAddress): HostAddress {
  const { ptrName: _, ...own } = address;
  if (ptrPlace({ ptr: true }, own).kind === 'none' || !mayFollowAliases(own)) return own;
  const owner = reverseName(own.address);
  const end = followAliases(builder, owner);
  if ('outside' in end) return { ...own, ptrName: null };
  return end.name === owner ? own : { ...own, ptrName: end.name };
}

/** Returns whether the PTR of an address goes where CNAMEs lead. That of a shared address stays at its reverse name. */
export function mayFollowAliases({ shared, sharingKey }: Pick<Holder, 'shared' | 'sharingKey'>): boolean {
  return shared !== true && sharingKey === undefined;
}
