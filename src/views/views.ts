// The state of the store in memory. A change of the store becomes visible here, and only here: to control, to HTTP
// reads, to DNS. follow.ts applies the changes in the order of revisions. Views never reads or writes the store itself.
// The view of each kind of key: kind-views.ts.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Address } from '../model/address.ts';
import type { Logger } from '../model/logger.ts';
import { nameserverOf } from '../model/member.ts';
import type { Fqdn } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import type { Nameserver } from '../model/zone.ts';
import type { KindName, Subject } from '../store/kinds/stored-kind.ts';
import type { Change, Entry, StoreEvent } from '../store/store.ts';
import type { TableWriter } from '../table/writer.ts';
import { type KindHandler, KindViews } from './kind-views.ts';
import { ServedRevision } from './served-revision.ts';
import { inServingOrder, type Stage } from './serving-order.ts';
import { type Fault, StoredFaults } from './stored-faults.ts';
import { ZoneView } from './zone-view.ts';

/** A key of a kind that the views follow. */
interface FollowedKey {
  readonly key: string;
  readonly handler: KindHandler<KindName>;
  readonly subject: Subject<KindName>;
}

/** A put of a followed key, or its deletion (without entry). */
type FollowedChange = FollowedKey & { readonly entry?: Entry };

export class Views extends KindViews {
  /** Handlers of the followed kinds by prefix, in the order in which the kinds are loaded. */
  readonly #followed: ReadonlyMap<string, KindHandler<KindName>>;
  readonly #faults: StoredFaults;
  readonly #hiddenNameservers = new Set<Fqdn>();
  readonly #logger: Logger;
  readonly #self: () => Nameserver;
  readonly #served = new ServedRevision();
  /** Keys read by the load under way; undefined if none is. */
  #seen: Set<string> | undefined;
  /** The revision of every held key, by which a reload finds deleted keys. The table holds the revisions of names. */
  readonly #held = new Map<string, Revision>();
  #loaded = false;
  #distrust: string | undefined;
  readonly #firstLoad = Promise.withResolvers<void>();

  /** `self` returns this replica as a nameserver. The zones name it even while it is not registered as a member. */
  constructor(table: TableWriter, self: () => Nameserver, logger: Logger) {
    super(
      new ZoneView(table, {
        apexSettled: (zone, fault) =>
          this.#faults.apexSettled(zone, fault, this.zones.get(zone)?.modified ?? (0 as Revision)),
        nameserverHidden: (owner) => this.#nameserverHidden(owner),
      }),
    );
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
   * Notes that the store may not be the one that was loaded. The held values are served until the next load replaces
   * all of them.
   */
  distrust(reason: string): void {
    this.#distrust = reason;
    for (const key of this.#held.keys()) this.#held.set(key, 0 as Revision);
    this.zones.distrust();
  }

  /** Resolves when the first load has been completed. */
  whenLoaded(): Promise<void> {
    return this.#loaded ? Promise.resolve() : this.#firstLoad.promise;
  }

  /** Resolves when everything up to this revision is served. */
  reached(revision: Revision): Promise<void> {
    return this.#served.reached(revision);
  }

  /**
   * Begins a load at one revision. The caller passes each entry to {@link load}, then calls {@link endLoad}. The held
   * values are served meanwhile.
   */
  beginLoad(): void {
    this.#seen = new Set();
    this.zones.beginLoad();
  }

  load(entry: Entry): void {
    const followed = this.#find(entry.key);
    if (followed === undefined) return;
    const { handler, subject } = followed;
    if (handler.isHeld !== undefined) {
      if (handler.isHeld(subject, entry.modified)) return;
    } else {
      this.#seen?.add(entry.key);
      const isHeld = this.#held.get(entry.key) === entry.modified;
      if (isHeld && this.faults.get(entry.key)?.code !== 'table_full') return;
    }
    this.#put(followed, entry);
    if (this.#faults.has(entry.key)) this.#seen?.add(entry.key);
  }

  /** Ends the load. Resolves when it is served: see {@link apply}. */
  async endLoad(revision: Revision): Promise<void> {
    const gone = [...this.#held.keys()].filter((key) => this.#seen?.has(key) === false);
    this.#faults.keepOnly(this.#seen);
    this.#seen = undefined;
    this.zones.endLoad();
    this.#applyAll(gone.map((key) => ({ kind: 'delete', key })));
    for (const _ of this.pools.settle()) await nextTurn();
    this.#loaded = true;
    this.#distrust = undefined;
    this.#firstLoad.resolve();
    this.#served.advance(revision);
  }

  /**
   * Applies one revision of the store. Resolves when it is served. The caller must wait before it applies the next one:
   * work that may take long is done in slices, and the event loop gets its turn between them. Without such work, the
   * revision is served when this returns.
   */
  async apply(change: Change): Promise<void> {
    this.#applyAll(change.events);
    for (const _ of this.pools.settle()) await nextTurn();
    this.#served.advance(change.revision);
  }

  #applyAll(events: StoreEvent[]): void {
    const changes = events.flatMap((event): FollowedChange[] => {
      const followed = this.#find(event.kind === 'put' ? event.entry.key : event.key);
      if (followed === undefined) return [];
      return [event.kind === 'put' ? { ...followed, entry: event.entry } : followed];
    });
    for (const change of inServingOrder(changes, stageOf)) {
      if (change.entry === undefined) this.#delete(change);
      else this.#put(change, change.entry);
    }
    if (this.membersChanged) this.#nameReplicas();
  }

  /**
   * Returns what the key identifies; undefined for a key of a kind that is not followed, or that no key builder made.
   */
  #find(key: string): FollowedKey | undefined {
    const handler = this.#followed.get(key.slice(0, key.indexOf('/') + 1));
    const subject = handler?.kind.parse(key);
    return handler === undefined || subject === undefined ? undefined : { key, handler, subject };
  }

  #put({ key, handler, subject }: FollowedKey, { value, modified }: Entry): void {
    if (handler.isHeld === undefined) this.#held.set(key, modified);
    this.#faults.forget(key);
    try {
      handler.put(subject, handler.kind.read(subject, value), modified);
    } catch (error) {
      // A fault in one value must not keep the others from being served.
      this.#faults.report(key, error, modified);
      handler.putUnreadable?.(subject, modified);
    }
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

  /** Passes the replicas to the zones as their nameservers. */
  #nameReplicas(): void {
    this.membersChanged = false;
    // Replicas with the same label become one nameserver with all their addresses. membership.ts logs that.
    const addresses = new Map<string, Set<Address>>();
    for (const { label, addresses: more } of [this.#self(), ...[...this.members.values()].map(nameserverOf)])
      addresses.set(label, new Set([...(addresses.get(label) ?? []), ...more]));
    const nameservers = [...addresses].map(([label, all]) => ({ label, addresses: [...all].sort() }));
    this.zones.setNameservers(nameservers.sort((a, b) => (a.label < b.label ? -1 : 1)));
  }

  /**
   * Logs a warning, once for each name. Users may intend the records: the replica may be behind NAT. Or a host has the
   * name of a replica by chance.
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
