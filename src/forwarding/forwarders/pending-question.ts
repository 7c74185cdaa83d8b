// Decides which server is asked next for one question, when, and in which form, until there is an answer, no server is
// left, or the time is over. A late answer is still put into the cache.

import { extendedError, rcode } from '../../dns/wire/codes.ts';
import { flag, headerField } from '../../dns/wire/header.ts';
import type { CachedQuestion } from '../../forward-cache/forward-cache-writer.ts';
import type { Linked } from '../../model/linked-list.ts';
import type { Exchange, ExchangeFailure, ExchangeListener } from './exchange.ts';
import type { Unusable } from './make-answer.ts';
import { extendedErrorOf } from './message-options.ts';
import type { Form, Upstream } from './upstream.ts';
import { answersWith, isUsable } from './usability.ts';
import type { WalkedMessage } from './walk-message.ts';

/** The maximum number of queries for one question, without retries. */
const maxQueries = 6;
/** The maximum number of retries: in another form (such as over TCP), or after the server closed the connection. */
const maxRetries = 6;
/** The wait for a server before the next one is asked, as a multiple of the server's latency. */
const waitPerLatency = 3;
/** Milliseconds of the shortest and the longest wait before the next server is asked. Over TLS, twice as long. */
const minWait = 50;
const maxWait = 300;
/**
 * When all servers have been asked, one is asked again. The wait before that is `timeoutMilliseconds` divided by this
 * number. After each further round, the wait is twice as long.
 */
const repeatPart = 5;
/** Milliseconds after the deadline in which a late answer is still taken. */
const lateMilliseconds = 3_000;
/** After this many queries with EDNS without an answer, a server that never answered with EDNS is asked without it. */
const queriesBeforePlain = 2;

/** Is told how a question ends. */
export interface QuestionEnd {
  /** Takes an answer. Returns why, if the answer is unusable. The message is valid only during the call. */
  answer(message: WalkedMessage): Unusable | undefined;
  /** No server had an answer. `why` is an extended error (RFC 8914). */
  fail(why: number): void;
  /** No answer is expected any more, not even a late one. */
  done(): void;
}

/** A query under way. */
class Query implements ExchangeListener {
  readonly turn: Turn;
  readonly edns: boolean;
  readonly exchange: Exchange;
  readonly #question: PendingQuestion;

  constructor(question: PendingQuestion, turn: Turn, form: Form, now: number) {
    this.#question = question;
    this.turn = turn;
    this.edns = form.edns;
    this.exchange = turn.upstream.ask(question.question, form, now, this);
  }

  answered(message: WalkedMessage, sameCase: boolean, now: number): void {
    this.#question.answered(this, message, sameCase, now);
  }

  failed(why: ExchangeFailure): void {
    this.#question.failed(this, why);
  }
}

/** The queries of one question to one server. */
interface Turn {
  readonly upstream: Upstream;
  queries: number;
  /** The server will not answer this question. */
  hasFailed: boolean;
  isCookieRetried: boolean;
  /** The server's answers over UDP have the name in another case. */
  isCaseLost: boolean;
}

export class PendingQuestion implements Linked<PendingQuestion> {
  previous: PendingQuestion | undefined;
  next: PendingQuestion | undefined;
  readonly question: CachedQuestion;
  /** The time at which the clients get an answer at the latest. */
  readonly deadline: number;
  isEnded = false;
  readonly #end: QuestionEnd;
  /** The servers, in the order in which they are to be asked. */
  readonly #turns: readonly Turn[];
  readonly #underWay: Query[] = [];
  readonly #budget: number;
  #queries = 0;
  #retries = 0;
  #nextAt = Infinity;
  #why: number = extendedError.NO_REACHABLE_AUTHORITY;

