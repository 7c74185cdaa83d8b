// The line of those who wait for free addresses on this replica: requests, and whoever else calls `wait`. The one that
// waits longest gets the next address. It is woken by the views, when they have an address that may be free. A decision
// that takes the next free addresses of a pool leaves as many as others need who wait longer; who does not wait comes
// after all of them (test/http/waiting.test.ts). The line does not hold for an address that a request names, the former
// address of a host, a shared address, and the addresses to which a renumbering moves: these are taken at once.

import { Refusal, refuse } from '../../errors.ts';
import { type Family, familyOf } from '../../model/address.ts';
import type { Pool } from '../../model/pool.ts';
import { addressKey } from '../../store/kinds/address.ts';
import type { Views } from '../../views/views.ts';
import type { Actor } from '../access/actor.ts';
import { isTokenValid } from '../access/valid-token.ts';
import type { Decide, DecisionContext, Lack, Line } from '../transaction/decision.ts';
import type { Choice } from './choice.ts';
import { canChoose, isAutomatic } from './choose-next.ts';

/** The limits for those who wait: on this replica, and with one token. */
const defaultLimits = { all: 256, ofToken: 64 };
/** The longest time of a timer of Node. */
const maxTimer = 2 ** 31 - 1;

interface WaitOptions {
  seconds: number;
  /** Aborts when the one who waits has gone. */
  gone: AbortSignal;
  /** The same for a request and its repetitions: when one of them has ended, the others try again. */
  repeats?: string | undefined;
}

/** Makes a decision one of somebody who waits: it comes after those who wait longer, and before all others. */
export type Placed = <T>(decide: Decide<T>) => Decide<T>;

export class WaitingLine implements Line {
  readonly #views: Views;
  readonly #limits: typeof defaultLimits;
  /** In the order in which they came. */
  readonly #places = new Set<Place>();
  readonly #unwatch: () => void;
  #checking: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #freed = -1;
  #closed = false;

  constructor(views: Views, limits = defaultLimits) {
    this.#views = views;
    this.#limits = limits;
    this.#unwatch = views.watchServed(() => {
      if (this.#places.size === 0) return;
      if (views.pools.freed !== this.#freed || this.#places.values().some((place) => !this.#isValid(place)))
        this.#check();
    });
  }

  /** The number of those who wait. */
  get size(): number {
    return this.#places.size;
  }

  ahead(context: DecisionContext, pool: Pool, family: Family): number {
    return this.aheadOf(undefined, context, pool, family);
  }

  lacks(): void {}

  chose(): void {}

  /** Returns how many addresses those who wait longer than `place` need of the pool. Without a place: all. */
  aheadOf(place: Place | undefined, context: DecisionContext, pool: Pool, family: Family): number {
    let sum = 0;
    for (const other of this.#places) {
      if (other === place) break;
      sum += other.needs(context, pool, family);
    }
    return sum;
  }

