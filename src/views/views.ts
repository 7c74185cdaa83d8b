// What memory holds of the store, and the one place where a change of the store becomes visible: to control, to HTTP reads, to DNS.
// Fed by follow.ts in revision order; reads nothing from the store itself, writes nothing to it.

import { type ErrorCode, messageOf, Refusal } from '../errors.ts';
import type { Address } from '../model/address.ts';
import type { Logger } from '../model/logger.ts';
import { type Member, nameserverOf } from '../model/member.ts';
import type { Fqdn } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import type { Nameserver } from '../model/zone.ts';
import { type KeySubject, parseKey, serialKey, zoneKey } from '../store/keys.ts';
import type { Change, Entry, StoreEvent } from '../store/store.ts';
import {
  addressValue,
  hostValue,
  memberValue,
  nameValue,
  poolValue,
  type StoredToken,
  tokenValue,
  zoneValue,
} from '../store/values.ts';
import type { TableWriter } from '../table/writer.ts';
import {
  checkedAddress,
  checkedHost,
  checkedMember,
  checkedName,
  checkedPool,
  checkedSerial,
  checkedToken,
  checkedZone,
} from './checked-values.ts';
import { HostView } from './host-view.ts';
import { PoolView } from './pool-view.ts';
import { inServingOrder } from './serving-order.ts';
import type { Versioned } from './versioned.ts';
import { ZoneView } from './zone-view.ts';

/** Why a stored value is not served. */
export interface Fault {
  code: ErrorCode;
  message: string;
  /** The revision that wrote the value. */
  modified: Revision;
}

interface Waiter {
  revision: Revision;
  resolve: () => void;
}

export class Views {
  readonly pools = new PoolView();
  readonly hosts = new HostView();
  readonly zones: ZoneView;
  readonly tokens = new Map<string, Versioned<StoredToken>>();
  readonly members = new Map<string, Member>();
  /** Since the zones were told who answers for them. */
  #membersChanged = true;
  /** Keys whose value could not be read, or served, and why. */
  readonly faults = new Map<string, Fault>();
  /** Those of them that come from a zone's apex, not from the value under its key. */
  readonly #apexFaults = new Set<string>();
  readonly #hiddenNameservers = new Set<Fqdn>();
  readonly #logger: Logger;
  readonly #self: () => Nameserver;
  readonly #waiters = new Set<Waiter>();
  /** Keys read by the load under way; undefined when none is. */
  #seen: Set<string> | undefined;
  /** Keys that are held, to find at a reload what went away meanwhile. Names are not here: the table knows them. */
  readonly #held = new Map<string, Revision>();
  #revision = 0 as Revision;
  #loaded = false;
  #distrust: string | undefined;
  readonly #firstLoad = Promise.withResolvers<void>();

  /** `self` names this replica, which serves also while it is not registered as a member. */
  constructor(table: TableWriter, self: () => Nameserver, logger: Logger) {
    this.zones = new ZoneView(table, {
      apexSettled: (zone, fault) => this.#apexSettled(zone, fault),
      nameserverHidden: (owner) => this.#nameserverHidden(owner),
    });
    this.#self = self;
    this.#logger = logger;
  }

  /** The last revision that is served whole. */
  get revision(): Revision {
    return this.#revision;
  }

  /** Whether everything was loaded once. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Why nothing may be decided on what is held; undefined when that is as the store has it, or had it a moment ago. */
  get obstacle(): string | undefined {
    return this.#loaded
      ? this.#distrust
      : 'this replica has not loaded its state from the store yet: try again shortly';
  }

