// Forwards questions: asks the servers of forwarded zones, keeps their answers in the cache, and follows aliases into
// other zones. The caller has the sockets of clients.

import type { OpenServerSocket } from '../../dns/ask/server-socket.ts';
import { extendedError } from '../../dns/wire/codes.ts';
import { AnswerReader } from '../../forward-cache/answer-reader.ts';
import type { ForwardCacheWriter } from '../../forward-cache/forward-cache-writer.ts';
import { addressFromRdata, formatAddress } from '../../model/address.ts';
import { formatForwarderTarget } from '../../model/forwarder.ts';
import type { Logger } from '../../model/logger.ts';
import { type Fqdn, nameToWire } from '../../model/name.ts';
import { within } from '../../model/within.ts';
import { Admission } from './admission.ts';
import { AskedQuestion, type AskedTogether, keepFailure } from './asked-question.ts';
import { AskedQuestions, type Give } from './asked-questions.ts';
import { type CachedAnswer, describeAnswer } from './cached-answer.ts';
import { completeAnswer } from './complete-answer.ts';
import type {
  ForwarderState,
  ForwarderUpstreams,
  ForwardRequest,
  ListedForwarder,
  OwnZones,
} from './forward-request.ts';
import { ForwarderRuntime } from './forwarder-runtime.ts';
import { failureAnswer } from './make-answer.ts';
import { octetText } from './octet-text.ts';
import { Probes, probeLabelLength } from './probes.ts';
import { secondsNow } from './seconds-now.ts';
import { mayBeStale } from './stale-answer.ts';
import type { Upstream } from './upstream.ts';
import { ZoneRoutes } from './zone-routes.ts';

/** Milliseconds between two checks of the questions under way. */
const tickMilliseconds = 20;
/** Questions whose time is over, or that are asked again, at once; and milliseconds until others follow. */
const maxAtOnce = 32;
const restMilliseconds = 1;
const probeTickMilliseconds = 250;

interface ForwardingOptions {
  readonly cache: ForwardCacheWriter;
  readonly ownZones: OwnZones;
  readonly logger: Logger;
  /** Opens a UDP socket to a server. */
  readonly openSocket: OpenServerSocket;
  /** The most questions under way. Only tests set this limit. */
  readonly maxQuestions?: number;
}

export class Forwarding {
  readonly #options: ForwardingOptions;
  readonly #runtimes = new Map<number, ForwarderRuntime>();
  /** Forwarders before a change. Their questions under way still get answers. */
  readonly #replaced = new Set<ForwarderRuntime>();
  readonly #routes: ZoneRoutes;
  readonly #together: AskedTogether;
  readonly #probes: Probes;
  readonly #reader = new AnswerReader();
  #ticker: NodeJS.Timeout | undefined;
  /** Until the rest is done of what is due. */
  #rest: NodeJS.Timeout | undefined;
  #prober: NodeJS.Timeout | undefined;

