// An exchange is one query with its response. It holds the data that the steps share, each part in a file of its own,
// and the thread's settings. The steps and their order: responder.ts.

import { HeldAddresses } from '../../table/held-addresses.ts';
import type { TableReader } from '../../table/reader.ts';
import { extendedError, rcode } from '../wire/codes.ts';
import { type ChaosName, chaosNames } from './chaos-names.ts';
import { type Client, newClient } from './client.ts';
import { Clock } from './clock.ts';
import { newResponseCounters } from './counters.ts';
import { Edns } from './edns.ts';
import type { ForwardedAnswers } from './forwarded-answers.ts';
import type { HandedOnKind } from './hand-on.ts';
import { IncludedBlocks } from './included-blocks.ts';
import { Lookup } from './lookup.ts';
import { NamePlace } from './name-place.ts';
import { QueryMessage } from './query-message.ts';
import { RateLimiter } from './rate-limiter.ts';
import { ResponseMessage } from './response-message.ts';
import { route, routeOpcode } from './route-opcode.ts';
import { ServerCookies } from './server-cookies.ts';
import type { ResponseSettings } from './settings.ts';
import { Targets } from './targets.ts';

/** The options of a responder. Every field is optional. */
export interface ResponderOptions {
  /** The thread's cells: counters.ts. */
  readonly counters?: SharedArrayBuffer;
  readonly settings?: ResponseSettings;
  /** The clock, which the caller sets before each batch. */
  readonly clock?: Clock;
  /** The answers of forwarded zones. Without them, questions for such zones are refused. */
  readonly forwarded?: ForwardedAnswers | undefined;
}

/**
 * The result of a step: go on with the next step, end with this response, send nothing, or let another thread answer
 * (hand-on.ts).
 */
export const verdict = { next: 0, end: 1, silent: 2, handOn: 3 } as const;
export type Verdict = (typeof verdict)[keyof typeof verdict];

/**
 * The exchange is reused for every query of a thread, so that answering makes no garbage
 * (test/dns/respond/garbage.test.ts). Nothing of one query is left for the next one
 * (test/dns/respond/reused-exchange.test.ts).
 */
export class Exchange {
  // Without `declare`, the field is undefined until the constructor sets it, and V8 checks its type at each use.
  declare readonly reader: TableReader;
  declare readonly counters: Float64Array;
  declare readonly cookies: ServerCookies | undefined;
  /** Our own NSID; empty if clients do not get it. */
  declare readonly nsid: Uint8Array;
  declare readonly chaos: readonly ChaosName[];
  declare readonly limiter: RateLimiter | undefined;
  declare readonly forwarded: ForwardedAnswers | undefined;

  client: Client = newClient('udp');
  declare readonly query: QueryMessage;
  readonly response = new ResponseMessage();
  readonly edns = new Edns();
  declare readonly lookup: Lookup;
  /** The place of the last name that writeName wrote. */
  readonly written = new NamePlace();
  declare readonly targets: Targets;
  readonly included = new IncludedBlocks();
  /** The addresses that the name contains. Valid if findHeldAddresses has found some. */
  readonly held = new HeldAddresses();
  /** The kind of the handed-on query; undefined if no step hands the query on. */
  handOnTo: HandedOnKind | undefined;
  readonly found = { forwarder: 0, flags: 0 };

  constructor(reader: TableReader, { counters, settings = {}, clock = new Clock(), forwarded }: ResponderOptions = {}) {
    this.reader = reader;
    this.counters = new Float64Array(counters ?? newResponseCounters());
    this.cookies = settings.cookies && new ServerCookies(settings.cookies, clock);
    this.nsid = Buffer.from(settings.nsid ?? '');
    this.chaos = settings.chaos === undefined ? [] : chaosNames(settings.chaos);
    this.limiter = settings.rateLimit && new RateLimiter(settings.rateLimit, clock);
    this.forwarded = forwarded;
    this.query = new QueryMessage(reader.newKey());
    this.lookup = new Lookup(this.query.name, reader.newKey());
    this.targets = new Targets(reader.newKey());
  }

  begin(query: Uint8Array, length: number, response: Uint8Array, client: Client): void {
    this.client = client;
    this.handOnTo = undefined;
    this.found.forwarder = 0;
    this.query.begin(query, length);
    this.response.begin(response);
    this.edns.begin();
    this.lookup.begin();
    this.targets.begin();
    this.included.begin();
  }

  /** Ends the exchange with this code and the records that have been written so far. */
  end(code: number, extended: number = extendedError.NONE): Verdict {
    this.response.rcode = code;
    this.response.extendedError = extended;
    return verdict.end;
  }

  /** Ends the exchange here: another thread answers. */
  handOn(kind: HandedOnKind): Verdict {
    this.handOnTo = kind;
    return verdict.handOn;
  }

  /**
   * Ends the exchange because the query cannot be read: with FORMERR, or with NOTIMP if the opcode is unknown, since
   * the body may be correct for that opcode.
   */
  endMalformed(): Verdict {
    const isKnown = routeOpcode(this.query.opcode) !== route.nobody;
    return this.end(isKnown ? rcode.FORMERR : rcode.NOTIMP);
  }

  /** Ends the exchange with TC: a record that the client needs does not fit. */
  truncate(): Verdict {
    this.response.truncated = true;
    return verdict.end;
  }

  count(cell: number): void {
    this.counters[cell] = (this.counters[cell] as number) + 1;
  }
}
