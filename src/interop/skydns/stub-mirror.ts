// Keeps a forwarder for each stub zone that others have in the layouts of zones with `stubZones`. These forwarders
// depend on the values, the zones, the replicas and the other forwarders. So the leader checks all of them after any
// change.

import {
  forwardsStubZones,
  mirrorStubZone,
  type StubDomain,
  type StubServer,
} from '../../control/skydns/mirror-stub-zone.ts';
import { skydnsZoneOf } from '../../control/skydns/wanted-keys.ts';
import { InvalidValue, unlessInvalid } from '../../model/invalid-value.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import { skydnsName } from '../../model/skydns/key.ts';
import { parseService } from '../../model/skydns/service.ts';
import type { SkydnsFault } from '../../model/skydns/state.ts';
import { readStubZone } from '../../model/skydns/stub-zone.ts';
import type { SkydnsParts } from './parts.ts';

/** The limit for domains that are forwarded, because others could write many stub zones into the layout. */
const maxStubDomains = 100;

/** A server, or the reason why its value cannot be read. */
type Held = StubServer | { zone: Fqdn; reason: string };

export class StubMirror {
  readonly #parts: SkydnsParts;
  /** The servers, by key. */
  readonly #held = new Map<string, Held>();
  #domains: StubDomain[] = [];
  #isStale = true;
  #seen: Revision | undefined;
  #faults = new Map<string, { zone: Fqdn; fault: SkydnsFault }>();
  /** The number of changes of `#faults`. */
  #faultChanges = 0;

  constructor(parts: SkydnsParts) {
    this.#parts = parts;
  }

  /** Notes the new value of a key; if `json` is undefined, its deletion. */
  note(key: string, json: string | undefined): void {
    const held = json === undefined ? undefined : this.#read(key, json);
    if (held === undefined && !this.#held.has(key)) return;
    if (held === undefined) this.#held.delete(key);
    else this.#held.set(key, held);
    this.#isStale = true;
  }

  /** Writes and deletes forwarders, if something has changed. */
  async refresh(): Promise<void> {
    const { views, committer, isListener } = this.#parts;
    const { revision } = views;
    if (!this.#isStale && revision === this.#seen) return;
    if (this.#isStale) this.#domains = this.#domainsOf();
    this.#isStale = false;
    const faults = new Map<string, { zone: Fqdn; fault: SkydnsFault }>();
    const add = (zone: Fqdn, what: string, reason: string) => {
      const before = this.#faults.get(what);
      const isSame = before?.zone === zone && before.fault.reason === reason;
      if (!isSame) this.#faultChanges += 1;
      faults.set(what, isSame ? before : { zone, fault: { what, reason } });
    };
    for (const [key, held] of this.#held)
      if ('reason' in held && forwardsStubZones(views, held.zone)) add(held.zone, key, held.reason);
    let forwarded = 0;
    for (const { domain, servers } of this.#withFollowers()) {
      const wanted = servers.filter(({ zone }) => forwardsStubZones(views, zone));
      const isMany = wanted.length > 0 && ++forwarded > maxStubDomains;
      const left = await mirrorStubZone(committer, { domain, servers: isMany ? [] : wanted }, isListener);
      const zones = new Map(wanted.map(({ zone, stub }) => [stub.key, zone]));
      for (const { key, reason } of left) add(zones.get(key) ?? domain, key, reason);
      const reason = `${maxStubDomains} other stub zones are forwarded already`;
      if (isMany) for (const { zone, stub } of wanted) add(zone, stub.key, reason);
    }
    if (faults.size !== this.#faults.size) this.#faultChanges += 1;
    this.#faults = faults;
    this.#seen = revision;
  }

  /** Yields each server that is not asked, with its zone. A fault stays the same object until its reason changes. */
  *faults(): Generator<[zone: Fqdn, fault: SkydnsFault]> {
    for (const { zone, fault } of this.#faults.values()) yield [zone, fault];
  }

  /** Changes whenever {@link faults} does. */
  get faultChanges(): number {
    return this.#faultChanges;
  }

  /**
   * Returns the server of a key; undefined if the key or its value has nothing to do with a stub zone. Also returns
   * undefined for a value that cannot be read at all: foreign-values.ts has that fault.
   */
  #read(key: string, json: string): Held | undefined {
    const { views, prefix } = this.#parts;
    if (!key.includes('/dns/stub/')) return undefined;
    const zone = skydnsZoneOf(views, prefix, key)?.name;
    if (zone === undefined || unlessInvalid(() => [skydnsName(prefix, key), parseService(json)]) === undefined)
      return undefined;
    try {
      const stub = readStubZone(prefix, zone, key, json);
      return stub && { zone, stub };
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      return { zone, reason: error.message };
    }
  }

  /** Returns the domains in the order of their names. */
  #domainsOf(): StubDomain[] {
    const servers = [...this.#held.values()].filter((held) => 'stub' in held);
    servers.sort((a, b) => (a.stub.key < b.stub.key ? -1 : 1));
    const byDomain = Map.groupBy(servers, ({ stub }) => stub.domain);
    const domains = [...byDomain].map(([domain, some]) => ({ domain, servers: some }));
    return domains.sort((a, b) => (a.domain < b.domain ? -1 : 1));
  }

  /** Returns first the domains of forwarders whose stub zones are gone, without servers, then all other domains. */
  #withFollowers(): StubDomain[] {
    const known = new Set(this.#domains.map(({ domain }) => domain));
    const gone = [...this.#parts.views.forwarders.list()].filter(
      ({ value }) => value.stubZoneOf !== undefined && !known.has(value.zone),
    );
    return [...gone.map(({ value }) => ({ domain: value.zone, servers: [] })), ...this.#domains];
  }
}
