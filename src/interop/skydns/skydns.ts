// Keeps the SkyDNS layout in etcd for the zones with `skydns`, in both directions. One replica, the leader, does the
// work. It reads all values of others below the prefix at one revision, then follows the watch, and makes records of
// the zones from these values (mirror.ts). Each transaction that writes a name of ours also writes the keys of that
// name. The leader writes such keys anew after the settings of a zone changed (own-keys.ts), and the keys of the
// nameservers (nameserver-keys.ts). Stub zones become forwarders (stub-mirror.ts).

import { createHash } from 'node:crypto';
import { setTimeout as delay, setImmediate as nextPass } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { campaign } from '../../cluster/leadership.ts';
import { ForeignValues } from '../../control/skydns/foreign-values.ts';
import { LimitedLog } from '../../model/limited-log.ts';
import { ancestry, type Fqdn, parentOf } from '../../model/name.ts';
import { after, type Revision } from '../../model/revision.ts';
import { TroubleLog } from '../../model/trouble-log.ts';
import { namesPrefix, nameValue } from '../../store/kinds/name.ts';
import { Mirror } from './mirror.ts';
import { NameserverKeys } from './nameserver-keys.ts';
import { NotServed } from './not-served.ts';
import { Interrupted, type LeaderParts, OwnKeys, presentSettings } from './own-keys.ts';
import type { SkydnsParts } from './parts.ts';
import { SkydnsStates } from './states.ts';
import { StubMirror } from './stub-mirror.ts';

const tickMilliseconds = 300;
const campaignMilliseconds = 1000;
/** The maximum number of values in a minute that are logged as not served. */
const maxLogged = 100;
/** The number of values that are read before the event loop gets its turn. */
const slice = 500;

interface LeaderLogs {
  trouble: TroubleLog;
  notServed: LimitedLog;
}

/** Starts to keep the layout. Returns the function that stops it and lets another replica lead. */
export function startSkydns(parts: SkydnsParts, replica: string): () => Promise<void> {
  const { views, store, logger } = parts;
  const isNeeded = () =>
    views.loaded && (views.skydns.states.size > 0 || zonesOf(parts).length > 0 || hasFollowers(parts));
  const leadership = campaign(store, logger, {
    task: 'skydns',
    replica,
    isReady: isNeeded,
    every: campaignMilliseconds,
  });
  const stopping = new AbortController();
  const trouble = new TroubleLog(logger, {
    begins: 'the SkyDNS layout cannot be kept, will retry',
    over: 'the SkyDNS layout is kept again',
  });
  const logs = { trouble, notServed: new LimitedLog(logger, maxLogged) };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      if (leadership.isLeader() && isNeeded()) {
        try {
          await lead(parts, () => leadership.isLeader() && isNeeded(), logs, stopping.signal);
        } catch (error) {
          if (!stopping.signal.aborted) logs.trouble.failed(error);
        }
      }
      await delay(tickMilliseconds, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  })();
  return async () => {
    stopping.abort();
    await running;
    await leadership.resign();
  };
}

