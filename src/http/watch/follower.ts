// One stream of changes: sends a feed's messages from a position on, as fast as the client reads. It holds at most one
// chunk that the client has not read.

import { Readable } from 'node:stream';
import type { Revision } from '../../model/revision.ts';
import { turn } from '../../model/turn.ts';
import type { Audience } from './audience.ts';
import type { EndReason } from './end-reasons.ts';
import { endText, heartbeatText, startText } from './event-text.ts';
import type { Feed } from './feed.ts';
import type { FollowLimits } from './limits.ts';

/** Clients connect again after `least` milliseconds and up to `random` more, so that they do not all come at once. */
const retryMilliseconds = { least: 1000, random: 2000 };

const empty = Buffer.alloc(0);

interface Client {
  /** Returns whether the token is still valid. */
  isValid: () => boolean;
  /** Cuts the connection of the client. */
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
  /** The part of a long message that the client has not read. Followers share its memory. */
  #rest: Buffer = empty;
  /** True if the client has room for more. */
  #wants = false;
  /** True while the follower waits for a turn of the event loop. */
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

  /** The reason why the stream has ended. Undefined if it has not ended, or the client has left. */
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
   * Sends the feed's messages after the position, while the client has room. Without `atOnce`, waits for a turn of the
   * event loop before each part (test/http/followers.test.ts).
   */
  pump(atOnce = false): void {
    while (this.#wants && this.#reason === undefined && this.#feed !== undefined) {
      if (this.#rest.length === 0) {
        if (!atOnce && this.#waitsForTurn()) return;
        // The views are not behind the feed: so no change is sent that was written after the token's end.
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

  /**
   * Ends the stream if the client does not read or the token is no longer valid. Sends a heartbeat if there was nothing
   * to send for long.
   */
  check(now: number): void {
    if (!this.#isValid()) return void this.finish('unauthorized');
    const { stallMilliseconds, heartbeatMilliseconds } = this.#limits;
    if (!this.#wants && now - this.#sentAt > stallMilliseconds) this.finish('too_slow');
    if (this.#wants && now - this.#sentAt > heartbeatMilliseconds) this.#send(heartbeatText(this.position));
  }

  /**
   * Tells the client why the stream ends, then ends the stream. Cuts the connection if the client does not read the
   * reason in time.
   */
  finish(reason: EndReason): void {
    if (this.#reason !== undefined || this.destroyed) return;
    this.#reason = reason;
    this.#leave();
    // Completes the event whose beginning was sent.
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
