// Decides from the views which keys of the SkyDNS layout we want. Our other keys are left over, for example from before
// an import, from a deleted zone, or from a zone whose `skydns` was switched off.

import { unlessInvalid } from '../../model/invalid-value.ts';
import { ancestry, type Fqdn, isWithin, parentOf, parseName } from '../../model/name.ts';
import type { Rrset } from '../../model/rrset.ts';
import { layoutName, skydnsName } from '../../model/skydns/key.ts';
import { ownValues } from '../../model/skydns/own-values.ts';
import type { Zone } from '../../model/zone.ts';
import type { Views } from '../../views/views.ts';

/** Returns whether the zone of the key's name has `skydns`, and a record or a nameserver of that zone needs the key. */
export function isWantedKey(views: Views, prefix: string, key: string): boolean {
  const name = nameIn(prefix, key);
  const zone = name && views.zones.enclosing(name)?.value;
  if (name === undefined || zone === undefined || !zone.skydns) return false;
  // The key of a record is that of its owner name, or has one more label. Addresses of the apex are below `apex.dns`.
  const apex = isWithin(name, layoutName(zone.name, 'apex')) ? zone.name : undefined;
  for (const owner of [name, parentOf(name), apex]) {
    if (owner === undefined || !isWithin(owner, zone.name)) continue;
    for (const rrset of views.zones.name(zone.name, owner).rrsets)
      if (rrset.manager !== 'skydns' && valuesOf(prefix, zone.name, owner, rrset).has(key)) return true;
  }
  return isWithin(name, layoutName(zone.name, 'ns')) && nameserverValues(views, prefix, zone).has(key);
}

/**
 * Returns the values of the zone's nameservers, by key: their addresses, at names below `ns.dns` of the zone. CoreDNS
 * answers NS queries for the apex from these values. A nameserver without addresses in our zones has no values.
 */
export function nameserverValues({ zones }: Views, prefix: string, zone: Zone): Map<string, string> {
  const values = new Map<string, string>();
  const base = layoutName(zone.name, 'ns');
  const own = zones.name(zone.name, zone.name).rrsets.find(({ type }) => type === 'NS')?.records;
  const implied = zones.implied(zone.name);
  for (const target of own ?? zones.impliedNs(zone.name)) {
    const name = parseName(target);
    // The records of such a name have their own keys below `ns.dns`.
    if (isWithin(name, base)) continue;
    const around = zones.enclosing(name)?.value.name;
    const stored = around === undefined ? [] : zones.name(around, name).rrsets;
    const rrsets = [...stored, ...implied.filter(({ owner }) => owner === name).map(({ rrset }) => rrset)];
    for (const rrset of rrsets.filter(({ type }) => type === 'A' || type === 'AAAA'))
      for (const [key, value] of valuesOf(prefix, zone.name, labelled(name, zone.name, base), rrset))
        values.set(key, value);
  }
  return values;
}

/** Returns the name of a nameserver in the layout: `ns1.ns.dns.lab.test` for `ns1.lab.test`. */
function labelled(name: Fqdn, zone: Fqdn, base: Fqdn): Fqdn {
  const relative = isWithin(name, zone) && name !== zone ? name.slice(0, -(zone.length + 1)) : name;
  return parseName(`${relative.replaceAll('.', '-').slice(0, 63)}.${base}`);
}

function valuesOf(prefix: string, zone: Fqdn, owner: Fqdn, rrset: Rrset): Map<string, string> {
  return unlessInvalid(() => ownValues({ prefix, zone, owner }, rrset)) ?? new Map();
}

function nameIn(prefix: string, key: string): Fqdn | undefined {
  return unlessInvalid(() => skydnsName(prefix, key));
}

/**
 * Returns the zone whose part of the layout contains the key, even if no name can have this key. Returns undefined if
 * that zone has no `skydns`.
 */
export function skydnsZoneOf({ zones }: Views, prefix: string, key: string): Zone | undefined {
  let at = key;
  while (at.length > prefix.length) {
    const name = nameIn(prefix, at);
    if (name !== undefined) {
      for (const ancestor of ancestry(name)) {
        const zone = zones.get(ancestor)?.value;
        if (zone !== undefined) return zone.skydns ? zone : undefined;
      }
      return undefined;
    }
    at = at.slice(0, at.lastIndexOf('/'));
  }
  return undefined;
}
