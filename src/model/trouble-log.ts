// Logs lasting trouble: one warning when it begins, and one line when it is over.

import type { Logger } from './logger.ts';
import { messageOf } from './thrown.ts';

interface TroubleMessages {
  begins: string;
  over: string;
}

/** One kind of trouble: work that is tried again and again until it succeeds (test/model/trouble-log.test.ts). */
export class TroubleLog {
  readonly #logger: Logger;
  readonly #messages: TroubleMessages;
  #lasts = false;

  constructor(logger: Logger, messages: TroubleMessages) {
    this.#logger = logger;
    this.#messages = messages;
  }

  /** Logs a failed attempt: the first one as a warning, the following ones at level debug. */
  failed(error: unknown, fields: object = {}): void {
    const level = this.#lasts ? 'debug' : 'warn';
    this.#lasts = true;
    this.#logger[level]({ ...fields, reason: messageOf(error) }, this.#messages.begins);
  }

  /** Logs that the trouble is over. Logs nothing if there was none. */
  succeeded(fields: object = {}): void {
    if (!this.#lasts) return;
    this.#lasts = false;
    this.#logger.info(fields, this.#messages.over);
  }
}
