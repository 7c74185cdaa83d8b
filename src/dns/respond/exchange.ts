// One query and the response to it while it is being made: what the steps tell each other. Reused for every query of a thread, so that none makes garbage.
// The steps and their order: responder.ts.

import type { Reference, ZoneId } from '../../table/layout.ts';
import type { NameKey } from '../../table/name-key.ts';
import type { TableReader } from '../../table/reader.ts';
import { extendedError, opcode, rcode } from '../wire/codes.ts';
import { headerLength, writeUint16 } from '../wire/header.ts';
import { type ChaosName, chaosNames } from './chaos-names.ts';
import { type Client, newClient } from './client.ts';
import { Clock } from './clock.ts';
import { newResponseCounters, type Transport } from './counters.ts';
import type { HandedOnKind } from './hand-on.ts';
import { RateLimiter } from './rate-limiter.ts';
import { type CookieState, cookie, ServerCookies } from './server-cookies.ts';
import type { ResponseSettings } from './settings.ts';

/** What a responder is made with; all of it may be left out. */
export interface ResponderOptions {
  /** The thread's cells: counters.ts. */
  readonly counters?: SharedArrayBuffer;
  readonly settings?: ResponseSettings;
  /** To be set before each batch. */
  readonly clock?: Clock;
}

/** A step's result: go on with the next; go to the last ones; no response at all; another thread answers (hand-on.ts). */
export const verdict = { next: 0, end: 1, silent: 2, handOn: 3 } as const;
export type Verdict = (typeof verdict)[keyof typeof verdict];

/** What there is at the name that is being looked up (RFC 1034 §4.3.2, step 3). */
export const finding = {
  /** The name exists, or a wildcard stands in for it: `data` is what it holds. */
  name: 0,
  /** The name exists, and holds nothing of the type (RFC 2308 §2.2). */
  noData: 1,
  /** The name does not exist (RFC 2308 §2.1). */
  noName: 2,
  /** The name is delegated: `data` holds the NS RRset of suffix `foundSuffix`. */
  referral: 3,
  /** A DNAME stands above the name: `data` holds it, its owner is suffix `foundSuffix`. */
  dname: 4,
  /** Nothing more to be said: all is in the answer section, or no zone of ours goes on with it. */
  done: 5,
} as const;

/** As many aliases are followed. */
export const aliasLimit = 16;

/** As many name servers are remembered for a referral, which needs them: no message has more, of 16 octets each at least. */
const targetLimit = 4096;
/** As many names are remembered for any other additional section, which is a courtesy. */
const courtesyLimit = 128;

/** In place of where a remembered name lies in the table: it is the name that was looked up. */
export const ownName = -1;

export class Exchange {
  readonly reader: TableReader;
  readonly counters: Float64Array;
  readonly cookies: ServerCookies | undefined;
  /** Empty: nothing is told. */
  readonly nsid: Uint8Array;
  readonly chaos: readonly ChaosName[];
  readonly limiter: RateLimiter | undefined;

  client: Client = newClient('udp');
  query: Uint8Array = new Uint8Array(headerLength);
  queryLength = 0;
  response: Uint8Array = this.query;
  transport: Transport = 'udp';

  opcode = 0;
  /** Set once a step has decided that another thread answers. */
  handOnTo: HandedOnKind | undefined;
  /** Where the next octet of the response goes. */
  at = 0;
  /** Where records must end: room for OPT is kept behind it. */
  limit = 0;
  /** Where the message must end. */
  messageLimit = 0;
  /** The header's flags, without opcode and rcode. */
  authoritative = false;
  truncated = false;
  rcode: number = rcode.NOERROR;
  /** Why, in more detail (RFC 8914). */
  extendedError: number = extendedError.NONE;
  answers = 0;
  authorities = 0;
  additionals = 0;

  /** The question; `questionEnd` is 0 until it is known to be whole. */
  readonly question: NameKey;
  questionEnd = 0;
  type = 0;
  class = 0;

  /** The query has an OPT record, good or not (RFC 6891 §7). */
  edns = false;
  dnssecOk = false;
  /** What the client can take over UDP. */
  udpSize = 512;
  nsidAsked = false;
  /** The data of the query's COOKIE option, and its octets; at 0 without one. */
  cookieAt = 0;
  cookieLength = 0;
  /** What it was found to be. */
  cookie: CookieState = cookie.none;
  /** Where in the query a TSIG record begins; 0 without one. */
  tsigAt = 0;

  /** The name being looked up: the question, or where aliases led. */
  name: NameKey;
  /** Its place when it is not the question. */
  readonly aliasTarget: NameKey;
  zone: ZoneId = 0 as ZoneId;
  /** Which suffix of `name` is the zone. */
  zoneSuffix = 0;
  /** `name` is itself a zone of ours, and asked for on its parent's side. */
  isChildZone = false;
  finding: number = finding.done;
  node: Reference = 0;
  data: Reference = 0;
  foundSuffix = 0;
  /** A wildcard stood in for a name that was looked up. */
  wildcard = false;

  /** Names that were looked up before, as octets one behind the other: an alias that leads back to one of them is a loop. */
  readonly passed = new Uint8Array(256 * (aliasLimit + 1));
  passedLength = 0;
  aliases = 0;

