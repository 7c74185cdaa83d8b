// The state of the store in memory. Control, HTTP reads and DNS see a change of the store only when it is applied here.
// follow.ts applies the changes in the order of revisions. Views itself never reads or writes the store. The view of
// each kind of key: kind-views.ts.

import { setImmediate as nextPass } from 'node:timers/promises';
import type { Address } from '../model/address.ts';
import type { Logger } from '../model/logger.ts';
import { nameserverOf } from '../model/member.ts';
import type { Fqdn } from '../model/name.ts';
import { noRevision, type Revision } from '../model/revision.ts';
import type { Nameserver } from '../model/zone.ts';
import type { KindName, Subject } from '../store/kinds/stored-kind.ts';
import type { Change, Entry, StoreEvent } from '../store/store.ts';
import type { TableWriter } from '../table/writer.ts';
import { type KindHandler, KindViews } from './kind-views.ts';
import { ServedRevision } from './served-revision.ts';
import { inServingOrder, type Stage } from './serving-order.ts';
import { type Fault, StoredFaults } from './stored-faults.ts';

/** A key of a kind that the views follow. */
interface FollowedKey {
  readonly key: string;
  readonly handler: KindHandler<KindName>;
  readonly subject: Subject<KindName>;
}

/** A put of a followed key; without `entry`, its deletion. */
type FollowedChange = FollowedKey & { readonly entry?: Entry };

/** How many keys one slice of the end of a load looks at. */
const keysPerSlice = 2000;

export class Views extends KindViews {
  /** Handlers of the followed kinds by prefix, in the order in which the kinds are loaded. */
  readonly #followed: ReadonlyMap<string, KindHandler<KindName>>;
  /** The handler of the last key: a load reads all keys of a kind before the next kind. */
  #lastHandler: KindHandler<KindName> | undefined;
  readonly #faults: StoredFaults;
  readonly #hiddenNameservers = new Set<Fqdn>();
  readonly #logger: Logger;
  readonly #self: () => Nameserver;
  readonly #served = new ServedRevision();
  readonly #listeners = new Set<() => void>();
  /**
   * The keys that the current load has read; undefined if no load is running. Of names only those with a fault. In the
   * first load, also of the kinds whose handlers know what is held only those with a fault.
   */
  #seen: Set<string> | undefined;
  /**
   * The revision of every held key, so that a reload finds deleted keys. Lacks kinds whose views know the revisions.
   */
  readonly #held = new Map<string, Revision>();
  /** The number of loads that have begun. */
  #loads = 0;
  /** True from {@link distrust} until the end of the next load, which must rely on no held revision. */
  #distrusted = false;
  #loaded = false;
  #distrust: string | undefined;
  #history = 0;
  #applying = false;
  readonly #firstLoad = Promise.withResolvers<void>();

