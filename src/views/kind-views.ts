// The views, and a handler for each kind of stored key. The handler applies a change of a key to a view, and names the
// stage at which the change becomes visible. tsc fails if a kind of store/kinds is missing here. views.ts calls the
// handlers.

import { type Host, recordsOf } from '../model/host.ts';
import type { Member } from '../model/member.ts';
import { type Fqdn, isWithin, parseName } from '../model/name.ts';
import type { Renumbering } from '../model/renumbering.ts';
import type { CompanyResolver } from '../model/resolver.ts';
import type { Revision } from '../model/revision.ts';
import { type Activity, activityKind } from '../store/kinds/activity.ts';
import { addressKind } from '../store/kinds/address.ts';
import { flushKind } from '../store/kinds/flush.ts';
import { forwarderKind } from '../store/kinds/forwarder.ts';
import { hostKind } from '../store/kinds/host.ts';
import { idempotencyKind } from '../store/kinds/idempotency.ts';
import { memberKind } from '../store/kinds/member.ts';
import { nameKind } from '../store/kinds/name.ts';
import { poolKind } from '../store/kinds/pool.ts';
import { renumberingKind } from '../store/kinds/renumbering.ts';
import { resolverKind } from '../store/kinds/resolver.ts';
import { serialKind } from '../store/kinds/serial.ts';
import { skydnsKind } from '../store/kinds/skydns.ts';
import type { KindName, StoredKind, Subject, Value } from '../store/kinds/stored-kind.ts';
import { type StoredToken, tokenKind } from '../store/kinds/token.ts';
import { zoneKind } from '../store/kinds/zone.ts';
import type { TableWriter } from '../table/writer.ts';
import { AnswerView } from './answer-view.ts';
import { ForwarderView } from './forwarder-view.ts';
import { HostView } from './host-view.ts';
import { PoolView } from './pool-view.ts';
import type { Stage } from './serving-order.ts';
import { SkydnsView } from './skydns-view.ts';
import type { Versioned } from './versioned.ts';
import type { ZoneListener } from './zone-apexes.ts';
import { ZoneView } from './zone-view.ts';

/** How the views follow one kind of key. */
export interface KindHandler<Name extends KindName> {
  readonly kind: StoredKind<Name>;
  /** Puts the value into its view. If `put` throws, a fault of the value is reported. */
  put(subject: Subject<Name>, value: Value<Name>, modified: Revision): void;
  delete(subject: Subject<Name>): void;
  /** Does work that may take long and must come before {@link put}. Yields after each slice. */
  prepare?(value: Value<Name>): Generator<void>;
  /** Notes that the value of the key cannot be read. */
  putUnreadable?(subject: Subject<Name>, modified: Revision): void;
  /**
   * Returns whether the view has the value that this revision wrote. If so, marks the value as read by the load. At the
   * end of a load, a view with this method deletes the values that the load has not read. For all other kinds, Views
   * does both.
   */
  isHeld?(subject: Subject<Name>, modified: Revision): boolean;
  /** The values that the view has. For kinds without this, Views keeps the keys and the revisions itself. */
  readonly held?: HeldValues<Name>;
  putStage?(subject: Subject<Name>, text: string): Stage;
  deleteStage?(subject: Subject<Name>): Stage;
}

/** What a view with many values knows of them, so that Views need not keep their keys. */
interface HeldValues<Name extends KindName> {
  /** Returns the revision that wrote the value; undefined if the view has none. */
  modified(subject: Subject<Name>): Revision | undefined;
  keys(): Iterable<string>;
}

/** The handlers of all kinds. `unfollowed`: no view follows the kind; it is read from the store when it is needed. */
type KindHandlers = { readonly [Name in KindName]: KindHandler<Name> | 'unfollowed' };

/** The views of all followed kinds. */
export abstract class KindViews {
  readonly pools: PoolView;
  readonly hosts = new HostView();
  readonly zones: ZoneView;
  readonly tokens = new Map<string, Versioned<StoredToken>>();
  /** When each token was last used. */
  readonly activity = new Map<string, Versioned<Activity>>();
  readonly answers = new AnswerView();
  readonly members = new Map<string, Member>();
  readonly resolvers = new Map<string, Versioned<CompanyResolver>>();
  /** By pool. */
  readonly renumberings = new Map<string, Versioned<Renumbering>>();
  readonly forwarders: ForwarderView;
  readonly skydns: SkydnsView;
  /** True: members have changed since the zones got their nameservers. */
  protected membersChanged = true;

  constructor(table: TableWriter, listener: ZoneListener, skydnsPrefix: string | undefined) {
    this.zones = new ZoneView(table, this.hosts, listener);
    this.pools = new PoolView(this.zones.recorded);
    this.forwarders = new ForwarderView(table);
    this.skydns = new SkydnsView(skydnsPrefix);
  }

