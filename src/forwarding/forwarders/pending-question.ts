// One question while servers are asked for its answer: which server is asked next, when, and in which form, until there
// is an answer, no server is left, or the time is over. Afterwards a late answer is still taken, for the cache.

import { extendedError, rcode } from '../../dns/wire/codes.ts';
import { flag, headerField } from '../../dns/wire/header.ts';
import type { CachedQuestion } from '../../forward-cache/forward-cache-writer.ts';
import type { Exchange, ExchangeFailure } from './exchange.ts';
import { extendedErrorOf } from './message-options.ts';
import type { Form, Upstream } from './upstream.ts';
import type { WalkedMessage } from './walk-message.ts';

/** Queries for one question at most, over UDP. A retry in another form does not count. */
const maxQueries = 6;
/** Retries in another form. */
const maxRetries = 6;
/** The wait for a server before the next one is asked: so many times its latency, within limits in milliseconds. */
const waitPerLatency = 3;
const minWait = 50;
const maxWait = 300;
/** The first wait before the only server is asked again, as a part of the time for the question. */
const repeatPart = 5;
/** Milliseconds after its time for which a question takes late answers. */
const lateMilliseconds = 3_000;
/** Queries with EDNS that a server leaves unanswered before it is asked without. */
const queriesBeforePlain = 2;

/** What becomes of a question. */
export interface QuestionEnd {
  /** Takes an answer. Returns false if it is unusable. The message is valid only during the call. */
  answer(message: WalkedMessage): boolean;
  /** No server has an answer. `why` is an extended error (RFC 8914). */
  fail(why: number): void;
}

interface Query {
  readonly exchange: Exchange;
  readonly upstream: Upstream;
  readonly edns: boolean;
}

/** What one server was asked. */
interface Turn {
  queries: number;
  /** It will not answer this question. */
  hasFailed: boolean;
  isCookieRetried: boolean;
  /** Its answers over UDP come in another case. */
  isCaseLost: boolean;
}

export class PendingQuestion {
  readonly question: CachedQuestion;
  /** When the clients get their answer at the latest. */
  readonly deadline: number;
  isEnded = false;
  readonly #end: QuestionEnd;
  readonly #order: readonly Upstream[];
  readonly #turns = new Map<Upstream, Turn>();
  readonly #underWay = new Set<Query>();
  readonly #budget: number;
  #queries = 0;
  #retries = 0;
  #nextAt = Infinity;
  #why: number = extendedError.NO_REACHABLE_AUTHORITY;

  /** `order` has the servers in the order in which they are to be asked. */
  constructor(question: CachedQuestion, order: readonly Upstream[], budget: number, now: number, end: QuestionEnd) {
    this.question = question;
    this.#order = order;
    this.#budget = budget;
    this.deadline = now + budget;
    this.#end = end;
  }