  /** Where `name` lies in the response: its first labels at `nameAt`, from label `nameSplit` on at `nameTail`. */
  #nameAt = headerLength;
  #nameSplit = 0;
  #nameTail = headerLength;
  /** The same of the name written last (writeName). */
  writtenAt = 0;
  writtenSplit = 0;
  writtenTail = 0;

  /** Names in rdata that the additional section may speak of: of which type, where in the table, where in the response. */
  readonly targetTypes = new Uint16Array(targetLimit);
  readonly targetNames = new Float64Array(targetLimit);
  readonly targetsAt = new Uint16Array(targetLimit);
  targets = 0;
  readonly targetKey: NameKey;
  /** What is in the response already and must not be there twice: nodes whose addresses are, what holds a DNAME that is. */
  readonly spokenOf = new Uint32Array(courtesyLimit + 1);
  spokenOfCount = 0;

  /** A name made up for this response. */
  readonly madeName = new Uint8Array(256);

  constructor(reader: TableReader, { counters, settings = {}, clock = new Clock() }: ResponderOptions = {}) {
    this.reader = reader;
    this.counters = new Float64Array(counters ?? newResponseCounters());
    this.cookies = settings.cookies && new ServerCookies(settings.cookies, clock);
    this.nsid = Buffer.from(settings.nsid ?? '');
    this.chaos = settings.chaos === undefined ? [] : chaosNames(settings.chaos);
    this.limiter = settings.rateLimit && new RateLimiter(settings.rateLimit, clock);
    this.question = reader.newKey();
    this.aliasTarget = reader.newKey();
    this.targetKey = reader.newKey();
    this.name = this.question;
  }

  begin(query: Uint8Array, length: number, response: Uint8Array, client: Client): void {
    this.query = query;
    this.queryLength = length;
    this.response = response;
    this.client = client;
    this.transport = client.transport;
    this.handOnTo = undefined;
    this.at = headerLength;
    this.limit = Math.min(512, response.length);
    this.messageLimit = this.limit;
    this.authoritative = false;
    this.truncated = false;
    this.rcode = rcode.NOERROR;
    this.extendedError = extendedError.NONE;
    this.answers = 0;
    this.authorities = 0;
    this.additionals = 0;
    this.questionEnd = 0;
    this.edns = false;
    this.dnssecOk = false;
    this.udpSize = 512;
    this.nsidAsked = false;
    this.cookieAt = 0;
    this.cookie = cookie.none;
    this.tsigAt = 0;
    this.name = this.question;
    this.finding = finding.done;
    this.wildcard = false;
    this.passedLength = 0;
    this.aliases = 0;
    this.#nameAt = headerLength;
    this.#nameSplit = 0;
    this.#nameTail = headerLength;
    this.targets = 0;
    this.spokenOfCount = 0;
  }

  /** Ends the exchange with this code and what has been written so far. */
  end(code: number, extended: number = extendedError.NONE): Verdict {
    this.rcode = code;
    this.extendedError = extended;
    return verdict.end;
  }

  /** Leaves the query to another thread. */
  handOn(kind: HandedOnKind): Verdict {
    this.handOnTo = kind;
    return verdict.handOn;
  }

  /** Ends the exchange because the query cannot be read. The body of an unknown opcode is not ours to judge: NOTIMP, not FORMERR. */
  malformed(): Verdict {
    const known = this.opcode === opcode.QUERY || this.opcode === opcode.NOTIFY;
    return this.end(known ? rcode.FORMERR : rcode.NOTIMP);
  }

  /** Where in the response suffix i of `name` can be pointed at. */
  suffixAt(suffix: number): number {
    const { starts } = this.name;
    const start = starts[suffix] as number;
    return suffix < this.#nameSplit
      ? this.#nameAt + start
      : this.#nameTail + start - (starts[this.#nameSplit] as number);
  }

  /** Looks up from now on the name that was written last; `bytes` hold it in full at `offset`. */
  followWrittenName(bytes: Uint8Array, offset: number): void {
    this.name = this.aliasTarget;
    this.name.read(bytes, offset, offset + 256);
    this.#nameAt = this.writtenAt;
    this.#nameSplit = this.writtenSplit;
    this.#nameTail = this.writtenTail;
  }

  /** Remembers for the additional section a name in rdata of this type, which lies in the table at `offset` (or `ownName`) and in the response at `at`. */
  rememberTarget(type: number, offset: number, at: number): void {
    if (this.targets === (this.finding === finding.referral ? targetLimit : courtesyLimit)) return;
    this.targetTypes[this.targets] = type;
    this.targetNames[this.targets] = offset;
    this.targetsAt[this.targets] = at;
    this.targets += 1;
  }

  /** Whether this is the first time that the response speaks of this node, or of what holds this DNAME. */
  speakOf(block: Reference): boolean {
    for (let i = 0; i < this.spokenOfCount; i += 1) if (this.spokenOf[i] === block) return false;
    if (this.spokenOfCount < this.spokenOf.length) {
      this.spokenOf[this.spokenOfCount] = block;
      this.spokenOfCount += 1;
    }
    return true;
  }

  count(cell: number): void {
    this.counters[cell] = (this.counters[cell] as number) + 1;
  }

  writeCounts(): void {
    const { response } = this;
    writeUint16(response, 4, this.questionEnd === 0 ? 0 : 1);
    writeUint16(response, 6, this.answers);
    writeUint16(response, 8, this.authorities);
    writeUint16(response, 10, this.additionals);
  }
}
