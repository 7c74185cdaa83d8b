// What a backup has of each kind of key. A new kind does not compile without a row here. Keys of kinds that this
// version does not know are kept as they are.

import { InvalidValue, unlessInvalid } from '../model/invalid-value.ts';
import { type Revision, type Serial, serialAt } from '../model/revision.ts';
import { activityKind } from '../store/kinds/activity.ts';
import { addressKind } from '../store/kinds/address.ts';
import { forwarderKind } from '../store/kinds/forwarder.ts';
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
import { resolverKind } from '../store/kinds/resolver.ts';
import { serialKind, serialValue } from '../store/kinds/serial.ts';
import { skydnsKind } from '../store/kinds/skydns.ts';
import type { KindName } from '../store/kinds/stored-kind.ts';
import { tokenKind } from '../store/kinds/token.ts';
import { zoneKind, zoneValue } from '../store/kinds/zone.ts';
import type { Entry } from '../store/store.ts';
import type { BackupEntry } from './backup-format.ts';

/** What the key of a zone says about the other keys of the zone. */
export interface ZoneFacts {
  modified: Revision;
  /** The generation of the names that are served. Undefined if the zone's value cannot be read. */
  generation: number | undefined;
}

/** The zones by the part of their keys that names them. */
type ZonesInKeys = ReadonlyMap<string, ZoneFacts>;

/** Returns what a backup has of an entry; undefined if it leaves the entry out. */
type Keep = (entry: Entry, zones: ZonesInKeys) => BackupEntry | undefined;

const asItIs: Keep = ({ key, value }) => [key, value];
/** Keys on a lease end with the process that wrote them. */
const leftOut: Keep = () => undefined;

/** The names of a restored zone are its first generation, whatever generation they are here. */
const restoredGeneration = 1;

const keptKinds: Readonly<Record<KindName, readonly [kind: { prefix: string }, keep: Keep]>> = {
  pool: [poolKind, asItIs],
  address: [addressKind, asItIs],
  host: [hostKind, asItIs],
  zone: [zoneKind, keepZone],
  name: [nameKind, keepName],
  serial: [serialKind, keepSerial],
  token: [tokenKind, asItIs],
  resolver: [resolverKind, asItIs],
  forwarder: [forwarderKind, asItIs],
  activity: [activityKind, asItIs],
  outbox: [outboxKind, keepOutbox],
  member: [memberKind, leftOut],
  import: [importKind, leftOut],
  idempotency: [idempotencyKind, leftOut],
  leader: [leaderKind, leftOut],
  ledger: [ledgerKind, keepLedger],
  // The keys of the layout are not in the backup: they are written anew.
  skydns: [skydnsKind, leftOut],
  // The restored store has one of its own.
  offset: [offsetKind, leftOut],
};

const byPrefix = new Map(Object.values(keptKinds).map(([{ prefix }, keep]) => [prefix, keep]));

/** The zones come first: a zone's serial must be written after the zone (src/views/zone-view.ts). */
export const zonesPrefix = zoneKind.prefix;

export function keptEntry(entry: Entry, zones: ZonesInKeys): BackupEntry | undefined {
  return (byPrefix.get(prefixOf(entry.key)) ?? asItIs)(entry, zones);
}

/** Returns whether a backup never has this key. */
export function isNeverKept(key: string): boolean {
  return key.startsWith('/') || byPrefix.get(prefixOf(key)) === leftOut;
}

export function zoneFactsOf({ value, modified }: Entry): ZoneFacts {
  return { modified, generation: generationIn(value) };
}

/** Returns the serial of a zone that has no key of its own for it. */
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

/** Leaves out the names that are not served: those of deleted zones, of former generations, and of running imports. */
function keepName({ key, value }: Entry, zones: ZonesInKeys): BackupEntry | undefined {
  const [prefix = '', zone = '', generation = '', ...owner] = key.split('/');
  const facts = zones.get(zone);
  if (facts === undefined) return undefined;
  if (facts.generation === undefined) return [key, value];
  if (generation !== String(facts.generation)) return undefined;
  return [[prefix, zone, restoredGeneration, ...owner].join('/'), value];
}

/** Makes the serial a value: the restored key has another revision. */
function keepSerial({ key, value, modified }: Entry, zones: ZonesInKeys): BackupEntry | undefined {
  const facts = zones.get(zoneIn(key));
  if (facts === undefined) return undefined;
  const serial = facts.modified > modified ? serialAt(facts.modified) : (restoredSerial(value) ?? serialAt(modified));
  return [key, serialValue.encode({ serial })];
}

/** The ledger stays that of the store's history. The replica that has its file may be another one. */
function keepLedger({ key, value }: Entry): BackupEntry {
  try {
    const { replica: _, ...home } = ledgerHomeValue.decode(value);
    return [key, ledgerHomeValue.encode(home)];
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    return [key, value];
  }
}

/** Makes the revision a value: the events keep their ids. */
function keepOutbox({ key, value, modified }: Entry): BackupEntry {
  try {
    return [key, outboxValue.encode({ revision: modified, ...outboxValue.decode(value) })];
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    return [key, value];
  }
}

/** Returns the serial that the zone has from an earlier backup. */
function restoredSerial(value: string): Serial | undefined {
  return value === '' ? undefined : unlessInvalid(() => serialValue.decode(value))?.serial;
}