  /** `order` has the servers in the order in which they are to be asked. */
  constructor(question: CachedQuestion, order: readonly Upstream[], budget: number, now: number, end: QuestionEnd) {
    this.question = question;
    this.#turns = order.map((upstream) => ({
      upstream,
      queries: 0,
      hasFailed: upstream.loops,
      isCookieRetried: false,
      isCaseLost: false,
    }));
    this.#budget = budget;
    this.deadline = now + budget;
    this.#end = end;
  }

  /** Begins to ask. The question may end at once. */
  start(now: number): void {
    this.#askNext(now);
  }

  /** Does what is due. Returns whether anything was. */
  tick(now: number): boolean {
    if (this.isEnded) {
      if (now < this.deadline + lateMilliseconds) return false;
      this.#stop();
    } else if (now >= this.deadline) this.#fail(now);
    else if (now >= this.#nextAt) this.#askNext(now);
    else return false;
    return true;
  }

  /** Ends the question because its forwarder was removed. */
  cancel(): void {
    if (!this.isEnded) this.#end.fail(extendedError.NOT_READY);
    this.#stop();
  }

  #stop(): void {
    this.isEnded = true;
    this.#forgetAll();
    this.#end.done();
  }

  /** Takes the answer to a query. */
  answered(query: Query, message: WalkedMessage, sameCase: boolean, now: number): void {
    this.#remove(query);
    this.#take(query, message, sameCase, now);
    this.#tellIfDone();
  }

  /** Takes the failure of a query. */
  failed(query: Query, why: ExchangeFailure): void {
    this.#remove(query);
    this.#failed(query, why);
    this.#tellIfDone();
  }

  /** Gives the server up, since it forwards our questions back to us. */
  noteLoop(upstream: Upstream, now: number): void {
    for (const query of this.#underWay.filter(({ turn }) => turn.upstream === upstream)) {
      this.#remove(query);
      forget(query);
    }
    const turn = this.#turns.find((one) => one.upstream === upstream);
    if (turn !== undefined) this.#giveUp(turn, now);
  }

  #askNext(now: number): void {
    const turn = this.#chooseNext();
    if (turn === undefined) {
      this.#nextAt = Infinity;
      if (this.#underWay.length === 0) this.#fail(now);
      return;
    }
    const { upstream } = turn;
    const isPlain = turn.queries >= queriesBeforePlain && !upstream.hasEdns && !upstream.isSecure;
    this.#queries += 1;
    turn.queries += 1;
    this.#nextAt = now + this.#waitFor(turn);
    this.#ask(turn, { edns: upstream.speaksEdns(now) && !isPlain, stream: false }, now);
  }

  /** Returns the server that was asked least; the first one of several. */
  #chooseNext(): Turn | undefined {
    if (this.#queries >= maxQueries) return undefined;
    let chosen: Turn | undefined;
    for (const turn of this.#turns) {
      if (turn.hasFailed || (chosen !== undefined && turn.queries >= chosen.queries)) continue;
      // A connection loses no query, so the server is not asked twice.
      if (turn.queries > 0 && turn.upstream.isSecure) continue;
      chosen = turn;
    }
    return chosen;
  }

  #waitFor({ upstream, queries }: Turn): number {
    const isAnotherLeft = this.#turns.some((turn) => !turn.hasFailed && turn.queries < queries);
    if (!isAnotherLeft) return (this.#budget / repeatPart) * (1 << (queries - 1));
    const byLatency = waitPerLatency * (upstream.latency ?? Infinity);
    // Opening a connection takes time too.
    return Math.min(Math.max(byLatency, minWait), maxWait) * (upstream.isSecure ? 2 : 1);
  }

  #ask(turn: Turn, form: Form, now: number): void {
    this.#underWay.push(new Query(this, turn, form, now));
  }

  #remove(query: Query): void {
    const place = this.#underWay.indexOf(query);
    if (place >= 0) this.#underWay.splice(place, 1);
  }

  #forgetAll(): void {
    for (let query = this.#underWay.pop(); query !== undefined; query = this.#underWay.pop()) forget(query);
  }

  #take(query: Query, message: WalkedMessage, sameCase: boolean, now: number): void {
    const { turn, edns, exchange } = query;
    const { upstream } = turn;
    const form = this.#otherForm(query, message, sameCase);
    if (form !== undefined) {
      this.#retry(turn, form, now);
      return;
    }
    if (!edns && !upstream.hasEdns) upstream.notePlain(now);
    if (exchange.isStream && turn.isCaseLost) upstream.noteSameCase(now);
    let reason: string;
    if (isUsable(message.rcode)) {
      const unusable = this.#end.answer(message);
      if (unusable === undefined) {
        upstream.usability.succeeded(now);
        this.#finish(now);
        return;
      }
      reason = `its answer cannot be used: ${unusable}`;
      this.#why = extendedError.NETWORK_ERROR;
    } else {
      reason = answersWith(message.rcode);
      const why = extendedErrorOf(message);
      if (message.rcode === rcode.SERVFAIL && why >= 0) this.#why = why;
    }
    upstream.noteUseless(reason, now);
    this.#giveUp(turn, now);
  }

  /** Returns the form in which the same server must be asked again; undefined if the message is its answer. */
  #otherForm({ turn, edns, exchange }: Query, message: WalkedMessage, sameCase: boolean): Form | undefined {
    const { isStream } = exchange;
    const isCut = ((message.octets[headerField.flags] as number) & flag.TC) !== 0;
    // Nobody can forge an answer over a connection, so there the case does not matter.
    if (!isStream && !sameCase) turn.isCaseLost = true;
    if (!isStream && (!sameCase || isCut)) return { edns, stream: true };
    if (!edns) return undefined;
    if (message.rcode === rcode.FORMERR || message.rcode === rcode.NOTIMP) return { edns: false, stream: isStream };
    if (message.rcode !== rcode.BADCOOKIE) return undefined;
    // The answer had a new cookie. If that is rejected too, TCP is used: it needs no cookie (RFC 7873 §5.3).
    const stream = isStream || turn.isCookieRetried;
    turn.isCookieRetried = true;
    return { edns, stream };
  }

  #failed({ turn, exchange, edns }: Query, why: ExchangeFailure): void {
    const now = performance.now();
    const { upstream } = turn;
    if (why === 'ended') {
      // The server has closed an idle connection, or closes each after some answers (RFC 7766 §6.2.3).
      this.#retry(turn, { edns, stream: exchange.isStream }, now);
      return;
    }
    if (why !== 'broken') this.#why = extendedError.NETWORK_ERROR;
    if (exchange.isStream && turn.isCaseLost && !upstream.isSecure) {
      // The server has no TCP: it is asked over UDP without mixed case.
      turn.isCaseLost = false;
      upstream.noteSameCase(now);
      this.#retry(turn, { edns: upstream.speaksEdns(now), stream: false }, now);
    } else this.#giveUp(turn, now);
  }

  #retry(turn: Turn, form: Form, now: number): void {
    if (this.isEnded) return;
    this.#retries += 1;
    if (this.#retries > maxRetries) this.#giveUp(turn, now);
    else this.#ask(turn, form, now);
  }

  /** Gives the server up, and asks the next one at once. */
  #giveUp(turn: Turn, now: number): void {
    turn.hasFailed = true;
    if (!this.isEnded) this.#askNext(now);
  }

  #fail(now: number): void {
    const wasEnded = this.isEnded;
    this.#finish(now);
    if (!wasEnded) this.#end.fail(this.#why);
  }

  #finish(now: number): void {
    if (!this.isEnded) {
      this.isEnded = true;
      this.#noteSilent(now);
    }
    // After the deadline, the queries stay open for a late answer.
    if (now < this.deadline) this.#forgetAll();
    this.#tellIfDone();
  }

  /** Counts a failure for each server that should have answered by now. */
  #noteSilent(now: number): void {
    if (this.#underWay.length === 0) return;
    const isAnswered = now < this.deadline;
    const silent = new Set<Upstream>();
    for (const { turn, exchange } of this.#underWay) {
      const { upstream } = turn;
      const patience = isAnswered ? waitPerLatency * (upstream.latency ?? maxWait / waitPerLatency) : 0;
      if (now - exchange.sentAt >= Math.max(patience, minWait)) silent.add(upstream);
    }
    for (const upstream of silent) upstream.noteSilent();
  }

  #tellIfDone(): void {
    if (this.isEnded && this.#underWay.length === 0) this.#end.done();
  }
}

/** Lets the query's answer be dropped. */
function forget({ exchange }: Query): void {
  exchange.waiting?.forget(exchange);
}