  /** Begins to ask. May end at once. */
  start(now: number): void {
    for (const upstream of this.#order) {
      this.#turns.set(upstream, {
        queries: 0,
        hasFailed: upstream.loops,
        isCookieRetried: false,
        isCaseLost: false,
      });
    }
    this.#askNext(now);
  }

  /** Returns false when nothing more is expected. */
  tick(now: number): boolean {
    if (!this.isEnded) {
      if (now >= this.deadline) this.#finish(() => this.#end.fail(this.#why), now);
      else if (now >= this.#nextAt) this.#askNext(now);
    } else if (now >= this.deadline + lateMilliseconds) this.#stop();
    return !this.isEnded || this.#underWay.size > 0;
  }

  /** Ends the question now: its forwarder was removed. */
  cancel(): void {
    const isFirst = !this.isEnded;
    this.#stop();
    if (isFirst) this.#end.fail(extendedError.NOT_READY);
  }

  #stop(): void {
    this.isEnded = true;
    for (const { exchange } of this.#underWay) exchange.forget();
    this.#underWay.clear();
  }

  /** The server asks us what we ask it: it will not answer. */
  noteLoop(upstream: Upstream, now: number): void {
    for (const query of this.#underWay) if (query.upstream === upstream) this.#remove(query);
    this.#giveUp(upstream, now);
  }

  #askNext(now: number): void {
    const next = this.#chooseNext();
    if (next === undefined) {
      this.#nextAt = Infinity;
      if (this.#underWay.size === 0) this.#finish(() => this.#end.fail(this.#why), now);
      return;
    }
    const turn = this.#turns.get(next) as Turn;
    const isPlain = turn.queries >= queriesBeforePlain && !next.hasEdns && !next.isSecure;
    this.#queries += 1;
    turn.queries += 1;
    this.#nextAt = now + this.#waitFor(next, turn);
    this.#ask(next, { edns: next.speaksEdns(now) && !isPlain, stream: false }, now);
  }

  /** Returns the first of the servers that were asked least. */
  #chooseNext(): Upstream | undefined {
    if (this.#queries >= maxQueries) return undefined;
    let chosen: Upstream | undefined;
    let fewest = Infinity;
    for (const upstream of this.#order) {
      const { hasFailed, queries } = this.#turns.get(upstream) as Turn;
      if (hasFailed || queries >= fewest) continue;
      // Over a connection, nothing is lost: it is not asked twice.
      if (queries > 0 && upstream.isSecure) continue;
      chosen = upstream;
      fewest = queries;
    }
    return chosen;
  }

  #waitFor(upstream: Upstream, { queries }: Turn): number {
    const isAnotherLeft = this.#order.some((other) => {
      const turn = this.#turns.get(other) as Turn;
      return other !== upstream && !turn.hasFailed && turn.queries < queries;
    });
    if (!isAnotherLeft) return (this.#budget / repeatPart) * 2 ** (queries - 1);
    const byLatency = waitPerLatency * (upstream.latency ?? Infinity);
    // Over a connection that is opened first, an answer takes longer.
    return Math.min(Math.max(byLatency, minWait), maxWait) * (upstream.isSecure ? 2 : 1);
  }

  #ask(upstream: Upstream, form: Form, now: number): void {
    const exchange = upstream.ask(this.question, form, now, {
      answered: (message, sameCase) => {
        this.#remove(query, false);
        this.#take(query, message, sameCase);
      },
      failed: (why) => {
        this.#remove(query, false);
        this.#failed(query, why);
      },
    });
    const query: Query = { exchange, upstream, edns: form.edns };
    this.#underWay.add(query);
  }

  #remove(query: Query, forget = true): void {
    this.#underWay.delete(query);
    if (forget) query.exchange.forget();
  }

  #take(query: Query, message: WalkedMessage, sameCase: boolean): void {
    const now = performance.now();
    const { upstream, edns, exchange } = query;
    const form = this.#otherForm(query, message, sameCase);
    if (form !== undefined) {
      this.#retry(upstream, form, now);
      return;
    }
    const { isCaseLost } = this.#turns.get(upstream) as Turn;
    if (!edns && !upstream.hasEdns) upstream.notePlain(now);
    if (exchange.isStream && isCaseLost) upstream.noteSameCase(now);
    if (message.rcode === rcode.NOERROR || message.rcode === rcode.NXDOMAIN) {
      if (this.#end.answer(message)) {
        this.#finish(() => undefined, now);
        return;
      }
      this.#why = extendedError.NETWORK_ERROR;
    } else {
      const why = extendedErrorOf(message);
      if (message.rcode === rcode.SERVFAIL && why >= 0) this.#why = why;
    }
    upstream.noteUseless();
    this.#giveUp(upstream, now);
  }

  /** Returns the form in which the same server must be asked again; undefined if the message is its answer. */
  #otherForm({ upstream, edns, exchange }: Query, message: WalkedMessage, sameCase: boolean): Form | undefined {
    const turn = this.#turns.get(upstream) as Turn;
    const { isStream } = exchange;
    const isCut = ((message.octets[headerField.flags] as number) & flag.TC) !== 0;
    // Over a connection, nobody can forge an answer, so the case does not matter.
    if (!isStream && !sameCase) turn.isCaseLost = true;
    if (!isStream && (!sameCase || isCut)) return { edns, stream: true };
    if (!edns) return undefined;
    if (message.rcode === rcode.FORMERR || message.rcode === rcode.NOTIMP) return { edns: false, stream: isStream };
    if (message.rcode !== rcode.BADCOOKIE) return undefined;
    // The answer had a new cookie. If that one is bad too, a connection needs none (RFC 7873 §5.3).
    const stream = isStream || turn.isCookieRetried;
    turn.isCookieRetried = true;
    return { edns, stream };
  }

  #failed({ upstream, exchange }: Query, why: ExchangeFailure): void {
    const now = performance.now();
    const turn = this.#turns.get(upstream) as Turn;
    if (why === 'refused') this.#why = extendedError.NETWORK_ERROR;
    if (exchange.isStream && turn.isCaseLost && !upstream.isSecure) {
      // It has no TCP, so it is asked in the case that it understands.
      turn.isCaseLost = false;
      upstream.noteSameCase(now);
      this.#retry(upstream, { edns: upstream.speaksEdns(now), stream: false }, now);
    } else this.#giveUp(upstream, now);
  }

  #retry(upstream: Upstream, form: Form, now: number): void {
    if (this.isEnded) return;
    this.#retries += 1;
    if (this.#retries > maxRetries) this.#giveUp(upstream, now);
    else this.#ask(upstream, form, now);
  }

  /** Asks the next server at once. */
  #giveUp(upstream: Upstream, now: number): void {
    (this.#turns.get(upstream) as Turn).hasFailed = true;
    if (!this.isEnded) this.#askNext(now);
  }

  #finish(tell: () => void, now: number): void {
    const isFirst = !this.isEnded;
    this.isEnded = true;
    const isAnswered = now < this.deadline;
    const silent = new Set<Upstream>();
    for (const query of [...this.#underWay]) {
      const { upstream, exchange } = query;
      const patience = isAnswered ? waitPerLatency * (upstream.latency ?? maxWait / waitPerLatency) : 0;
      if (isFirst && now - exchange.sentAt >= Math.max(patience, minWait)) silent.add(upstream);
      if (isAnswered) this.#remove(query);
    }
    for (const upstream of silent) upstream.noteSilent();
    if (isFirst) tell();
  }
}
