// Says for each kind of key what a backup keeps. A new kind does not compile without a row here. Keys of kinds that
// this version does not know are kept unchanged.

import { InvalidValue, unlessInvalid } from '../model/invalid-value.ts';
import { type Revision, type Serial, serialAt } from '../model/revision.ts';
import { activityKind } from '../store/kinds/activity.ts';
import { addressKind } from '../store/kinds/address.ts';
import { flushKind } from '../store/kinds/flush.ts';
import { forwarderKind, forwarderValue } from '../store/kinds/forwarder.ts';
import { hostKind } from '../store/kinds/host.ts';
import { idempotencyKind } from '../store/kinds/idempotency.ts';
import { importKind } from '../store/kinds/import.ts';
import { leaderKind } from '../store/kinds/leader.ts';
import { ledgerHomeValue, ledgerKind } from '../store/kinds/ledger.ts';
import { memberKind } from '../store/kinds/member.ts';
import { nameKind } from '../store/kinds/name.ts';
import { offsetKind } from '../store/kinds/offset.ts';
import { outboxKind, outboxValue } from '../store/kinds/outbox.ts';
import { poolKind } from '../store/kinds/pool.ts';
import { renumberingKind } from '../store/kinds/renumbering.ts';
import { resolverKind } from '../store/kinds/resolver.ts';
import { serialKind, serialValue } from '../store/kinds/serial.ts';
import { skydnsKind } from '../store/kinds/skydns.ts';
import type { KindName } from '../store/kinds/stored-kind.ts';
import { tokenKind } from '../store/kinds/token.ts';
import { zoneKind, zoneValue } from '../store/kinds/zone.ts';
import type { Entry } from '../store/store.ts';
import type { BackupEntry } from './backup-format.ts';

/** Facts about a zone that decide which of its other keys a backup keeps. */
export interface ZoneFacts {
  modified: Revision;
  /** The generation of the names that are served. Undefined if the zone's value cannot be read. */
  generation: number | undefined;
}

/** The facts about the zones, by the zone's name as keys have it. */
type ZonesInKeys = ReadonlyMap<string, ZoneFacts>;

/** Returns the entry as the backup keeps it; undefined if the backup leaves it out. */
type Keep = (entry: Entry, zones: ZonesInKeys) => BackupEntry | undefined;

const asItIs: Keep = ({ key, value }) => [key, value];
const leftOut: Keep = () => undefined;

/** The generation of the names in the backup: every restored zone begins with the first one. */
const restoredGeneration = 1;

const keptKinds: Readonly<Record<KindName, readonly [kind: { prefix: string }, keep: Keep]>> = {
  pool: [poolKind, asItIs],
  address: [addressKind, asItIs],
  host: [hostKind, asItIs],
  zone: [zoneKind, keepZone],
  name: [nameKind, keepName],
  serial: [serialKind, keepSerial],
  token: [tokenKind, asItIs],
  renumbering: [renumberingKind, asItIs],
  resolver: [resolverKind, asItIs],
  forwarder: [forwarderKind, keepForwarder],
  // The replicas of a restored store begin with empty caches.
  flush: [flushKind, leftOut],
  activity: [activityKind, asItIs],
  outbox: [outboxKind, keepOutbox],
  // The keys of the next four kinds are on leases, which a restored store does not have.
  member: [memberKind, leftOut],
  import: [importKind, leftOut],
  idempotency: [idempotencyKind, leftOut],
  leader: [leaderKind, leftOut],
  ledger: [ledgerKind, keepLedger],
  // A replica of the restored store writes the keys of the layout anew.
  skydns: [skydnsKind, leftOut],
  // The restored store gets its own offset.
  offset: [offsetKind, leftOut],
};

/**
 * Leaves out a forwarder that follows a stub zone. Where the stub zone still is, the forwarder is written again.
 * Elsewhere, nobody could delete the forwarder.
 */
function keepForwarder({ key, value }: Entry): BackupEntry | undefined {
  return unlessInvalid(() => forwarderValue.decode(value))?.stubZoneOf === undefined ? [key, value] : undefined;
}

const byPrefix = new Map(Object.values(keptKinds).map(([{ prefix }, keep]) => [prefix, keep]));

/** The zones come first: a zone's serial must be written after the zone (src/views/zone-view.ts). */
export const zonesPrefix = zoneKind.prefix;

export function keptEntry(entry: Entry, zones: ZonesInKeys): BackupEntry | undefined {
  return (byPrefix.get(prefixOf(entry.key)) ?? asItIs)(entry, zones);
}

/** Returns whether no backup has this key, whatever its value is. Keys of the SkyDNS layout begin with a slash. */
export function isNeverKept(key: string): boolean {
  return key.startsWith('/') || byPrefix.get(prefixOf(key)) === leftOut;
}

export function zoneFactsOf({ value, modified }: Entry): ZoneFacts {
  return { modified, generation: generationIn(value) };
}

/** Returns the entry with the serial of a zone that has none in the store. */
export function missingSerial(zone: string, { modified }: ZoneFacts): BackupEntry {
  return [serialKind.prefix + zone, serialValue.encode({ serial: serialAt(modified) })];
}

function prefixOf(key: string): string {
  return key.slice(0, key.indexOf('/') + 1);
}

/** Returns the part of a key that names its zone: the second one. */
export function zoneIn(key: string): string {
  return key.split('/', 2)[1] ?? '';
}

function generationIn(value: string): number | undefined {
  return unlessInvalid(() => zoneValue.decode(value))?.generation;
}

function keepZone({ key, value }: Entry): BackupEntry {
  if (generationIn(value) === undefined) return [key, value];
  return [key, JSON.stringify({ ...JSON.parse(value), generation: restoredGeneration })];
}

/** Leaves out names that are not served: names of deleted zones, of former generations, and of running imports. */
function keepName({ key, value }: Entry, zones: ZonesInKeys): BackupEntry | undefined {
  const [prefix = '', zone = '', generation = '', ...owner] = key.split('/');
  const facts = zones.get(zone);
  if (facts === undefined) return undefined;
  if (facts.generation === undefined) return [key, value];
  if (generation !== String(facts.generation)) return undefined;
  return [[prefix, zone, restoredGeneration, ...owner].join('/'), value];
}

/** Writes the serial into the value: in the restored store, the serial does not follow from the revision of the key. */
function keepSerial({ key, value, modified }: Entry, zones: ZonesInKeys): BackupEntry | undefined {
  const facts = zones.get(zoneIn(key));
  if (facts === undefined) return undefined;
  const serial = facts.modified > modified ? serialAt(facts.modified) : (restoredSerial(value) ?? serialAt(modified));
  return [key, serialValue.encode({ serial })];
}

/** Keeps the ledger's id, without the replica that has its file: after the restore this may be another replica. */
function keepLedger({ key, value }: Entry): BackupEntry {
  try {
    const { replica: _, ...home } = ledgerHomeValue.decode(value);
    return [key, ledgerHomeValue.encode(home)];
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    return [key, value];
  }
}

/** Writes the revision into the value: the ids of the events follow from this revision, and must stay the same. */
function keepOutbox({ key, value, modified }: Entry): BackupEntry {
  try {
    return [key, outboxValue.encode({ revision: modified, ...outboxValue.decode(value) })];
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    return [key, value];
  }
}

/** Returns the serial that an earlier restore wrote into the value; undefined if the value has none. */
function restoredSerial(value: string): Serial | undefined {
  return value === '' ? undefined : unlessInvalid(() => serialValue.decode(value))?.serial;
}
