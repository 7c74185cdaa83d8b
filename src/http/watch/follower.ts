// One stream of changes: the text of a feed's messages from a position on, as fast as the client reads. It holds no
// more than a chunk that the client has not taken.

import { Readable } from 'node:stream';
import type { Revision } from '../../model/revision.ts';
import { turn } from '../../model/turn.ts';
import type { Audience } from './audience.ts';
import type { EndReason } from './end-reasons.ts';
import { endText, heartbeatText, startText } from './event-text.ts';
import type { Feed } from './feed.ts';
import type { FollowLimits } from './limits.ts';

/** Of the time after which clients connect again: not all at once. */
const retryMilliseconds = { least: 1000, random: 2000 };

const empty = Buffer.alloc(0);

interface Client {
  /** Returns whether its token is still valid. */
  isValid: () => boolean;
  /** Cuts its connection. */
  cut: () => void;
}

export class Follower extends Readable {
  position: Revision;
  readonly audience: Audience;
  readonly #limits: FollowLimits;
  readonly #isValid: () => boolean;
  /** Cuts the connection of the client. */
  readonly #cut: () => void;
  #feed: Feed | undefined;
  /** What the client has not taken of a long message. Followers share its memory. */
  #rest: Buffer = empty;
  /** The client takes more. */
  #wants = false;
  /** It waits for a turn of the event loop. */
  #isInLine = false;
  #sentAt = performance.now();
  #reason: EndReason | undefined;

  constructor(position: Revision, audience: Audience, limits: FollowLimits, { isValid, cut }: Client) {
    super({ highWaterMark: 16 * 1024 });
    this.position = position;
    this.audience = audience;
    this.#limits = limits;
    this.#isValid = isValid;
    this.#cut = cut;
    const { least, random } = retryMilliseconds;
    this.push(startText(position, least + Math.floor(Math.random() * random)));
  }

  get feed(): Feed | undefined {
    return this.#feed;
  }

  /** Why it has ended; undefined: it has not, or the client has left. */
  get reason(): EndReason | undefined {
    return this.#reason;
  }

  /** Continues with this feed, which must cover the position. */
  join(feed: Feed): void {
    this.#leave();
    this.#feed = feed;
    feed.followers.add(this);
    this.pump();
  }

  /**
   * Sends what the feed has after the position, as long as the client takes more. Unless `atOnce`, waits for a turn of
   * the event loop before each part (test/http/followers.test.ts).
   */
  pump(atOnce = false): void {
    while (this.#wants && this.#reason === undefined && this.#feed !== undefined) {
      if (this.#rest.length === 0) {
        if (!atOnce && this.#waitsForTurn()) return;
        // The views have the revision of what is read next: nothing comes that was written after the token's end.
        if (!this.#isValid()) return void this.finish('unauthorized');
        const { octets, position } = this.#feed.read(this.position, this.audience);
        this.position = position;
        if (octets === undefined) return;
        this.#rest = octets;
      }
      const next = this.#rest.subarray(0, this.#limits.chunkOctets);
      this.#rest = this.#rest.subarray(next.length);
      this.#send(next);
    }
  }

  #waitsForTurn(): boolean {
    const wait = this.#isInLine ? undefined : turn();
    if (wait !== undefined) {
      this.#isInLine = true;
      void wait.then(() => {
        this.#isInLine = false;
        this.pump(true);
      });
    }
    return this.#isInLine;
  }

  /** Ends a follower whose client does not read, or whose token is not valid; keeps the connection of a silent one. */
  check(now: number): void {
    if (!this.#isValid()) return void this.finish('unauthorized');
    const { stallMilliseconds, heartbeatMilliseconds } = this.#limits;
    if (!this.#wants && now - this.#sentAt > stallMilliseconds) this.finish('too_slow');
    if (this.#wants && now - this.#sentAt > heartbeatMilliseconds) this.#send(heartbeatText(this.position));
  }

  /** Tells the client why the stream ends, and ends it. A client that does not read that is cut off. */
  finish(reason: EndReason): void {
    if (this.#reason !== undefined || this.destroyed) return;
    this.#reason = reason;
    this.#leave();
    // The event that it has begun.
    if (this.#rest.length > 0) this.push(this.#rest);
    this.push(endText(reason));
    this.push(null);
    setTimeout(this.#cut, this.#limits.graceMilliseconds).unref();
  }

  override _read(): void {
    this.#wants = true;
    this.pump();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#leave();
    done(error);
  }

  #send(octets: Buffer | string): void {
    this.#wants = false;
    this.#sentAt = performance.now();
    this.push(octets);
  }

  #leave(): void {
    this.#feed?.followers.delete(this);
    this.#feed = undefined;
  }
}