  /**
   * Calls `attempt` until it does not reject with `pool_exhausted`: at once, then whenever an address may be free for
   * this place in the line, and when its token ends: then `attempt` rejects (test/http/ended-tokens.test.ts). Rejects
   * with the last refusal when the time is over. Rejects with `too_many_waiting` if the line is full, and with
   * `shutting_down` when the line is closed.
   */
  async wait<T>(
    actor: Actor,
    { seconds, gone, repeats }: WaitOptions,
    attempt: (placed: Placed) => Promise<T>,
  ): Promise<T> {
    const place = new Place(actor, this, repeats);
    const ends = performance.now() + seconds * 1000;
    try {
      for (;;) {
        place.freed = this.#views.pools.freed;
        try {
          return await attempt((decide) => (context) => decide({ ...context, line: place.begin() }));
        } catch (error) {
          const left = ends - performance.now();
          if (!isWaitable(error) || place.lacking.length === 0 || left <= 0) throw error;
          this.#enter(place);
          const valid = this.#validMilliseconds(actor);
          const end = await place.woken(Math.min(left, valid), gone);
          if (end === 'closed') throw stopping();
          // The attempt after the end of the token is refused with `unauthorized`.
          if (end === 'over' && (gone.aborted || left <= valid)) throw error;
        }
      }
    } finally {
      if (this.#places.delete(place)) this.#check();
      for (const other of this.#places) if (repeats !== undefined && other.repeats === repeats) other.end('woken');
    }
  }

  /** Ends the wait of all with `shutting_down`. */
  close(): void {
    this.#closed = true;
    this.#unwatch();
    clearImmediate(this.#checking);
    clearTimeout(this.#timer);
    for (const place of this.#places) place.end('closed');
  }

  /** Puts a place at the end of the line, if it has none yet. Refuses with `too_many_waiting`. */
  #enter(place: Place): void {
    if (this.#closed) throw stopping();
    if (!this.#places.has(place)) {
      const { all, ofToken } = this.#limits;
      const own = [...this.#places].filter(({ actor }) => isSameToken(actor, place.actor));
      if (this.#places.size >= all || own.length >= ofToken) {
        const message = `${this.#places.size} requests wait for addresses on this replica, ${own.length} of them with this token: try again later, ask another replica, or widen the pool`;
        refuse('too_many_waiting', message);
      }
      this.#places.add(place);
    }
    // Since the attempt began, an address may have become free, or the token may have ended.
    if (this.#views.pools.freed !== place.freed || !this.#isValid(place)) this.#check();
    else if (this.#timer === undefined) this.#setTimer(Date.now());
  }

  #isValid({ actor }: Place): boolean {
    return isTokenValid({ actor, views: this.#views }, Date.now());
  }

  /** Returns for how many milliseconds the token of the actor stays valid, if nobody changes it. */
  #validMilliseconds(actor: Actor): number {
    const id = actor.kind === 'token' ? actor.stored?.id : undefined;
    const expiresAt = id === undefined ? undefined : this.#views.tokens.get(id)?.value.expiresAt;
    return expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - Date.now();
  }

  /** Wakes those for whom there may be an address, or whose token has ended, after this turn of the event loop. */
  #check(): void {
    if (this.#closed || this.#places.size === 0) return;
    this.#checking ??= setImmediate(() => {
      this.#checking = undefined;
      this.#wake();
    });
  }

  #wake(): void {
    this.#freed = this.#views.pools.freed;
    const now = Date.now();
    /** What those who wait longer lack in vain: nobody behind them gets it. */
    const vain = new Set<string>();
    for (const place of this.#places) {
      const context = { views: this.#views, actor: place.actor, claimed: new Set<string>(), now, line: place };
      const findsFree = (lack: Lack) => {
        const key = JSON.stringify([lack, rightsOf(place.actor)]);
        if (vain.has(key)) return false;
        const isFree = canChoose(context, lack);
        if (!isFree) vain.add(key);
        return isFree;
      };
      if (!this.#isValid(place) || place.lacking.some(findsFree)) place.end('woken');
    }
    this.#setTimer(now);
  }

  /** Checks again when the next cool-down ends: the views tell nothing then. */
  #setTimer(now: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ends = [...this.#views.pools.list()].flatMap(
      ({ value }) => this.#views.pools.nextCoolDownEnd(value.id, now) ?? [],
    );
    if (ends.length === 0 || this.#places.size === 0) return;
    const milliseconds = Math.min(Math.max(Math.min(...ends) - now, 1), maxTimer);
    this.#timer = setTimeout(() => this.#check(), milliseconds).unref();
  }
}

/** One who waits. As the line of its own decisions, it counts only those who wait longer. */
class Place implements Line {
  readonly actor: Actor;
  readonly #line: WaitingLine;
  readonly repeats: string | undefined;
  /** What the last decision lacked. */
  lacking: Lack[] = [];
  /** The addresses that the last decision chose. Until they are taken, nobody else gets them. */
  #chosen: Choice[] = [];
  /** `freed` of the pools when the last attempt began. */
  freed = -1;
  #end: ((end: 'woken' | 'closed') => void) | undefined;

  constructor(actor: Actor, line: WaitingLine, repeats?: string) {
    this.actor = actor;
    this.#line = line;
    this.repeats = repeats;
  }

  /** Forgets what the last decision lacked and chose. */
  begin(): this {
    this.lacking = [];
    this.#chosen = [];
    return this;
  }

  ahead(context: DecisionContext, pool: Pool, family: Family): number {
    return this.#line.aheadOf(this, context, pool, family);
  }

  lacks(lack: Lack): void {
    const isNoted = ({ family, pool }: Lack) => family === lack.family && pool === lack.pool;
    if (!this.lacking.some(isNoted)) this.lacking.push(lack);
  }

  chose(choices: readonly Choice[]): void {
    this.#chosen.push(...choices);
  }

  /** Returns how many addresses of the pool are to be left for this place. */
  needs(context: DecisionContext, pool: Pool, family: Family): number {
    const { views, claimed, now } = context;
    const asking = { views, actor: this.actor };
    let sum = 0;
    for (const lack of this.lacking) {
      const isOfPool = lack.pool === undefined ? isAutomatic(asking, pool) : lack.pool === pool.id;
      if (isOfPool && lack.family === family) sum += lack.count;
    }
    for (const { space, address } of this.#chosen) {
      if (space !== pool.space || familyOf(address) !== family) continue;
      const isTaken = claimed.has(addressKey(space, address)) || !views.pools.isFree(space, address, now);
      if (!isTaken && views.pools.poolIdAt(space, address) === pool.id) sum += 1;
    }
    return sum;
  }

  /** Resolves when this place is woken, when the line is closed, when the time is over, or when its client has gone. */
  woken(milliseconds: number, gone: AbortSignal): Promise<'woken' | 'closed' | 'over'> {
    const { promise, resolve } = Promise.withResolvers<'woken' | 'closed' | 'over'>();
    const leave = () => resolve('over');
    const timer = setTimeout(leave, milliseconds);
    gone.addEventListener('abort', leave, { once: true });
    if (gone.aborted) leave();
    this.#end = resolve;
    return promise.finally(() => {
      clearTimeout(timer);
      gone.removeEventListener('abort', leave);
      this.#end = undefined;
    });
  }

  end(how: 'woken' | 'closed'): void {
    this.#end?.(how);
  }
}

/** Returns whether a refusal says only that no address is free. */
function isWaitable(error: unknown): error is Refusal {
  return (
    error instanceof Refusal &&
    error.code === 'pool_exhausted' &&
    (error.errors ?? []).every(({ code = error.code }) => code === 'pool_exhausted')
  );
}

function isSameToken(one: Actor, other: Actor): boolean {
  return one.kind === 'token' && other.kind === 'token' && one.id === other.id;
}

function rightsOf(actor: Actor): unknown {
  return actor.kind === 'system' ? actor.kind : actor.rights;
}

function stopping(): Refusal {
  return new Refusal('shutting_down', 'this replica stops: nothing was written, send the request to another replica');
}
