// Answers handed-on queries from the table, with the steps of dns/respond: OPT, cookie and NSID are as in other
// responses.

import { shortLivedCopy } from '../../model/short-lived-octets.ts';
import { TableReader } from '../../table/reader.ts';
import { answerNotify } from '../respond/answer-notify.ts';
import { Clock } from '../respond/clock.ts';
import type { Exchange, Verdict } from '../respond/exchange.ts';
import { ForwardedAnswers } from '../respond/forwarded-answers.ts';
import { handedOnKind } from '../respond/hand-on.ts';
import { createResponder, type Step } from '../respond/responder.ts';
import type { ResponseSettings } from '../respond/settings.ts';
import { extendedError, rcode } from '../wire/codes.ts';
import { maxMessage } from '../wire/max-message.ts';
import type { HandedOnQuery, Tenants } from './tenant.ts';

interface LateResponderTask {
  readonly table: SharedArrayBuffer;
  /** This thread's cell among the table's readers. */
  readonly reader: number;
  /** This thread's cells: respond/counters.ts. */
  readonly counters: SharedArrayBuffer;
  readonly settings: ResponseSettings;
}

/** Returns the response, or undefined to send none. */
export type LateRespond = (query: HandedOnQuery) => Uint8Array | undefined;

/** The tenants that need more than the table. */
export type OtherTenants = Omit<Tenants, keyof ReturnType<LateResponder['openTenants']>>;

export class LateResponder {
  readonly #reader: TableReader;
  readonly #task: LateResponderTask;
  readonly #clock = new Clock();
  readonly #response = new Uint8Array(maxMessage);

  constructor(task: LateResponderTask) {
    this.#reader = new TableReader(task.table, task.reader);
    this.#task = task;
  }

  /**
   * Returns a tenant that reads header, question, EDNS and cookie, and then runs `steps`. Without `steps`, it answers
   * from the table. Without `forwarded`, it refuses questions for forwarded zones.
   */
  open(steps?: readonly Step[], forwarded?: ForwardedAnswers): LateRespond {
    // The answering thread has already applied its rate limit.
    const settings = { ...this.#task.settings, rateLimit: undefined };
    const options = { ...this.#task, settings, clock: this.#clock, forwarded };
    const respond = createResponder(this.#reader, options, steps);
    return ({ message, client }) => {
      this.#clock.set(Date.now());
      this.#reader.enter();
      try {
        const length = respond(message, message.length, this.#response, client);
        return length > 0 ? shortLivedCopy(this.#response, 0, length) : undefined;
      } finally {
        this.#reader.leave();
        forwarded?.sleep();
      }
    };
  }

  /** Returns the cached answers of forwarded zones, for {@link open}. */
  openForwarded(cache: SharedArrayBuffer): ForwardedAnswers {
    return new ForwardedAnswers(cache, this.#task.reader, this.#clock);
  }

  /** Returns the tenant that answers SERVFAIL after another tenant has failed. */
  openFailure(): LateRespond {
    return this.open([fail]);
  }

  /** Returns the tenants that need only the table. The caller of `startDns` provides the others. */
  openTenants() {
    return { [handedOnKind.notify]: this.open([answerNotify]) } satisfies Partial<Tenants>;
  }
}

function fail(exchange: Exchange): Verdict {
  return exchange.end(rcode.SERVFAIL, extendedError.OTHER);
}
