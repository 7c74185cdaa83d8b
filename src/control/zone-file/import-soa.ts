// Takes settings of the zone from a zone file: the default TTL from its `$TTL`, and `soa` from its SOA. Ignores the
// serial of the file. A field of the file's SOA is set in `soa` only if the zone would otherwise have another value
// after the import.

import { withoutAt } from '../../model/mailbox.ts';
import { type Fqdn, parseName } from '../../model/name.ts';
import { maxTtl, type Rrset } from '../../model/rrset.ts';
import { type SoaSettings, soaOf, soaRrset, type Zone, zoneDefaults } from '../../model/zone.ts';
import type { ZoneFileContents } from '../../model/zone-file/contents.ts';
import type { Findings } from '../../model/zone-file/findings.ts';
import type { Views } from '../../views/views.ts';
import type { ZoneComparison } from './compare-zone.ts';

/** The settings that an import may change. */
export type ImportedSettings = Pick<Zone, 'defaultTtl' | 'soa'>;

/**
 * Returns the default TTL of the zone after the import: the file's `$TTL` if the zone still has the default for all
 * zones, otherwise the zone's own.
 */
export function defaultTtlFrom(zone: Zone, { defaultTtl }: ZoneFileContents): number {
  return zone.defaultTtl === zoneDefaults.defaultTtl ? (defaultTtl ?? zone.defaultTtl) : zone.defaultTtl;
}

/**
 * Returns the settings for the zone from the file. If the file has no SOA, the zone keeps its `soa`. Adds a warning if
 * the mailbox of the SOA is an e-mail address, and a fault if one of the SOA's times is too long.
 */
export function settingsFrom(
  views: Views,
  zone: Zone,
  contents: ZoneFileContents,
  findings: Findings,
): ImportedSettings {
  const defaultTtl = defaultTtlFrom(zone, contents);
  const { soa, impliedNameservers } = contents;
  if (soa === undefined) return { defaultTtl, soa: zone.soa };
  const [mname = '', rname = '', , ...times] = soa.record.split(' ');
  const [refresh = 0, retry = 0, expire = 0, minimum = 0] = times.map(Number);
  if (times.some((time) => Number(time) > maxTtl))
    findings.fault(soa.line, `the SOA has a time of more than ${maxTtl} seconds`);
  const now = soaOf(
    { ...zone, defaultTtl },
    primaryOf(views, zone, contents.names.get(zone.name)),
    views.zones.serial(zone.name),
  );
  const settings: SoaSettings = { ...zone.soa };
  if (soa.ttl !== now.ttl) settings.ttl = soa.ttl;
  if (parseName(mname) !== now.primary && !impliedNameservers.includes(mname)) settings.mname = parseName(mname);
  if (parseName(rname) !== now.responsible) settings.rname = mailboxOf(parseName(rname), soa.line, findings);
  if (refresh !== now.refresh) settings.refreshSeconds = refresh;
  if (retry !== now.retry) settings.retrySeconds = retry;
  if (expire !== now.expire) settings.expireSeconds = expire;
  if (minimum !== now.minimum) settings.negativeTtlSeconds = minimum;
  return { defaultTtl, soa: settings };
}

/** Returns the mailbox that the file's author meant. Adds a warning if it was written as an e-mail address. */
function mailboxOf(name: Fqdn, line: number, findings: Findings): Fqdn {
  const mailbox = withoutAt(name);
  if (mailbox !== name) findings.warn(line, `the mailbox of the SOA has an @: ${mailbox} is taken (RFC 1035 §8)`);
  return mailbox;
}

/**
 * Returns the primary of a zone whose `soa` has no `mname`: the first nameserver of the NS records in `apex`, else the
 * first that the settings imply, else the zone's name.
 */
function primaryOf(views: Views, zone: Zone, apex: readonly Pick<Rrset, 'type' | 'records'>[] = []): Fqdn {
  const own = apex.find(({ type }) => type === 'NS')?.records;
  const [first] = (own ?? views.zones.impliedNs(zone.name)).toSorted();
  return first === undefined ? zone.name : parseName(first);
}

/** Returns whether the import changes a setting of the zone. */
export function changesSettings(zone: Zone, { defaultTtl, soa }: ImportedSettings): boolean {
  return defaultTtl !== zone.defaultTtl || JSON.stringify(soa) !== JSON.stringify(zone.soa);
}

/** Adds the SOA to the comparison as one RRset, unchanged or changed, as DNS serves it before and after. */
export function differenceOfSoa(
  comparison: ZoneComparison,
  views: Views,
  zone: Zone,
  settings: ImportedSettings,
  { names }: ZoneFileContents,
): void {
  const serial = views.zones.serial(zone.name);
  const standing = primaryOf(views, zone, views.zones.name(zone.name, zone.name).rrsets);
  const before = soaRrset(soaOf(zone, standing, serial));
  const after = soaRrset(soaOf({ ...zone, ...settings }, primaryOf(views, zone, names.get(zone.name)), serial));
  if (JSON.stringify(before) === JSON.stringify(after)) comparison.counts.unchanged += 1;
  else comparison.note('changed', zone.name, 'SOA', before, after);
}
