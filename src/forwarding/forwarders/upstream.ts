// One server of a forwarder: what it can do, how fast it is, and whether it answers. Sends queries to the server, and
// decides which message answers a query (RFC 5452 §9.1). pending-question.ts decides which server is asked, and when.

import type { OpenServerSocket } from '../../dns/ask/server-socket.ts';
import { rcode, recordClass } from '../../dns/wire/codes.ts';
import { flag, headerField, headerLength, readUint16 } from '../../dns/wire/header.ts';
import type { CachedQuestion } from '../../forward-cache/forward-cache-writer.ts';
import type { ForwarderTarget } from '../../model/forwarder.ts';
import { type Fqdn, nameToWire } from '../../model/name.ts';
import { typeCode } from '../../model/rdata/record-types.ts';
import { DatagramPorts } from './datagram-ports.ts';
import type { Exchange, ExchangeFailure, ExchangeListener } from './exchange.ts';
import type { UpstreamStatus } from './forward-request.ts';
import { clientCookieLength, cookieOf } from './message-options.ts';
import { randomOctet } from './random-octets.ts';
import { StreamConnection } from './stream-connection.ts';
import { writeQuery } from './upstream-query.ts';
import type { Usability } from './usability.ts';
import { WalkedMessage } from './walk-message.ts';

/** Milliseconds for which a server that failed with EDNS, or with mixed case, is asked without that. */
const forgivenAfter = 600_000;
/** Unanswered questions in a row after which a server counts as failing. */
const maxSilent = 2;
/** Unanswered probes after which a failing server counts as down. */
const maxProbesOfDown = 3;
/** The weight of a new measurement in the smoothed latency (RFC 6298 §2). */
const latencyWeight = 1 / 8;
/** Answers in a row without a cookie after which the server is taken to have no cookies any more. */
const maxWithoutCookie = 2;

/** What people are told of a server that does not answer. */
export const failures = {
  silent: 'no answer in time',
  refused: 'its port is closed',
  distrusted: 'its certificate was not accepted',
  broken: 'the connection failed',
  loops: 'it forwards the zone to us',
} as const;
/** The maximum number of characters of a failure: the system's messages may have parts of a certificate. */
const maxFailure = 300;

const walked = new WalkedMessage();

/** The form in which a server is asked. With `stream`, it is asked over TCP. */
export interface Form {
  readonly edns: boolean;
  readonly stream: boolean;
}

export class Upstream {
  readonly target: ForwarderTarget;
  /** The server's place in the forwarder's list. */
  readonly place: number;
  readonly #ports: DatagramPorts;
  readonly #stream: StreamConnection;
  readonly #counts = { asked: 0, answered: 0, failed: 0, foreign: 0 };
  readonly #onHealth: (upstream: Upstream, isHealthy: boolean) => void;
  latency: number | undefined;
  isHealthy: boolean | undefined;
  loops = false;
  /** Why the last query or probe had no answer, for people; undefined once one was answered. */
  failure: string | undefined;
  heardAt = -Infinity;
  unansweredProbes = 0;
  readonly usability: Usability;
  #silent = 0;
  #cookie: Uint8Array | undefined;
  #withoutCookie = 0;
  /** True: the server has answered with EDNS before. */
  hasEdns = false;
  #plainUntil = 0;
  #sameCaseUntil = 0;