  /**
   * `self` returns this replica as a nameserver: the zones have it even while the replica is not registered as a
   * member. `skydnsPrefix` is the prefix of the SkyDNS layout; undefined if no other program can read the store.
   */
  constructor(table: TableWriter, self: () => Nameserver, logger: Logger, skydnsPrefix?: string) {
    const listener = {
      apexSettled: (zone: Fqdn, fault: unknown) =>
        this.#faults.apexSettled(zone, fault, this.zones.get(zone)?.modified ?? noRevision),
      nameserverHidden: (owner: Fqdn) => this.#nameserverHidden(owner),
    };
    super(table, listener, skydnsPrefix);
    this.#faults = new StoredFaults(logger);
    this.#followed = new Map(
      Object.values(this.handlers).flatMap((handler) =>
        handler === 'unfollowed' ? [] : [[handler.kind.prefix, handler] as const],
      ),
    );
    this.#self = self;
    this.#logger = logger;
  }

  /** The prefixes of the followed kinds, in the order in which they are loaded. */
  get prefixes(): Iterable<string> {
    return this.#followed.keys();
  }

  /** Returns the last revision that is served completely. */
  get revision(): Revision {
    return this.#served.current;
  }

  /** Returns the faults of stored values that cannot be read or served, by key. */
  get faults(): Map<string, Fault> {
    return this.#faults.byKey;
  }

  /** Returns a number that changes whenever the store may have been restored or replaced. */
  get history(): number {
    return this.#history;
  }

  /** Returns whether a revision is being applied. */
  get applying(): boolean {
    return this.#applying;
  }

  /** Returns whether a load has been completed. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Returns why writes are refused now; undefined when the views are current. */
  get obstacle(): string | undefined {
    return this.#loaded
      ? this.#distrust
      : 'this replica has not loaded its state from the store yet: try again shortly';
  }

  /**
   * Notes that the store may not be the one that was loaded. The held values are served until the next load has
   * replaced all of them.
   */
  distrust(reason: string): void {
    this.#distrust = reason;
    this.#history += 1;
    this.#distrusted = true;
    for (const key of this.#held.keys()) this.#held.set(key, noRevision);
    this.zones.distrust();
  }

  /** Calls `listener` after each change that is served. Returns the function that ends this. */
  watchServed(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #serve(revision: Revision): void {
    this.#served.advance(revision);
    for (const listener of this.#listeners) listener();
  }

  whenLoaded(): Promise<void> {
    return this.#loaded ? Promise.resolve() : this.#firstLoad.promise;
  }

  /** Resolves when all changes up to this revision are served. */
  reached(revision: Revision): Promise<void> {
    return this.#served.reached(revision);
  }

  /**
   * Begins a load at one revision. The caller passes each entry to {@link load}, then calls {@link endLoad}. Meanwhile
   * the held values are served.
   */
  beginLoad(): void {
    this.#seen = new Set();
    this.#loads += 1;
    this.zones.beginLoad();
  }

  /**
   * Puts the entry into its view, if the view does not have it yet. If this may take long, it is done in slices, and
   * the returned promise resolves at the end. Returns undefined if it is already done.
   */
  load(entry: Entry): Promise<void> | undefined {
    const followed = this.#find(entry.key);
    if (followed === undefined) return undefined;
    if (this.#isHeld(followed, entry)) return undefined;
    if (followed.handler.prepare !== undefined) return this.#loadInSlices(followed, entry);
    this.#put(followed, entry);
    if (this.#faults.has(entry.key)) this.#seen?.add(entry.key);
    return undefined;
  }

  /** Returns whether the views have the entry already. Notes that the load has read it. */
  #isHeld({ key, handler, subject }: FollowedKey, { modified }: Entry): boolean {
    if (handler.isHeld !== undefined) return handler.isHeld(subject, modified);
    if (handler.held === undefined) {
      this.#seen?.add(key);
      return this.#held.get(key) === modified && this.faults.get(key)?.code !== 'table_full';
    }
    // Nothing is held before the first load, so its end has no keys to delete.
    if (this.#loads === 1) return false;
    this.#seen?.add(key);
    if (this.#distrusted) return false;
    const fault = this.#faults.has(key) ? this.faults.get(key) : undefined;
    return (fault ?? { modified: handler.held.modified(subject) }).modified === modified;
  }

  async #loadInSlices(followed: FollowedKey, entry: Entry): Promise<void> {
    for (const _ of this.#putInSlices(followed, entry)) await nextPass();
    if (this.#faults.has(entry.key)) this.#seen?.add(entry.key);
  }

  /** Ends the load. Resolves when the load is served. */
  async endLoad(revision: Revision): Promise<void> {
    const gone: string[] = [];
    for (const _ of this.#findGone(gone)) await nextPass();
    this.#faults.keepOnly(this.#seen);
    this.#seen = undefined;
    this.zones.endLoad();
    for (const _ of this.#applyAll(gone.map((key) => ({ kind: 'delete', key })))) await nextPass();
    for (const _ of this.pools.settle()) await nextPass();
    this.#loaded = true;
    this.#distrusted = false;
    this.#distrust = undefined;
    this.#firstLoad.resolve();
    this.#serve(revision);
  }

  /** Adds the held keys that the load has not read to `gone`. Yields after each slice. */
  *#findGone(gone: string[]): Generator<void> {
    const known = this.#loads === 1 ? [] : [...this.#followed.values()].flatMap(({ held }) => held ?? []);
    let looked = 0;
    for (const keys of [this.#held.keys(), ...known.map((held) => held.keys())]) {
      for (const key of keys) {
        if (this.#seen?.has(key) === false) gone.push(key);
        if (++looked % keysPerSlice === 0) yield;
      }
    }
  }

  /**
   * Applies one revision of the store. Resolves when the revision is served. The caller must wait for that before it
   * applies the next revision: long work is done in slices, with turns of the event loop between them. Without long
   * work, the revision is served as soon as this function has returned its promise. Rejects if the signal aborts
   * between two slices.
   */
  async apply(change: Change, signal?: AbortSignal): Promise<void> {
    this.#applying = true;
    try {
      for (const _ of this.#applyAll(change.events)) await nextPass(undefined, signal && { signal });
      for (const _ of this.pools.settle()) await nextPass(undefined, signal && { signal });
    } finally {
      this.#applying = false;
    }
    this.#serve(change.revision);
  }

  *#applyAll(events: StoreEvent[]): Generator<void> {
    const changes = events.flatMap((event): FollowedChange[] => {
      const followed = this.#find(event.kind === 'put' ? event.entry.key : event.key);
      if (followed === undefined) return [];
      return [event.kind === 'put' ? { ...followed, entry: event.entry } : followed];
    });
    for (const change of inServingOrder(changes, stageOf)) {
      if (change.entry === undefined) this.#delete(change);
      else if (change.handler.prepare === undefined) this.#put(change, change.entry);
      else yield* this.#putInSlices(change, change.entry);
    }
    if (this.membersChanged) this.#nameReplicas();
  }

  /**
   * Returns the handler and the subject of the key. Returns undefined if no view follows the kind of the key, or if the
   * key is malformed.
   */
  #find(key: string): FollowedKey | undefined {
    const last = this.#lastHandler;
    const isSameKind = last !== undefined && key.startsWith(last.kind.prefix);
    const handler = isSameKind ? last : this.#followed.get(key.slice(0, key.indexOf('/') + 1));
    this.#lastHandler = handler;
    const subject = handler?.kind.parse(key);
    return handler === undefined || subject === undefined ? undefined : { key, handler, subject };
  }

  #put(followed: FollowedKey, entry: Entry): void {
    const { handler, subject } = followed;
    this.#beginPut(followed, entry);
    try {
      handler.put(subject, handler.kind.read(subject, entry.value), entry.modified);
    } catch (error) {
      this.#endFaultyPut(followed, entry, error);
    }
  }

  /** Does the same as {@link #put}, in slices, with the handler's `prepare`. Yields after each slice. */
  *#putInSlices(followed: FollowedKey, entry: Entry): Generator<void> {
    const { handler, subject } = followed;
    this.#beginPut(followed, entry);
    try {
      const value = handler.kind.read(subject, entry.value);
      yield* handler.prepare?.(value) ?? [];
      handler.put(subject, value, entry.modified);
    } catch (error) {
      this.#endFaultyPut(followed, entry, error);
    }
  }

  #beginPut({ key, handler }: FollowedKey, { modified }: Entry): void {
    if (handler.isHeld === undefined && handler.held === undefined) this.#held.set(key, modified);
    this.#faults.forget(key);
  }

  /** Reports the fault of a value, so that other values are still served. */
  #endFaultyPut({ key, handler, subject }: FollowedKey, { modified }: Entry, error: unknown): void {
    this.#faults.report(key, error, modified);
    handler.putUnreadable?.(subject, modified);
  }

  #delete({ key, handler, subject }: FollowedKey): void {
    this.#held.delete(key);
    this.#faults.forget(key);
    try {
      handler.delete(subject);
    } catch (error) {
      this.#logger.error({ key, reason: String(error) }, 'could not remove a deleted value from memory');
    }
  }

  /** Gives the replicas to the zones as their nameservers. */
  #nameReplicas(): void {
    this.membersChanged = false;
    // Replicas with the same label become one nameserver with all their addresses; cluster/membership.ts logs a
    // warning.
    const addresses = new Map<string, Set<Address>>();
    for (const { label, addresses: more } of [this.#self(), ...[...this.members.values()].map(nameserverOf)])
      addresses.set(label, new Set([...(addresses.get(label) ?? []), ...more]));
    const nameservers = [...addresses].map(([label, all]) => ({ label, addresses: [...all].sort() }));
    this.zones.setNameservers(nameservers.sort((a, b) => (a.label < b.label ? -1 : 1)));
  }

  /**
   * Logs a warning, once for each name. The records may be wanted (the replica may be behind NAT), or a host may have
   * the name of a replica by chance.
   */
  #nameserverHidden(name: Fqdn): void {
    if (this.#hiddenNameservers.has(name)) return;
    this.#hiddenNameservers.add(name);
    this.#logger.warn(
      { name },
      "a replica's name in the zone has users' own records, which are served instead of its addresses",
    );
  }
}

function stageOf({ handler, subject, entry }: FollowedChange): Stage {
  return entry === undefined
    ? (handler.deleteStage?.(subject) ?? 'delete')
    : (handler.putStage?.(subject, entry.value) ?? 'put');
}
