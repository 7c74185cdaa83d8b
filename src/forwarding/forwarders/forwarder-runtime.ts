// A forwarder at work: its servers, and the order in which they are asked.

import type { OpenServerSocket } from '../../dns/ask/server-socket.ts';
import { addressFromRdata, addressRdata } from '../../model/address.ts';
import { type AddressRange, parseFilterRange, rangeHolds } from '../../model/address-range.ts';
import { formatForwarderTarget } from '../../model/forwarder.ts';
import { LinkedList } from '../../model/linked-list.ts';
import type { Logger } from '../../model/logger.ts';
import { nameToWire } from '../../model/name.ts';
import { TroubleLog } from '../../model/trouble-log.ts';
import type { ForwarderUpstreams, ListedForwarder } from './forward-request.ts';
import type { PendingQuestion } from './pending-question.ts';
import { Upstream } from './upstream.ts';
import { Usability } from './usability.ts';

/**
 * With the strategy `fastest`, one question in this many goes to another server first, so that its latency is known.
 */
const explorePeriod = 50;

export class ForwarderRuntime {
  readonly listed: ListedForwarder;
  /** The zone's name in wire form. */
  readonly zone: Uint8Array;
  readonly labels: number;
  readonly upstreams: readonly Upstream[];
  readonly pending = new LinkedList<PendingQuestion>();
  /** True: the forwarder has been changed or removed, so that nobody may get its answers from the cache. */
  isReplaced = false;
  readonly #allowed: readonly AddressRange[];
  #turn = 0;

  /** `onFailing` is called when a server stops answering. */
  constructor(
    listed: ListedForwarder,
    openSocket: OpenServerSocket,
    logger: Logger,
    onFailing: (upstream: Upstream) => void,
  ) {
    const { zone, targets, tlsAuthorities, allowFrom } = listed.forwarder;
    this.listed = listed;
    this.zone = nameToWire(zone);
    this.labels = countLabels(this.zone);
    this.#allowed = allowFrom.map(parseFilterRange);
    this.upstreams = targets.map((target, place) => {
      const trouble = new TroubleLog(logger, {
        begins: 'a target of a forwarder does not answer',
        over: 'a target of a forwarder answers again',
      });
      const fields = { forwarder: zone, target: formatForwarderTarget(target) };
      const usability = new Usability(logger, fields);
      return new Upstream(target, place, tlsAuthorities, openSocket, usability, (upstream, isHealthy) => {
        if (isHealthy) return trouble.succeeded(fields);
        trouble.failed(upstream.failure, fields);
        onFailing(upstream);
      });
    });
  }

  /** Returns the servers in the order in which the next question asks them. Failing servers are last. */
  order(): readonly Upstream[] {
    const { strategy } = this.listed.forwarder;
    this.#turn = (this.#turn + 1) % 0x3fffffff;
    let order = this.upstreams;
    if (order.length === 1) return order;
    if (strategy === 'round-robin') order = rotate(order, this.#turn);
    if (strategy === 'fastest') {
      order = order.toSorted((a, b) => (a.latency ?? 0) - (b.latency ?? 0));
      if (this.#turn % explorePeriod === 0) order = rotate(order, 1 + this.#turn / explorePeriod);
    }
    if (order.every(({ isHealthy }) => isHealthy !== false)) return order;
    return [
      ...order.filter(({ isHealthy }) => isHealthy !== false),
      ...order.filter(({ isHealthy }) => isHealthy === false),
    ];
  }

  /** True: every server is down or loops. One question at a time is still sent, to notice when a server is back. */
  get isDown(): boolean {
    return this.upstreams.every(({ isDown, loops }) => isDown || loops);
  }

  admits(client: Uint8Array): boolean {
    const value = addressFromRdata(client);
    return this.#allowed.some((range) => rangeHolds(range, value));
  }

  upstreamAt(client: Uint8Array): Upstream | undefined {
    return this.upstreams.find(({ target }) => Buffer.compare(addressRdata(target.address), client) === 0);
  }

  /** Returns the servers of the forwarder. */
  state(): ForwarderUpstreams {
    return { zone: this.listed.forwarder.zone, upstreams: this.upstreams.map((upstream) => upstream.status()) };
  }

  close(): void {
    for (const question of this.pending.toArray()) question.cancel();
    for (const upstream of this.upstreams) upstream.close();
  }
}

function rotate<T>(list: readonly T[], by: number): readonly T[] {
  const first = by % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}

/** Returns the number of labels of a name in wire form, without the root. */
function countLabels(name: Uint8Array): number {
  let labels = 0;
  for (let at = 0; (name[at] as number) !== 0; at += 1 + (name[at] as number)) labels += 1;
  return labels;
}
