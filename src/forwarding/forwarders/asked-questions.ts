// The questions under way, so that the same question is asked once, whoever asks it.

import { randomInt } from 'node:crypto';
import { hashQuestion, questionWord } from '../../forward-cache/layout.ts';
import { type Linked, LinkedList } from '../../model/linked-list.ts';
import type { ForwardRequest } from './forward-request.ts';

/** A power of two: about as many as questions under way (admission.ts). */
const bucketCount = 4_096;

/** Takes an answer, as a block (forward-cache/answer-block.ts). */
export type Give = (block: Uint8Array) => void;

/** A question under way (asked-question.ts). */
export interface Asked extends Linked<Asked> {
  readonly request: ForwardRequest;
  /** Of {@link AskedQuestions.hash}. */
  readonly hash: number;
  readonly hasStale: boolean;
  /** From this time on, {@link giveStale} may be called. */
  readonly staleAt: number;
  /** Gives the stale answer. */
  giveStale(): void;
  /** Gives the answer to this client, too. */
  wait(give: Give): void;
}

/** Not a Map: linked-list.ts says why. */
export class AskedQuestions {
  readonly #buckets: (LinkedList<Asked> | undefined)[] = new Array(bucketCount).fill(undefined);
  /** Secret, so that nobody can choose questions for one bucket. */
  readonly #seed = randomInt(2 ** 32);
  #withStale = 0;

  hash({ forwarder, question }: ForwardRequest): number {
    const { name, type, class: recordClass, flags } = question;
    return hashQuestion(this.#seed, forwarder, name, name.length, questionWord(type, recordClass), flags);
  }

  find(request: ForwardRequest, hash: number): Asked | undefined {
    let asked = this.#bucket(hash).first;
    while (asked !== undefined && !(asked.hash === hash && isSame(asked.request, request))) asked = asked.next;
    return asked;
  }

  add(asked: Asked): void {
    this.#bucket(asked.hash).add(asked);
    if (asked.hasStale) this.#withStale += 1;
  }

  remove(asked: Asked): void {
    if (!this.#bucket(asked.hash).remove(asked)) return;
    if (asked.hasStale) this.#withStale -= 1;
  }

  /** Gives stale answers where clients have waited long enough, at most `limit`. Returns how many it gave. */
  giveStale(now: number, limit: number): number {
    let given = 0;
    if (this.#withStale === 0) return given;
    for (const bucket of this.#buckets) {
      for (const asked of bucket?.toArray() ?? []) {
        if (!asked.hasStale || now < asked.staleAt) continue;
        if (given === limit) return given;
        asked.giveStale();
        given += 1;
      }
    }
    return given;
  }

  #bucket(hash: number): LinkedList<Asked> {
    const place = hash & (bucketCount - 1);
    const bucket = this.#buckets[place] ?? new LinkedList();
    this.#buckets[place] = bucket;
    return bucket;
  }
}

function isSame(a: ForwardRequest, b: ForwardRequest): boolean {
  const [one, other] = [a.question, b.question];
  if (a.forwarder !== b.forwarder || one.type !== other.type) return false;
  return one.class === other.class && one.flags === other.flags && Buffer.compare(one.name, other.name) === 0;
}