/** Works as the leader until another replica leads, the zones change, or something fails. */
async function lead(parts: SkydnsParts, mayLead: () => boolean, logs: LeaderLogs, stopping: AbortSignal) {
  const ending = new AbortController();
  const signal = AbortSignal.any([stopping, ending.signal]);
  const zones = zonesOf(parts);
  const foreign = new ForeignValues(parts);
  const mirror = new Mirror(parts, foreign);
  const stubs = new StubMirror(parts);
  const states = new SkydnsStates(parts);
  const leader: LeaderParts = { parts, states, hiddenBy: hiddenIn(parts, zones) };
  const nameservers = new NameserverKeys(parts);
  const notServed = new NotServed(parts.views, states, logs.notServed);
  const revision = await load(parts, [foreign, stubs], signal);
  for (const place of foreign.places()) mirror.mark(place);
  await markMirrored(parts, mirror, signal);
  let failure: { error: unknown } | undefined;
  const guarded = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      failure ??= { error };
      ending.abort();
    });
  const works = [
    guarded(mirror.run(signal)),
    guarded(followValues(parts, { foreign, stubs }, mirror, revision, signal)),
  ];
  let working: Promise<void> | undefined;
  let seen = revision;
  /** Returns whether the zones are still those with which {@link lead} began. */
  const hasZones = () => {
    if (parts.views.revision === seen) return true;
    seen = parts.views.revision;
    return isDeepStrictEqual(zones, zonesOf(parts));
  };
  try {
    while (!signal.aborted && mayLead() && hasZones()) {
      mirror.markFaulty();
      await stubs.refresh();
      notServed.note(foreign, mirror, stubs);
      const zone = working === undefined ? nextZone(leader) : undefined;
      if (zone !== undefined) {
        working = guarded(bringUpToDate(leader, zone, signal)).finally(() => {
          working = undefined;
        });
      } else if (working === undefined) {
        await states.flush();
        await nameservers.refresh();
      }
      if (failure === undefined) logs.trouble.succeeded();
      await delay(tickMilliseconds, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    ending.abort();
    await Promise.all([...works, working]);
  }
  if (failure !== undefined) throw failure.error;
}

/**
 * Returns, by zone, a digest of the zones inside it that hide its names. Hidden names have no keys, so the keys of the
 * zone must be brought up to date when the digest changes.
 */
function hiddenIn({ views }: SkydnsParts, zones: readonly { name: Fqdn }[]): Map<Fqdn, string> {
  const hiding = zones.flatMap(({ name }) => {
    const parent = parentOf(name);
    const around = parent && views.zones.enclosing(parent)?.value.name;
    if (around === undefined) return [];
    const hidesAny =
      views.zones.name(around, name).rrsets.length > 0 || views.zones.namesBelow(around, name).next().done !== true;
    return hidesAny ? [{ around, name }] : [];
  });
  const byZone = Map.groupBy(hiding, ({ around }) => around);
  const digest = (names: readonly string[]) => createHash('sha256').update(names.join(' ')).digest('hex').slice(0, 16);
  return new Map([...byZone].map(([around, all]) => [around, digest(all.map(({ name }) => name).sort())]));
}

/** Returns whether a forwarder follows a stub zone. If the stub zone is gone, the leader must delete the forwarder. */
function hasFollowers({ views }: SkydnsParts): boolean {
  return views.forwarders.list().some(({ value }) => value.stubZoneOf !== undefined);
}

/** Returns the zones with `skydns` and all zones inside them. If this list changes, all values must be read anew. */
function zonesOf({ views }: Pick<SkydnsParts, 'views'>): { name: Fqdn; skydns: boolean; since: string | undefined }[] {
  const all = [...views.zones.list()].map(({ value: { name, skydns, skydnsSince: since } }) => ({
    name,
    skydns,
    since,
  }));
  const around = new Set(all.filter(({ skydns }) => skydns).map(({ name }) => name));
  return around.size === 0 ? [] : all.filter(({ name }) => ancestry(name).some((one) => around.has(one)));
}

/** Reads all values of the layout at one revision, and passes them to the readers. */
async function load(
  { store, prefix }: SkydnsParts,
  readers: readonly (ForeignValues | StubMirror)[],
  signal: AbortSignal,
): Promise<Revision> {
  let revision: Revision | undefined;
  let from: string | undefined;
  do {
    const page = await store.list(`${prefix}/`, { ...(revision && { at: revision }), ...(from && { from }) });
    revision ??= page.revision;
    for (const [index, { key, value }] of page.entries.entries()) {
      for (const reader of readers) reader.note(key, value);
      if (index % slice === slice - 1) await nextPass(undefined, { signal });
    }
    from = page.next;
  } while (from !== undefined);
  return revision;
}

/** Marks the names that have records of others now: the values of these records may be gone. */
async function markMirrored({ store, views }: SkydnsParts, mirror: Mirror, signal: AbortSignal): Promise<void> {
  for (const { value: zone } of [...views.zones.list()].filter(({ value }) => value.skydns)) {
    const prefix = namesPrefix(zone.name, zone.generation);
    let from: string | undefined;
    do {
      signal.throwIfAborted();
      const page = await store.list(prefix, from === undefined ? {} : { from });
      for (const { value } of page.entries) {
        const stored = value.includes('"skydns"') ? nameValue.decodeIfReadable(value) : undefined;
        if (stored !== undefined) mirror.mark({ zone: zone.name, owner: stored.name });
      }
      from = page.next;
    } while (from !== undefined);
  }
}

async function followValues(
  { store, prefix }: SkydnsParts,
  { foreign, stubs }: { foreign: ForeignValues; stubs: StubMirror },
  mirror: Mirror,
  revision: Revision,
  signal: AbortSignal,
): Promise<void> {
  for await (const { events } of store.watch(`${prefix}/`, after(revision), signal)) {
    for (const event of events) {
      const [key, value] = event.kind === 'put' ? [event.entry.key, event.entry.value] : [event.key, undefined];
      for (const place of foreign.note(key, value)) mirror.mark(place);
      stubs.note(key, value);
    }
  }
}

/** Returns a zone whose keys need work. */
function nextZone(leader: LeaderParts): Fqdn | undefined {
  const { parts, states } = leader;
  const names = new Set([...parts.views.skydns.states.keys(), ...zonesOf(parts).map(({ name }) => name)]);
  return names.values().find((zone) => {
    const [state, settings] = [states.get(zone), presentSettings(leader, zone)];
    if (state === undefined) return settings.on;
    return !isDeepStrictEqual(state.settings, settings) || state.phase !== 'following';
  });
}

async function bringUpToDate(leader: LeaderParts, zone: Fqdn, signal: AbortSignal) {
  try {
    await new OwnKeys(leader, zone, signal).run();
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Interrupted)) throw error;
    leader.parts.logger.debug({ zone, reason: error.message }, 'writing the SkyDNS layout of a zone begins again');
  }
}