  /** The store is not the one any more that was loaded: what is held is served until the next load, which believes nothing of it. */
  distrust(reason: string): void {
    this.#distrust = reason;
    for (const key of this.#held.keys()) this.#held.set(key, 0 as Revision);
    this.zones.distrust();
  }

  /** Resolves when everything was loaded once. */
  whenLoaded(): Promise<void> {
    return this.#loaded ? Promise.resolve() : this.#firstLoad.promise;
  }

  /** Resolves when everything up to this revision is served. */
  reached(revision: Revision): Promise<void> {
    if (this.#revision >= revision) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.add({ revision, resolve }));
  }

  /** A load at one revision begins: {@link load} each entry, then {@link endLoad}. What is served goes on being served. */
  beginLoad(): void {
    this.#seen = new Set();
    this.zones.beginLoad();
  }

  load(entry: Entry): void {
    const subject = parseKey(entry.key);
    if (subject?.kind === 'name') {
      if (this.#isHeld(subject, entry.modified)) return;
    } else {
      this.#seen?.add(entry.key);
      const isHeld = this.#held.get(entry.key) === entry.modified;
      if (isHeld && this.faults.get(entry.key)?.code !== 'table_full') return;
    }
    this.#put(entry);
    if (this.faults.has(entry.key)) this.#seen?.add(entry.key);
  }

  #isHeld({ zone, generation, owner }: Extract<KeySubject, { kind: 'name' }>, modified: Revision): boolean {
    try {
      return this.zones.seeName(zone, generation, owner, modified);
    } catch {
      return false; // a name that cannot be in its zone: putting it says so
    }
  }

  endLoad(revision: Revision): void {
    const gone = [...this.#held.keys()].filter((key) => this.#seen?.has(key) === false);
    for (const key of this.faults.keys()) if (this.#seen?.has(key) === false) this.faults.delete(key);
    this.#seen = undefined;
    this.zones.endLoad();
    this.#applyAll(gone.map((key) => ({ kind: 'delete', key })));
    this.#loaded = true;
    this.#distrust = undefined;
    this.#firstLoad.resolve();
    this.#advance(revision);
  }

  /** Applies one revision of the store. */
  apply(change: Change): void {
    this.#applyAll(change.events);
    this.#advance(change.revision);
  }

  #applyAll(events: StoreEvent[]): void {
    const ordered = inServingOrder(events, (name) => this.#isAlias(name));
    for (const event of ordered) {
      if (event.kind === 'put') this.#put(event.entry);
      else this.#delete(event.key);
    }
    if (this.#membersChanged) this.#nameReplicas();
  }

  #isAlias({ zone, owner }: Extract<KeySubject, { kind: 'name' }>): boolean {
    try {
      return this.zones.name(zone, owner).rrsets.some(({ type }) => type === 'CNAME');
    } catch {
      return false; // a name that cannot be in its zone is not served
    }
  }

  #advance(revision: Revision): void {
    this.#revision = revision;
    for (const waiter of this.#waiters) {
      if (waiter.revision > revision) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  #nameReplicas(): void {
    this.#membersChanged = false;
    // Replicas whose names make one label are one nameserver, with the addresses of all: membership.ts tells their operators.
    const addresses = new Map<string, Set<Address>>();
    for (const { label, addresses: more } of [this.#self(), ...[...this.members.values()].map(nameserverOf)])
      addresses.set(label, new Set([...(addresses.get(label) ?? []), ...more]));
    const nameservers = [...addresses].map(([label, all]) => ({ label, addresses: [...all].sort() }));
    this.zones.setNameservers(nameservers.sort((a, b) => (a.label < b.label ? -1 : 1)));
  }

  #put(entry: Entry): void {
    const subject = parseKey(entry.key);
    if (subject === undefined) return;
    if (subject.kind !== 'name') this.#held.set(entry.key, entry.modified);
    this.faults.delete(entry.key);
    this.#apexFaults.delete(entry.key);
    try {
      this.#handlerOf(subject).put(subject, entry.value, entry.modified);
    } catch (error) {
      // Whatever is wrong with one value must not keep the others from being served.
      this.#report(entry.key, error, entry.modified);
      if (subject.kind === 'address') this.pools.putUnreadable(subject.space, subject.address, entry.modified);
    }
  }

  #report(key: string, error: unknown, modified: Revision): void {
    const message = messageOf(error);
    this.faults.set(key, { code: error instanceof Refusal ? error.code : 'value_unreadable', message, modified });
    this.#logger.error({ key, fault: message }, 'a stored value is not served');
  }

  /** A zone's apex follows more than its own value, and may have to wait for room: its fault comes and goes by itself. */
  #apexSettled(zone: Fqdn, fault: unknown): void {
    const key = zoneKey(zone);
    const isOurs = this.#apexFaults.has(key);
    if (fault !== undefined) {
      if (isOurs || this.faults.has(key)) return;
      this.#apexFaults.add(key);
      this.#report(key, fault, this.zones.get(zone)?.modified ?? (0 as Revision));
      return;
    }
    if (isOurs) this.faults.delete(key);
    this.#apexFaults.delete(key);
    if (this.faults.get(serialKey(zone))?.code === 'table_full') this.faults.delete(serialKey(zone));
  }

  /** Allowed, and said once: it may be meant (an address that translates to the replica's), or a host that has a replica's name by chance. */
  #nameserverHidden(name: Fqdn): void {
    if (this.#hiddenNameservers.has(name)) return;
    this.#hiddenNameservers.add(name);
    this.#logger.warn(
      { name },
      "the zone calls a replica by this name, and its users' own records stand there instead of the replica's",
    );
  }

  #delete(key: string): void {
    const subject = parseKey(key);
    if (subject === undefined) return;
    this.#held.delete(key);
    this.faults.delete(key);
    this.#apexFaults.delete(key);
    try {
      this.#handlerOf(subject).delete(subject);
    } catch (error) {
      this.#logger.error({ key, fault: String(error) }, 'a deleted value cannot be taken out');
    }
  }

  #handlerOf<S extends KeySubject>(subject: S): KeyHandler<S> {
    return this.#handlers[subject.kind] as unknown as KeyHandler<S>;
  }

