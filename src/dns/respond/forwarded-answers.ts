// Reads the answers of forwarded zones from the cache in shared memory, for one thread. The steps that use it:
// forward-query.ts.

import type { AnswerReader } from '../../forward-cache/answer-reader.ts';
import { ForwardCacheReader } from '../../forward-cache/forward-cache-reader.ts';
import { questionFlag } from '../../forward-cache/layout.ts';
import type { NameKey } from '../../table/name-key.ts';
import type { Clock } from './clock.ts';
import type { Edns } from './edns.ts';
import type { QueryMessage } from './query-message.ts';
import type { ResponseMessage } from './response-message.ts';

/** A question that is not in the cache: the servers of the forwarded zone must be asked. */
export interface MissingAnswer {
  readonly forwarder: number;
  readonly query: QueryMessage;
  /** The response so far. It has the aliases that lead to the name. */
  readonly response: ResponseMessage;
  /** See {@link flagsOf}. */
  readonly flags: number;
}

/** Returns the flags of a question on which its answer depends: DO and CD. */
export function flagsOf({ checkingDisabled }: QueryMessage, { dnssecOk }: Edns): number {
  return (dnssecOk ? questionFlag.dnssecOk : 0) | (checkingDisabled ? questionFlag.checkingDisabled : 0);
}

export class ForwardedAnswers {
  readonly #cache: ForwardCacheReader;
  readonly #clock: Clock;
  #isAwake = false;
  /** Is called for each answer that is not in the cache. Only the forwarder's thread sets this function. */
  onMiss: ((missing: MissingAnswer) => void) | undefined;

  /** `cell` is the number of this thread's cell among the cache's readers, and among the table's. */
  constructor(memory: SharedArrayBuffer, cell: number, clock: Clock) {
    this.#cache = new ForwardCacheReader(memory, cell);
    this.#clock = clock;
  }

  /** The time of the batch, in seconds since 1970. */
  get seconds(): number {
    return this.#clock.seconds;
  }

  /**
   * Returns the answer from the cache, which is valid until {@link sleep}; undefined if the cache has none, or only an
   * unfinished one.
   */
  find(forwarder: number, name: NameKey, query: QueryMessage, flags: number): AnswerReader | undefined {
    const cache = this.#cache;
    // Most batches have no question for a forwarder, and so do not wake the reader.
    if (!this.#isAwake) cache.enter();
    this.#isAwake = true;
    const { seconds } = this.#clock;
    const found = cache.find(forwarder, name.bytes, name.length, query.type, query.class, flags, seconds);
    return found && !cache.answer.isUnfinished ? cache.answer : undefined;
  }

  /** Call this after a batch: from now on, the cache may overwrite the memory that was read. */
  sleep(): void {
    if (this.#isAwake) this.#cache.leave();
    this.#isAwake = false;
  }
}
