// The targets of forwarding: the endpoints that live replicas advertise, with their health. A target is healthy if it
// answers for a zone at its advertised address. All targets are asked at once; answers are reused for a second.

import { compareEndpoints, type Endpoint, formatEndpoint, parseEndpoint } from '../../model/endpoint.ts';
import type { Fqdn } from '../../model/name.ts';
import { serialsBehind, shownSerial } from '../../model/revision.ts';
import type { Views } from '../../views/views.ts';
import { askServer, canAskFor } from './ask-server.ts';

export interface Target extends Endpoint {
  replica: string;
  healthy: boolean;
  /** How many revisions the target's copy of the zone is older than ours; null if the target is not healthy. */
  revisionLag: number | null;
}

/** Milliseconds for each of two tries. There are two, since a datagram may get lost. */
const tryMilliseconds = 700;
const cacheMilliseconds = 1000;

/** A question to a target: `lag` is how many revisions the target is behind; undefined if it does not answer. */
interface Asked {
  lag: Promise<number | undefined>;
  at: number;
}

export class LiveTargets {
  readonly #views: Pick<Views, 'members' | 'zones'>;
  readonly #asked = new Map<string, Asked>();

  constructor(views: Pick<Views, 'members' | 'zones'>) {
    this.#views = views;
  }

  /**
   * Returns the targets in the order of their addresses. They are asked for that zone of `zones` which changed last,
   * since a target that is behind shows it there first.
   */
  async list(zones: readonly Fqdn[]): Promise<Target[]> {
    const zone = this.#newest(zones);
    this.#forget();
    const targets = [...this.#views.members.values()].flatMap(({ replica, dns }) =>
      [...new Set(dns)].map((endpoint) => ({ replica, ...parseEndpoint(endpoint) })),
    );
    const lags = await Promise.all(targets.map((target) => zone && this.#lagOf(target, zone)));
    const asked = targets.map((target, index) => {
      const lag = lags[index];
      return { ...target, healthy: lag !== undefined, revisionLag: lag ?? null };
    });
    return asked.sort((a, b) => compareEndpoints(a, b) || (a.replica < b.replica ? -1 : 1));
  }

  #newest(zones: readonly Fqdn[]): Fqdn | undefined {
    let newest: Fqdn | undefined;
    const changedAt = (zone: Fqdn) => this.#views.zones.changedAt(zone);
    for (const zone of zones)
      if (canAskFor(zone) && (newest === undefined || changedAt(zone) > changedAt(newest))) newest = zone;
    return newest;
  }

  #lagOf(target: Endpoint, zone: Fqdn): Promise<number | undefined> {
    const key = `${formatEndpoint(target)} ${zone}`;
    const known = this.#asked.get(key);
    if (known !== undefined) return known.lag;
    // Our serial is read before the target is asked, so that a change meanwhile does not count as lag.
    const ours = shownSerial(this.#views.zones.serial(zone));
    const lag = serialOf(target, zone).then((theirs) =>
      theirs === undefined ? undefined : serialsBehind(theirs, ours),
    );
    this.#asked.set(key, { lag, at: performance.now() });
    return lag;
  }

  #forget(): void {
    const oldest = performance.now() - cacheMilliseconds;
    for (const [key, { at }] of this.#asked) {
      if (at > oldest) return;
      this.#asked.delete(key);
    }
  }
}

/**
 * Returns the serial of a target's copy of the zone. Returns undefined if the target has no copy, or does not answer in
 * time.
 */
async function serialOf(target: Endpoint, zone: Fqdn): Promise<number | undefined> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const { rcode, isAuthoritative, soa } = await askServer(target, {
        name: zone,
        milliseconds: tryMilliseconds,
      });
      return rcode === 0 && isAuthoritative ? soa?.serial : undefined;
    } catch {
      // There was no answer in time, or the target could not be asked. Tries again.
    }
  }
  return undefined;
}
