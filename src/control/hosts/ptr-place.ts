// Where the PTR of an address goes. In a classless reverse zone (RFC 2317), a CNAME at the reverse name leads to the
// name of the PTR, in a zone here or elsewhere.

import { reverseName } from '../../model/address.ts';
import { cutsAt, namesAbove } from '../../model/check-name.ts';
import type { HostAddress } from '../../model/host.ts';
import { type Fqdn, isWithin, parseName } from '../../model/name.ts';
import type { Zone } from '../../model/zone.ts';
import { nameKey } from '../../store/kinds/name.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';

/** The limit for CNAMEs that follow one another. */
const maxAliases = 8;

/** `outside`: a name that no zone here answers for, or that is not below the reverse zone. */
type PtrPlace = { name: Fqdn } | { outside: Fqdn };

/**
 * Follows the CNAMEs that users have written at a reverse name. The compare of each proves that it still stands when
 * the PTR is written elsewhere because of it. Follows only to names below the reverse zone, as RFC 2317 §4 has them:
 * otherwise, whoever may write there could write PTRs into any zone (test/http/classless-reverse.test.ts).
 */
function ptrPlace(builder: TransactionBuilder, owner: Fqdn): PtrPlace {
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

/** Returns the address with the name of its PTR. The PTR of a shared address stays at its reverse name. */
export function withPtrName(builder: TransactionBuilder, address: HostAddress): HostAddress {
  const { ptrName: _, ...own } = address;
  const isWanted = own.ptr !== false && own.noReverse !== true && own.shared !== true && own.sharingKey === undefined;
  if (!isWanted) return own;
  const owner = reverseName(own.address);
  const place = ptrPlace(builder, owner);
  if ('outside' in place) return { ...own, ptrName: null };
  return place.name === owner ? own : { ...own, ptrName: place.name };
}
