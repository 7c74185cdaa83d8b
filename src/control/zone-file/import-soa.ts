// Takes settings of the zone from the SOA of a zone file. Ignores the serial of the file. A field becomes a setting
// only if it differs from the SOA that the zone has. So a field that equals it, and is not a setting yet, still follows
// the zone's other settings.

import { type Fqdn, parseName } from '../../model/name.ts';
import { maxTtl } from '../../model/rrset.ts';
import { type SoaSettings, soaOf, soaRrset, type Zone } from '../../model/zone.ts';
import type { ZoneFileContents } from '../../model/zone-file/contents.ts';
import type { Findings } from '../../model/zone-file/findings.ts';
import type { Views } from '../../views/views.ts';
import type { ZoneComparison } from './compare-zone.ts';

/**
 * Returns the SOA settings that the zone gets from the file. If the file has no SOA, the zone keeps its settings. Adds
 * a warning if the file's SOA has another TTL, and a fault if one of its times is too long.
 */
export function soaSettingsFrom(
  views: Views,
  zone: Zone,
  { soa, names, impliedNameservers }: ZoneFileContents,
  findings: Findings,
): SoaSettings {
  if (soa === undefined) return zone.soa;
  if (soa.ttl !== zone.defaultTtl)
    findings.warn(soa.line, `the TTL of the SOA is ignored: it is the zone's default TTL, ${zone.defaultTtl}`);
  const [mname = '', rname = '', , ...times] = soa.record.split(' ');
  const [refresh = 0, retry = 0, expire = 0, minimum = 0] = times.map(Number);
  if (times.some((time) => Number(time) > maxTtl))
    findings.fault(soa.line, `the SOA has a time of more than ${maxTtl} seconds`);
  const ns = names
    .get(zone.name)
    ?.find(({ type }) => type === 'NS')
    ?.records.toSorted()[0];
  const now = soaOf(
    zone,
    ns === undefined ? impliedPrimary(views, zone) : parseName(ns),
    views.zones.serial(zone.name),
  );
  const settings: SoaSettings = { ...zone.soa };
  if (parseName(mname) !== now.primary && !impliedNameservers.includes(mname)) settings.mname = parseName(mname);
  if (parseName(rname) !== now.responsible) settings.rname = parseName(rname);
  if (refresh !== now.refresh) settings.refreshSeconds = refresh;
  if (retry !== now.retry) settings.retrySeconds = retry;
  if (expire !== now.expire) settings.expireSeconds = expire;
  if (minimum !== now.minimum) settings.negativeTtlSeconds = minimum;
  return settings;
}

/** Returns the first nameserver that the zone's settings imply. If they imply none, returns the zone's name. */
function impliedPrimary(views: Views, zone: Zone): Fqdn {
  const implied = views.zones.implied(zone.name).find(({ owner, rrset }) => owner === zone.name && rrset.type === 'NS');
  const [record] = implied?.rrset.records ?? [];
  return record === undefined ? zone.name : parseName(record);
}

/** Adds the SOA to the comparison, as one RRset that is unchanged or changed. */
export function differenceOfSoa(comparison: ZoneComparison, views: Views, zone: Zone, soa: SoaSettings): void {
  const serial = views.zones.serial(zone.name);
  const primary = impliedPrimary(views, zone);
  if (JSON.stringify(soa) === JSON.stringify(zone.soa)) {
    comparison.counts.unchanged += 1;
    return;
  }
  const before = soaRrset(soaOf(zone, primary, serial));
  const after = soaRrset(soaOf({ ...zone, soa }, primary, serial));
  comparison.note('changed', zone.name, 'SOA', before, after);
}
