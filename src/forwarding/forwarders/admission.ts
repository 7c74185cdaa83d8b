// Limits the questions under way. A question is let in only if its forwarder and its client each have fewer questions
// under way than there are free places (dynamic thresholds). So a forwarder with silent servers, or a client that asks
// too much, leaves room for the others.

import { readUint32 } from '../../dns/wire/header.ts';
import { octetText } from './octet-text.ts';

/** The most questions under way. */
const defaultLimit = 4_096;

/** The questions under way of one forwarder, or of one client. */
interface Share {
  readonly key: number | string;
  count: number;
}

/** The place of a question under way. */
export interface Place {
  readonly ofForwarder: Share;
  readonly ofClient: Share;
}

export class Admission {
  readonly #limit: number;
  readonly #ofForwarders = new Map<number | string, Share>();
  readonly #ofClients = new Map<number | string, Share>();
  #total = 0;

  constructor(limit = defaultLimit) {
    this.#limit = limit;
  }

  /** Counts a question until {@link leave} gets the returned place. Undefined: there is no room for it. */
  enter(forwarder: number, client: Uint8Array): Place | undefined {
    const key = client.length === 4 ? readUint32(client, 0) : octetText(client);
    const free = this.#limit - this.#total;
    const ofForwarder = this.#ofForwarders.get(forwarder) ?? newShare(this.#ofForwarders, forwarder);
    const ofClient = this.#ofClients.get(key) ?? newShare(this.#ofClients, key);
    const isFull = ofForwarder.count >= free || ofClient.count >= free;
    this.#total += 1;
    ofForwarder.count += 1;
    ofClient.count += 1;
    const place = { ofForwarder, ofClient };
    if (!isFull) return place;
    this.leave(place);
    return undefined;
  }

  /** Call this once for each place. */
  leave({ ofForwarder, ofClient }: Place): void {
    this.#total -= 1;
    leaveShare(this.#ofForwarders, ofForwarder);
    leaveShare(this.#ofClients, ofClient);
  }
}

function newShare(shares: Map<number | string, Share>, key: number | string): Share {
  const share = { key, count: 0 };
  shares.set(key, share);
  return share;
}

function leaveShare(shares: Map<number | string, Share>, share: Share): void {
  share.count -= 1;
  if (share.count === 0) shares.delete(share.key);
}