  /** Which view takes which kind of key. */
  readonly #handlers: { [K in KeySubject['kind']]: KeyHandler<Extract<KeySubject, { kind: K }>> } = {
    pool: {
      put: (subject, value, modified) => this.pools.putPool(checkedPool(subject, poolValue.decode(value)), modified),
      delete: ({ pool }) => this.pools.deletePool(pool),
    },
    address: {
      put: (subject, value, modified) =>
        this.pools.putAddress(checkedAddress(subject, addressValue.decode(value)), modified),
      delete: ({ space, address }) => this.pools.deleteAddress(space, address),
    },
    zone: {
      put: (subject, value, modified) => this.zones.putZone(checkedZone(subject, zoneValue.decode(value)), modified),
      delete: ({ zone }) => this.zones.deleteZone(zone),
    },
    serial: {
      put: (subject, _, modified) => this.zones.putSerial(checkedSerial(subject), modified),
      delete: ({ zone }) => this.zones.deleteSerial(zone),
    },
    name: {
      put: (subject, value, modified) => {
        const { rrsets } = checkedName(subject, nameValue.decodeForTable(value));
        this.zones.putName(subject.zone, subject.generation, subject.owner, rrsets, modified);
      },
      delete: ({ zone, generation, owner }) => this.zones.deleteName(zone, generation, owner),
    },
    host: {
      put: (subject, value, modified) => this.hosts.put(checkedHost(subject, hostValue.decode(value)), modified),
      delete: ({ host }) => this.hosts.delete(host),
    },
    token: {
      put: (subject, value, modified) =>
        this.tokens.set(subject.token, { value: checkedToken(subject, tokenValue.decode(value)), modified }),
      delete: ({ token }) => this.tokens.delete(token),
    },
    member: {
      put: (subject, value) => {
        this.members.set(subject.replica, checkedMember(subject, memberValue.decode(value)));
        this.#membersChanged = true;
      },
      delete: ({ replica }) => {
        this.members.delete(replica);
        this.#membersChanged = true;
      },
    },
  };
}

/** How a view takes one kind of key in, and lets it go. */
interface KeyHandler<S extends KeySubject> {
  put(subject: S, value: string, modified: Revision): unknown;
  delete(subject: S): unknown;
}