  constructor(
    target: ForwarderTarget,
    place: number,
    authorities: string | undefined,
    openSocket: OpenServerSocket,
    usability: Usability,
    onHealth: (upstream: Upstream, isHealthy: boolean) => void,
  ) {
    this.target = target;
    this.place = place;
    this.usability = usability;
    this.#onHealth = onHealth;
    this.#ports = new DatagramPorts(target, openSocket, () => {
      this.#counts.foreign += 1;
    });
    this.#stream = new StreamConnection(target, authorities);
  }

  get isSecure(): boolean {
    return this.target.tlsName !== undefined;
  }

  /** True: the server is failing, and has left several probes unanswered. */
  get isDown(): boolean {
    return this.isHealthy === false && this.unansweredProbes >= maxProbesOfDown;
  }

  speaksEdns(now: number): boolean {
    return now >= this.#plainUntil;
  }

  status(): UpstreamStatus {
    const { isHealthy: healthy, latency, loops, unansweredProbes } = this;
    const failure = this.failure ?? this.usability.failure;
    return { target: this.place, healthy, failure, latency, loops, unansweredProbes, ...this.#counts };
  }

  /** Asks over UDP, over TCP, or over TLS if the target wants it. */
  ask(question: CachedQuestion, { edns, stream }: Form, now: number, listener: ExchangeListener): Exchange {
    const isStream = stream || this.isSecure;
    const mixedCase = !isStream && now >= this.#sameCaseUntil;
    const cookie = edns ? this.#cookieToSend() : undefined;
    const query = writeQuery(question, { mixedCase, edns, cookie });
    const exchange = new UpstreamExchange(this, query, question, isStream, edns, now, listener);
    this.#counts.asked += 1;
    if (isStream) this.#stream.send(exchange);
    else this.#ports.send(exchange);
    return exchange;
  }

  /** Asks for the SOA of a name. Returns the response code; undefined if no answer comes in time. */
  async probe(name: Fqdn, milliseconds: number, now: number): Promise<number | undefined> {
    const question = { name: nameToWire(name), type: typeCode.SOA, class: recordClass.IN, flags: 0 };
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const exchange = this.ask(question, { edns: false, stream: false }, now, {
      answered: (message) => resolve(message.rcode),
      failed: () => resolve(undefined),
    });
    const timer = setTimeout(() => {
      this.failure = failures.silent;
      resolve(undefined);
    }, milliseconds);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      exchange.waiting?.forget(exchange);
    }
  }

  /** Counts an answer that was of no use. `why` is for people. */
  noteUseless(why: string, now: number): void {
    this.#counts.failed += 1;
    this.usability.failed(why, now);
  }

  /** Counts a question that was not answered in time. */
  noteSilent(): void {
    this.#counts.failed += 1;
    this.failure = failures.silent;
    this.#silent += 1;
    if (this.#silent >= maxSilent) this.setHealthy(false);
  }

  /** Notes that the server cannot cope with EDNS. */
  notePlain(now: number): void {
    this.#plainUntil = now + forgivenAfter;
  }

  /** Notes that the server does not keep the case of names. */
  noteSameCase(now: number): void {
    this.#sameCaseUntil = now + forgivenAfter;
  }

  setHealthy(isHealthy: boolean): void {
    if (isHealthy) {
      this.failure = undefined;
      this.#silent = 0;
      this.unansweredProbes = 0;
    }
    if (this.isHealthy === isHealthy) return;
    this.isHealthy = isHealthy;
    this.#onHealth(this, isHealthy);
  }

  /** Notes an answer, to a question or to a probe, and the time that it took. */
  noteAnswer(sentAt: number, now: number): void {
    const took = now - sentAt;
    this.heardAt = now;
    this.latency = this.latency === undefined ? took : this.latency + (took - this.latency) * latencyWeight;
    this.setHealthy(true);
  }

  close(): void {
    this.#ports.close();
    this.#stream.close();
  }

  /** Notes the failure of a query. */
  failed(why: ExchangeFailure, detail = ''): void {
    if (why === 'ended') return;
    this.#counts.failed += 1;
    this.failure =
      detail === '' || why === 'refused' ? failures[why] : `${failures[why]}: ${detail}`.slice(0, maxFailure);
    // A connection that broke may only have been idle for too long, so the server does not count as failing.
    if (why !== 'broken') this.setHealthy(false);
  }

  /** Takes a message with the id of the exchange. Returns false if the message is not its answer. */
  receive(octets: Uint8Array, exchange: UpstreamExchange): boolean {
    const { query, questionEnd, edns } = exchange;
    if (!walked.walk(octets, octets.length)) return false;
    const flags = octets[headerField.flags] as number;
    if ((flags & flag.QR) === 0 || (flags & flag.opcode) !== 0) return false;
    const hasQuestion = readUint16(octets, headerField.questions) === 1;
    let sameCase = true;
    if (hasQuestion) {
      if (walked.questionEnd !== questionEnd) return false;
      for (let at = headerLength; at < questionEnd; at += 1) {
        if (octets[at] === query[at]) continue;
        sameCase = false;
        if (!differInCase(octets[at] as number, query[at] as number) || at >= questionEnd - 4) return false;
      }
      // A server that cannot read the query may leave out the question.
    } else if (walked.rcode !== rcode.FORMERR && walked.rcode !== rcode.NOTIMP) return false;
    if (edns && !this.#checkCookie(exchange.isStream)) return false;
    if (walked.opt >= 0 && edns) this.hasEdns = true;
    this.#counts.answered += 1;
    const now = performance.now();
    this.noteAnswer(exchange.sentAt, now);
    exchange.listener.answered(walked, sameCase, now);
    return true;
  }

  /**
   * Returns the cookie for a query. Each server gets another one, so that servers cannot recognise us (RFC 7873 §8).
   */
  #cookieToSend(): Uint8Array {
    this.#cookie ??= Uint8Array.from({ length: clientCookieLength }, randomOctet);
    return this.#cookie;
  }

  /**
   * Keeps the cookie of the server's answer. Returns false if the answer must be dropped: its cookie is not for us, or
   * it has none though the server has sent cookies before (RFC 7873 §5.3).
   */
  #checkCookie(isStream: boolean): boolean {
    const ours = this.#cookie as Uint8Array;
    const theirs = cookieOf(walked);
    if (theirs === undefined) {
      if (ours.length === clientCookieLength || isStream) return true;
      // A server without OPT could not read the query.
      if (walked.rcode === rcode.FORMERR) return true;
      this.#withoutCookie += 1;
      if (this.#withoutCookie >= maxWithoutCookie) this.#cookie = ours.slice(0, clientCookieLength);
      return false;
    }
    for (let i = 0; i < clientCookieLength; i += 1) if (theirs[i] !== ours[i]) return false;
    this.#withoutCookie = 0;
    this.#cookie = theirs;
    return true;
  }
}

/** A query to a server. An object with methods: closures for each query would be more garbage. */
class UpstreamExchange implements Exchange {
  waiting: Exchange['waiting'];
  id = 0;
  nextWaiting: Exchange | undefined;
  readonly query: Uint8Array;
  readonly questionEnd: number;
  readonly isStream: boolean;
  readonly edns: boolean;
  readonly sentAt: number;
  readonly listener: ExchangeListener;
  readonly #upstream: Upstream;

  constructor(
    upstream: Upstream,
    query: Uint8Array,
    { name }: CachedQuestion,
    isStream: boolean,
    edns: boolean,
    now: number,
    listener: ExchangeListener,
  ) {
    this.#upstream = upstream;
    this.query = query;
    this.questionEnd = headerLength + name.length + 4;
    this.isStream = isStream;
    this.edns = edns;
    this.sentAt = now;
    this.listener = listener;
  }

  receive(octets: Uint8Array): boolean {
    return this.#upstream.receive(octets, this);
  }

  fail(why: ExchangeFailure, detail?: string): void {
    this.#upstream.failed(why, detail);
    this.listener.failed(why);
  }
}

function differInCase(a: number, b: number): boolean {
  const lower = a | 0x20;
  return lower === (b | 0x20) && lower >= 0x61 && lower <= 0x7a;
}