  constructor(options: ForwardingOptions) {
    this.#options = options;
    this.#routes = new ZoneRoutes(options.ownZones);
    this.#together = {
      cache: options.cache,
      asked: new AskedQuestions(),
      admission: new Admission(options.maxQuestions),
      routes: this.#routes,
    };
    this.#probes = new Probes((runtime, upstream, client) => this.#noteLoop(runtime, upstream, client));
  }

  /**
   * Replaces the list of forwarders, and removes the cached answers of forwarders that are no longer in it. Questions
   * under way end if their zone has no forwarder any more. If it has another one, they go on with the servers before.
   */
  setForwarders(list: readonly ListedForwarder[]): void {
    const wanted = new Set(list.map(({ id }) => id));
    const zones = new Set(list.map(({ forwarder }) => forwarder.zone));
    for (const [id, runtime] of this.#runtimes) {
      if (wanted.has(id)) continue;
      this.#runtimes.delete(id);
      runtime.isReplaced = true;
      if (zones.has(runtime.listed.forwarder.zone) && runtime.pending.size > 0) this.#replaced.add(runtime);
      else runtime.close();
      this.#options.cache.clear(id);
    }
    for (const listed of list) {
      if (this.#runtimes.has(listed.id)) continue;
      const runtime = new ForwarderRuntime(listed, this.#options.openSocket, this.#options.logger, (upstream) =>
        this.#probes.hurry(runtime, upstream, performance.now()),
      );
      this.#runtimes.set(listed.id, runtime);
    }
    this.#routes.set(this.#runtimes.values());
    this.#startProbing();
  }

  /** Gives the answer as a block (forward-cache/answer-block.ts), now or later. A promise does not reject. */
  forward(request: ForwardRequest, give: (answer: Uint8Array | Promise<Uint8Array>) => void): void {
    const now = performance.now();
    this.#answer(request, now, (block) => {
      this.#reader.open(block);
      give(this.#reader.isUnfinished ? this.#completeUntil(this.#deadlineOf(request, now), block, request) : block);
    });
  }

  /**
   * Completes an answer that begins with aliases of a zone that is served here. `block` has these aliases, as an
   * unfinished answer to the question of the request. If completing fails, the aliases are the answer.
   */
  complete(block: Uint8Array, request: ForwardRequest): Promise<Uint8Array> {
    return this.#completeUntil(this.#deadlineOf(request, performance.now()), block, request);
  }

  async #completeUntil(until: number, block: Uint8Array, request: ForwardRequest): Promise<Uint8Array> {
    // Other questions must not be asked while the question of this block is being answered.
    await undefined;
    return completeAnswer(block, request, this.#routes, (next) => this.#answerUntil(next, until));
  }

  /** Returns when the client must have its answer: the time of the first forwarder is for all zones of its aliases. */
  #deadlineOf({ forwarder }: ForwardRequest, askedAt: number): number {
    const { timeoutMilliseconds = 0 } = this.#runtimes.get(forwarder)?.listed.forwarder ?? {};
    return askedAt + timeoutMilliseconds;
  }

  /** Returns the answer, or undefined if it does not come in time. The question goes on for other clients. */
  async #answerUntil(request: ForwardRequest, until: number): Promise<Uint8Array | undefined> {
    const now = performance.now();
    let made: Uint8Array | undefined;
    const answer = new Promise<void>((resolve) => {
      this.#answer(request, now, (block) => {
        made = block;
        resolve();
      });
    });
    if (made === undefined) await within(answer, Math.max(0, until - now));
    return made;
  }

  /** Returns the state of the zone's forwarder; undefined if there is none. */
  state(zone: Fqdn): ForwarderState | undefined {
    const runtime = this.#runtimeOf(zone);
    if (runtime === undefined) return undefined;
    return { ...runtime.state(), cache: this.#options.cache.usage(runtime.listed.id, secondsNow()) };
  }

  /** Returns the servers of all forwarders. Unlike {@link state}, it does not visit the entries of the cache. */
  upstreams(): ForwarderUpstreams[] {
    return Array.from(this.#runtimes.values(), (runtime) => runtime.state());
  }

  /** Returns at most `limit` cached answers of the zone's forwarder, or of one name in it. */
  cached(zone: Fqdn, name: Fqdn | undefined, limit: number): CachedAnswer[] {
    const runtime = this.#runtimeOf(zone);
    if (runtime === undefined) return [];
    const wire = name === undefined ? undefined : nameToWire(name);
    const seconds = secondsNow();
    const kept = this.#options.cache.list(runtime.listed.id, limit, seconds, wire);
    return kept.map((answer) => describeAnswer(answer, seconds));
  }

  /** Removes the cached answers of the zone's forwarder, or of one name in it. Returns how many there were. */
  emptyCache(zone: Fqdn, name?: Fqdn): number {
    const runtime = this.#runtimeOf(zone);
    if (runtime === undefined) return 0;
    return this.#options.cache.clear(runtime.listed.id, name === undefined ? undefined : nameToWire(name));
  }

  close(): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#rest);
    clearInterval(this.#prober);
    for (const runtime of this.#working()) runtime.close();
    this.#runtimes.clear();
    this.#replaced.clear();
  }

  /** Returns the forwarders that may have questions under way. */
  #working(): ForwarderRuntime[] {
    return [...this.#runtimes.values(), ...this.#replaced];
  }

  #runtimeOf(zone: Fqdn): ForwarderRuntime | undefined {
    for (const runtime of this.#runtimes.values()) if (runtime.listed.forwarder.zone === zone) return runtime;
    return undefined;
  }

  #answer(request: ForwardRequest, now: number, give: Give): void {
    const known = this.#answerNow(request, now, give);
    if (known !== undefined) give(known);
  }

  /** Returns the answer, or undefined if `give` gets it later, or has got it. */
  #answerNow(request: ForwardRequest, now: number, give: Give): Uint8Array | undefined {
    const { forwarder, question, client } = request;
    const { asked, admission, cache } = this.#together;
    const runtime = this.#runtimes.get(forwarder);
    const seconds = secondsNow();
    if (runtime === undefined) return failureAnswer(question, extendedError.NOT_READY, seconds);
    if (this.#isProbe(request)) return failureAnswer(question, noServer, seconds);
    const hash = asked.hash(request);
    const same = asked.find(request, hash);
    if (same !== undefined) {
      // The client is a server that we asked: it may be forwarding our question back to us.
      const upstream = runtime.upstreamAt(client);
      if (upstream !== undefined) this.#probes.hurry(runtime, upstream, now);
      same.wait(give);
      return undefined;
    }
    const cached = cache.find(forwarder, question);
    if (cached !== undefined) {
      this.#reader.open(cached);
      if (this.#reader.isFresh(seconds)) return cached;
    }
    const stale = cached !== undefined && mayBeStale(cached, seconds) ? cached : undefined;
    if (runtime.isDown && runtime.pending.size > 0) return keepFailure(cache, runtime, request, stale, noServer);
    const place = admission.enter(forwarder, client);
    if (place === undefined) return stale ?? failureAnswer(question, extendedError.NOT_READY, seconds);
    new AskedQuestion(this.#together, runtime, request, hash, stale, place, now, give).start(now);
    this.#startTicking();
    return undefined;
  }

  /** Returns whether the question is one of our probes. A probe must not be forwarded again. */
  #isProbe({ question, client }: ForwardRequest): boolean {
    const [length = 0] = question.name;
    if (length !== probeLabelLength) return false;
    return this.#probes.takeBack(octetText(question.name.subarray(1, 1 + length)), client);
  }

  #noteLoop(runtime: ForwarderRuntime, upstream: Upstream, client: Uint8Array): void {
    const { zone } = runtime.listed.forwarder;
    const target = formatForwarderTarget(upstream.target);
    const asker = formatAddress(addressFromRdata(client));
    this.#options.logger.warn(
      { forwarder: zone, target, asker },
      'a forwarding loop: the target forwards this zone to us. It is not asked until it no longer does so',
    );
    for (const question of runtime.pending.toArray()) question.noteLoop(upstream, performance.now());
  }

  #startTicking(): void {
    this.#ticker ??= setInterval(() => this.#tick(performance.now()), tickMilliseconds);
  }

  #tick(now: number): void {
    if (!this.#doWhatIsDue(now)) {
      this.#rest ??= setTimeout(() => {
        this.#rest = undefined;
        this.#tick(performance.now());
      }, restMilliseconds);
    }
    for (const runtime of this.#replaced) {
      if (runtime.pending.size > 0) continue;
      this.#replaced.delete(runtime);
      runtime.close();
    }
    for (const { pending } of this.#working()) if (pending.size > 0) return;
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  /** Returns false if more is due than is done at once. */
  #doWhatIsDue(now: number): boolean {
    let left = maxAtOnce - this.#together.asked.giveStale(now, maxAtOnce);
    for (const { pending } of this.#working()) {
      for (const question of pending.toArray()) {
        if (left <= 0) return false;
        if (question.tick(now)) left -= 1;
      }
    }
    return true;
  }

  #startProbing(): void {
    if (this.#runtimes.size === 0) {
      clearInterval(this.#prober);
      this.#prober = undefined;
      return;
    }
    this.#prober ??= setInterval(
      () => this.#probes.tick(this.#runtimes.values(), performance.now()),
      probeTickMilliseconds,
    );
    this.#probes.tick(this.#runtimes.values(), performance.now());
  }
}

const noServer = extendedError.NO_REACHABLE_AUTHORITY;
