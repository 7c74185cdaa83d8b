// Whether a server's answers can be used. A server that answers every question with REFUSED is alive, but of no use.

import { rcode, rcodeName } from '../../dns/wire/codes.ts';
import type { Logger } from '../../model/logger.ts';
import { TroubleLog } from '../../model/trouble-log.ts';

/** Milliseconds without an unusable answer after which a usable one ends the trouble in the log. */
const usableAfter = 60_000;

export class Usability {
  readonly #fields: object;
  readonly #trouble: TroubleLog;
  #failedAt = -Infinity;
  /** True: a question was answered usably. */
  #hasAnswered = false;
  /** Why the last answer could not be used, for people; undefined if it could. */
  failure: string | undefined;

  /** `fields` name the server in the log. */
  constructor(logger: Logger, fields: object) {
    this.#fields = fields;
    this.#trouble = new TroubleLog(logger, {
      begins: 'a target of a forwarder gives answers that cannot be used: it may not allow questions from here',
      over: 'the answers of a target of a forwarder can be used again',
    });
  }

  /** Notes an unusable answer. `why` is for people. */
  failed(why: string, now: number): void {
    this.failure = why;
    this.#failedAt = now;
    this.#trouble.failed(why, this.#fields);
  }

  /** Notes that a question was answered. */
  succeeded(now: number): void {
    this.#hasAnswered = true;
    this.#end(now);
  }

  /**
   * Notes the response code of a probe's answer. Some servers refuse the probe, but answer questions. So an error says
   * nothing once a question was answered.
   */
  noteProbe(code: number, now: number): void {
    if (isUsable(code)) this.#end(now);
    else if (!this.#hasAnswered) this.failed(answersWith(code), now);
  }

  /** The trouble in the log ends late. Else a server that answers only some questions would fill the log. */
  #end(now: number): void {
    this.failure = undefined;
    if (now - this.#failedAt >= usableAfter) this.#trouble.succeeded(this.#fields);
  }
}

/** Returns whether an answer with this response code can be used. */
export function isUsable(code: number): boolean {
  return code === rcode.NOERROR || code === rcode.NXDOMAIN;
}

/** Returns what people are told of a server that answers with an error. */
export function answersWith(code: number): string {
  return `the server answers ${rcodeName(code)}`;
}
