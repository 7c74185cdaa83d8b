// One watch of the store that many followers share. Each revision is decoded and written as JSON once, and kept in a
// log. A follower is a position in the log, so a follower that does not read keeps no messages of its own. Its stream
// ends when the log no longer has the messages after its position.

import { setTimeout as delay } from 'node:timers/promises';
import { inSlices } from '../../model/in-slices.ts';
import type { Logger } from '../../model/logger.ts';
import { after, type Revision } from '../../model/revision.ts';
import { nextTurn } from '../../model/turn.ts';
import { within } from '../../model/within.ts';
import { type Change, Compacted, HistoryLost, type Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import type { Audience } from './audience.ts';
import { type Chunk, ChunkCache } from './chunk-cache.ts';
import type { EndReason } from './end-reasons.ts';
import type { FollowLimits } from './limits.ts';
import { type Message, messageOf } from './message.ts';

/** A follower, as its feed sees it. */
interface Reader {
  /** The follower has been told all changes up to this revision. */
  readonly position: Revision;
  /** Sends the messages after the position, if the client reads. Without `atOnce`, waits for its turn first. */
  pump(atOnce?: boolean): void;
  finish(reason: EndReason): void;
}

interface FeedServices {
  store: Store;
  views: Views;
  logger: Logger;
  limits: FollowLimits;
}

/** How long the feed works on revisions before it yields to the event loop. */
const sliceMilliseconds = 5;
/** The time between two checks whether slow followers have read more. */
const lookMilliseconds = 20;

export class Feed {
  readonly followers = new Set<Reader>();
  readonly #services: FeedServices;
  /** Up to this revision, the feed waits for slow followers before it drops messages that they have not read. */
  readonly #waitsUntil: number;
  readonly #stopping = new AbortController();
  /** The newest messages, in the order of their revisions. Revisions that change no resource have none. */
  #log: Message[] = [];
  #logOctets = 0;
  /** The log has every message after this revision, up to `#last`. */
  #base: Revision;
  #last: Revision;
  #changedAt = performance.now();
  #busy = false;
  #pumpedAt = 0;
  #pumping: NodeJS.Timeout | undefined;
  readonly #chunks = new ChunkCache();

  /**
   * Makes a feed of the revisions after `base`. {@link run} reads them. Up to the revision `waitsUntil`, the feed waits
   * for slow followers, each time at most `stallMilliseconds`.
   */
  constructor(services: FeedServices, base: Revision, waitsUntil: number) {
    this.#services = services;
    this.#waitsUntil = waitsUntil;
    this.#base = base;
    this.#last = base;
  }

  /** Returns whether the feed has everything after this revision. */
  covers(position: Revision): boolean {
    return position >= this.#base;
  }

  /** Returns whether anything after the base was read. */
  get hasRead(): boolean {
    return this.#last > this.#base || this.#log.length > 0;
  }

  /** Returns whether nothing was read for a second. */
  get isIdle(): boolean {
    return !this.#busy && performance.now() - this.#changedAt > 1000;
  }

  /** Reads the store until {@link stop} is called, the history ends, or the watch fails. Resolves with the reason. */
  async run(): Promise<EndReason> {
    const { store, views, logger } = this.#services;
    const { signal } = this.#stopping;
    const { history } = views;
    let sliceEnd = performance.now() + sliceMilliseconds;
    try {
      for await (const change of store.watch('', after(this.#base), signal, { previous: true })) {
        this.#busy = true;
        // Tells a change only when this replica serves it.
        while (views.revision < change.revision && !signal.aborted) {
          await within(views.reached(change.revision), 1000);
          if (views.history !== history) return 'history_lost';
        }
        await this.#append(change);
        if (signal.aborted) break;
        if (performance.now() > sliceEnd) {
          await nextTurn();
          sliceEnd = performance.now() + sliceMilliseconds;
        }
        this.#busy = false;
        this.#changedAt = performance.now();
      }
      return 'stopping';
    } catch (error) {
      if (error instanceof Compacted) return 'compacted';
      if (error instanceof HistoryLost) return 'history_lost';
      logger.error(error, 'following the store for /v1/watch failed');
      return 'failed';
    }
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#pumping);
  }

  /** Returns the next events for an audience after the position `from`, and the position after these events. */
  read(from: Revision, audience: Audience): Chunk {
    const made = this.#chunks.get(audience, from, this.#last);
    if (made !== undefined) return made;
    const events: string[] = [];
    let position = Math.max(from, this.#last) as Revision;
    let length = 0;
    for (let index = this.#firstAfter(from); index < this.#log.length; index += 1) {
      const message = this.#log[index] as Message;
      const event = audience.eventOf(message);
      if (event === undefined) continue;
      events.push(event);
      length += event.length;
      if (length < this.#services.limits.chunkOctets) continue;
      position = message.revision;
      break;
    }
    const octets = events.length === 0 ? undefined : Buffer.from(events.join(''));
    const chunk = { octets, position };
    if (octets !== undefined) this.#chunks.add(audience, from, this.#last, chunk);
    return chunk;
  }

  /** Returns the index of the first message in the log after a revision. */
  #firstAfter(revision: Revision): number {
    let [low, high] = [0, this.#log.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#log[middle] as Message).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  async #append(change: Change): Promise<void> {
    const message = await inSlices(messageOf(this.#services, change));
    if (message.changes.length > 0) {
      await this.#makeRoom(message);
      this.#log.push(message);
      this.#logOctets += message.octets;
    }
    this.#last = message.revision;
    this.#schedulePump();
  }

  /**
   * Makes room for the message in a full log: drops the older half, or more if the message is longer than half of the
   * log. First gives slow followers a last chance to read. Ends those that still have not read the dropped messages.
   */
  async #makeRoom({ octets, revision }: Message): Promise<void> {
    const { maxLogOctets, stallMilliseconds } = this.#services.limits;
    if (this.#log.length === 0 || this.#logOctets + octets <= maxLogOctets) return;
    const forgotten: Message[] = [];
    const maxLeft = Math.min(maxLogOctets / 2, Math.max(0, maxLogOctets - octets));
    while (this.#log.length > forgotten.length && this.#logOctets > maxLeft) {
      const oldest = this.#log[forgotten.length] as Message;
      forgotten.push(oldest);
      this.#logOctets -= oldest.octets;
    }
    const end = (forgotten.at(-1) as Message).revision;
    const lagging = () => [...this.followers].filter(({ position }) => position < end);
    if (revision <= this.#waitsUntil) {
      const deadline = performance.now() + stallMilliseconds;
      while (lagging().length > 0 && performance.now() < deadline && !this.#stopping.signal.aborted)
        await delay(lookMilliseconds);
    } else for (const follower of lagging()) follower.pump(true);
    for (const follower of lagging()) follower.finish('too_slow');
    this.#log = this.#log.slice(forgotten.length);
    this.#base = end;
  }

  /** Lets the followers read, not more often than `paceMilliseconds`. */
  #schedulePump(): void {
    const { paceMilliseconds } = this.#services.limits;
    this.#pumping ??= setTimeout(
      () => {
        this.#pumping = undefined;
        this.#pumpedAt = performance.now();
        for (const follower of this.followers) follower.pump();
      },
      Math.max(0, this.#pumpedAt + paceMilliseconds - performance.now()),
    );
  }
}