  /**
   * The handlers, in the order in which their kinds are loaded. Names come after hosts, since the TTLs of managed
   * records depend on hosts. Zones come after names, so that each zone is published complete.
   */
  protected readonly handlers: KindHandlers = {
    pool: {
      kind: poolKind,
      put: (_, pool, modified) => this.pools.putPool(pool, modified),
      delete: ({ pool }) => this.pools.deletePool(pool),
    },
    address: {
      kind: addressKind,
      put: (_, record, modified) => this.pools.putAddress(record, modified),
      putUnreadable: ({ space, address }, modified) => this.pools.putUnreadable(space, address, modified),
      delete: ({ space, address }) => this.pools.deleteAddress(space, address),
      held: {
        modified: ({ space, address }) => this.pools.address(space, address)?.modified,
        keys: () => this.pools.addressKeys(),
      },
    },
    host: {
      kind: hostKind,
      put: (_, host, modified) => {
        // The first load reads names after hosts, so no name with the old TTL is held yet.
        const before = this.zones.isFirstLoad ? undefined : this.hosts.get(host.name)?.value;
        this.hosts.put(host, modified);
        const mayDiffer = before === undefined ? this.zones.mayHaveOrphans : before.ttl !== host.ttl;
        if (mayDiffer) this.zones.renewTtls(ownersOf(host));
      },
      delete: ({ host }) => {
        const before = this.hosts.get(host)?.value;
        this.hosts.delete(host);
        if (before !== undefined) this.zones.renewTtls(ownersOf(before));
      },
      held: {
        modified: ({ host }) => this.hosts.get(host)?.modified,
        keys: () => this.hosts.keys(),
      },
    },
    name: {
      kind: nameKind,
      put: ({ zone, generation, owner }, { rrsets }, modified) =>
        this.zones.putName(zone, generation, owner, rrsets, modified),
      delete: ({ zone, generation, owner }) => this.zones.deleteName(zone, generation, owner),
      isHeld: ({ zone, generation, owner }, modified) =>
        falseIfThrown(() => this.zones.seeName(zone, generation, owner, modified)),
      putStage: ({ owner }, text) => {
        if (text.includes('"CNAME"')) return 'put alias';
        return isReverse(owner) ? 'put reverse name' : 'put name';
      },
      // A deletion has no value. The zone still has the records that are about to be deleted.
      deleteStage: ({ zone, owner }) => {
        const isAlias = () => this.zones.name(zone, owner).rrsets.some(({ type }) => type === 'CNAME');
        if (falseIfThrown(isAlias)) return 'delete alias';
        return isReverse(owner) ? 'delete reverse name' : 'delete name';
      },
    },
    serial: {
      kind: serialKind,
      put: ({ zone }, restored, modified) => this.zones.putSerial(zone, modified, restored?.serial),
      delete: ({ zone }) => this.zones.deleteSerial(zone),
      putStage: () => 'put serial',
    },
    token: {
      kind: tokenKind,
      put: ({ token }, value, modified) => void this.tokens.set(token, { value, modified }),
      delete: ({ token }) => void this.tokens.delete(token),
    },
    activity: {
      kind: activityKind,
      put: ({ token }, value, modified) => void this.activity.set(token, { value, modified }),
      delete: ({ token }) => void this.activity.delete(token),
    },
    member: {
      kind: memberKind,
      put: ({ replica }, member) => {
        this.members.set(replica, member);
        this.membersChanged = true;
      },
      delete: ({ replica }) => {
        this.members.delete(replica);
        this.membersChanged = true;
      },
    },
    renumbering: {
      kind: renumberingKind,
      put: ({ pool }, value, modified) => void this.renumberings.set(pool, { value, modified }),
      delete: ({ pool }) => void this.renumberings.delete(pool),
    },
    resolver: {
      kind: resolverKind,
      put: ({ resolver }, value, modified) => void this.resolvers.set(resolver, { value, modified }),
      delete: ({ resolver }) => void this.resolvers.delete(resolver),
    },
    forwarder: {
      kind: forwarderKind,
      put: (_, forwarder, modified) => this.forwarders.put(forwarder, modified),
      delete: ({ zone }) => this.forwarders.delete(zone),
    },
    flush: {
      kind: flushKind,
      put: ({ zone }, { name }) => this.forwarders.flush(zone, name),
      delete: () => undefined,
    },
    skydns: {
      kind: skydnsKind,
      put: ({ zone }, state) => void this.skydns.states.set(zone, state),
      delete: ({ zone }) => void this.skydns.states.delete(zone),
    },
    zone: {
      kind: zoneKind,
      prepare: (zone) => this.zones.followDefaultTtl(zone),
      put: (_, zone, modified) => this.zones.putZone(zone, modified),
      delete: ({ zone }) => {
        this.zones.deleteZone(zone);
        this.forwarders.zoneDeleted(zone);
      },
      putStage: () => 'put zone',
      deleteStage: () => 'delete zone',
    },
    idempotency: {
      kind: idempotencyKind,
      put: (subject, { octets }) => this.answers.put(subject, octets),
      delete: (subject) => this.answers.delete(subject),
    },
    import: 'unfollowed',
    offset: 'unfollowed',
    leader: 'unfollowed',
    ledger: 'unfollowed',
    outbox: 'unfollowed',
  };
}

function ownersOf(host: Host): Set<Fqdn> {
  return new Set(recordsOf(host, 0).map(({ owner }) => owner));
}

const reverseTree = parseName('arpa');

function isReverse(owner: Fqdn): boolean {
  return isWithin(owner, reverseTree);
}

/**
 * Returns what `ask` returns, or false if it throws. The table throws if the name of the key is outside the zone of the
 * key; then the table has nothing for the key.
 */
function falseIfThrown(ask: () => boolean): boolean {
  try {
    return ask();
  } catch {
    return false;
  }
}
