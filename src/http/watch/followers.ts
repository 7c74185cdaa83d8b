// All streams of changes of this replica, and their feeds. The live feed has the newest revisions. A second feed reads
// the past while followers ask for older revisions. So the number of watches of the store does not grow with the
// followers.

import type { TokenActor } from '../../control/access/actor.ts';
import type { ChangeFilter } from '../../control/watch/change-filter.ts';
import { refuse } from '../../errors.ts';
import type { Logger } from '../../model/logger.ts';
import type { Revision } from '../../model/revision.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { Audience } from './audience.ts';
import type { EndReason } from './end-reasons.ts';
import { Feed } from './feed.ts';
import { Follower } from './follower.ts';
import type { FollowLimits } from './limits.ts';

interface FollowerServices {
  store: Store;
  views: Views;
  logger: Logger;
  limits: FollowLimits;
}

/** A stream that a client asks for. */
interface WantedStream {
  /** The revision after which the stream begins. */
  position: Revision;
  filter: ChangeFilter;
  actor: TokenActor;
  /** Returns whether the token is still valid. */
  isValid: () => boolean;
  /** The client, for the limit of its streams. */
  client: string;
  /** When the stream ends, as performance.now() counts; undefined if it has no end. */
  endsAt: number | undefined;
  /** Cuts the client's connection. */
  cut: () => void;
}

export class Followers {
  readonly #services: FollowerServices;
  readonly #all = new Map<Follower, WantedStream>();
  /** Followers whose positions are before the base of `#past`. */
  readonly #waiting = new Set<Follower>();
  /** The audiences, by filter and rights. */
  readonly #audiences = new Map<string, Audience>();
  #live: Feed | undefined;
  #past: Feed | undefined;
  #checking: NodeJS.Timeout | undefined;
  #closed = false;
  /** Called with the reason when a stream has ended. */
  readonly #onEnd: (reason: EndReason | 'left') => void;

  constructor(services: FollowerServices, onEnd: (reason: EndReason | 'left') => void) {
    this.#services = services;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Opens a stream. Refuses with `too_many_followers`. */
  open(wanted: WantedStream): Follower {
    this.#checkRoom(wanted.client);
    const { limits } = this.#services;
    const audience = this.#audienceOf(wanted);
    const follower = new Follower(wanted.position, audience, limits, wanted);
    this.#all.set(follower, wanted);
    follower.once('close', () => this.#forget(follower));
    this.#checking ??= setInterval(() => this.#check(), limits.checkMilliseconds);
    if (this.#closed) follower.finish('stopping');
    else this.#place(follower);
    return follower;
  }

  /** Ends all streams. */
  close(): void {
    this.#closed = true;
    for (const follower of this.#all.keys()) follower.finish('stopping');
    this.#stop();
  }

  #checkRoom(client: string): void {
    const { maxFollowers, maxPerClient } = this.#services.limits;
    const ofClient = [...this.#all.values()].filter((one) => one.client === client).length;
    if (this.#all.size >= maxFollowers)
      refuse('too_many_followers', `${maxFollowers} clients follow changes here: try again later, or another replica`);
    if (ofClient >= maxPerClient)
      refuse('too_many_followers', `this client follows changes ${ofClient} times: end one of its streams`);
  }

  #forget(follower: Follower): void {
    this.#all.delete(follower);
    this.#waiting.delete(follower);
    this.#onEnd(follower.reason ?? 'left');
    if (this.#all.size === 0) this.#stop();
  }

  #stop(): void {
    this.#live?.stop();
    this.#past?.stop();
    this.#live = undefined;
    this.#past = undefined;
    clearInterval(this.#checking);
    this.#checking = undefined;
  }

  /** Returns the audience of a filter and rights. */
  #audienceOf({ filter, actor }: WantedStream): Audience {
    const { zone, kinds, within } = filter;
    const key = JSON.stringify([zone, kinds, within?.text, actor.rights]);
    const audience = this.#audiences.get(key) ?? new Audience(filter, actor, this.#services.views);
    this.#audiences.set(key, audience);
    return audience;
  }

  /** Lets the follower join the feed that has the revisions after its position. */
  #place(follower: Follower): void {
    const { position } = follower;
    this.#live ??= this.#startFeed(this.#recent(position), this.#services.views.revision);
    if (this.#live.covers(position)) {
      follower.join(this.#live);
      return;
    }
    this.#past ??= this.#startFeed(position, Number.POSITIVE_INFINITY);
    if (this.#past.covers(position)) follower.join(this.#past);
    else this.#waiting.add(follower);
  }

  /**
   * Returns the base of a new live feed: the position of its first follower if that is recent, otherwise the newest
   * revision.
   */
  #recent(position: Revision): Revision {
    const { views, limits } = this.#services;
    const { revision } = views;
    return position < revision && position >= revision - limits.maxRecent ? position : revision;
  }

  #startFeed(base: Revision, waitsUntil: number): Feed {
    const feed = new Feed(this.#services, base, waitsUntil);
    void feed.run().then((reason) => this.#endFeed(feed, base, reason));
    return feed;
  }

  /**
   * Ends the followers of a feed. If the store no longer keeps what follows the feed's base, the followers that are not
   * at the base begin again: the store may keep what follows their positions.
   */
  #endFeed(feed: Feed, base: Revision, reason: EndReason): void {
    if (this.#live === feed) this.#live = undefined;
    if (this.#past === feed) this.#past = undefined;
    const followers = this.#followersOf(feed).sort((a, b) => a.position - b.position);
    const isLost = reason === 'compacted' && !feed.hasRead;
    for (const follower of followers) {
      if (isLost && follower.position > base) this.#place(follower);
      else follower.finish(reason);
    }
  }

  #followersOf(feed: Feed | undefined): Follower[] {
    return feed === undefined ? [] : [...this.#all.keys()].filter((one) => one.feed === feed);
  }

  #check(): void {
    const now = performance.now();
    for (const [follower, wanted] of this.#all) {
      follower.check(now);
      if (wanted.endsAt !== undefined && now >= wanted.endsAt) follower.finish('time_over');
    }
    for (const follower of this.#followersOf(this.#past))
      if (this.#live?.covers(follower.position)) follower.join(this.#live);
    if (this.#past?.followers.size === 0) {
      this.#past.stop();
      this.#past = undefined;
    }
    const audiences = new Set([...this.#all.keys()].map(({ audience }) => audience));
    for (const [key, audience] of this.#audiences) if (!audiences.has(audience)) this.#audiences.delete(key);
    if (this.#waiting.size > 0 && this.#past?.isIdle !== false) this.#readFurtherBack();
  }

  /**
   * Begins a feed of the past for the waiting followers. The followers of the earlier feed of the past continue in the
   * new one.
   */
  #readFurtherBack(): void {
    const followers = [...this.#waiting, ...this.#followersOf(this.#past)];
    const base = followers.reduce((first, { position }) => Math.min(first, position), Number.POSITIVE_INFINITY);
    this.#past?.stop();
    this.#past = this.#startFeed(base as Revision, Number.POSITIVE_INFINITY);
    for (const follower of followers) follower.join(this.#past);
    this.#waiting.clear();
  }
}
