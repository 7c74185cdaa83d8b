// Counts the answers that the store keeps for idempotency keys, so that each token can have a limit. When a request is
// repeated, its answer is read from the store (control/transaction/commit-once.ts).

import type { Subject } from '../store/kinds/stored-kind.ts';

/** How many answers the store keeps for one token. `octets` is the size of their keys and values together. */
export interface AnswerUsage {
  answers: number;
  octets: number;
}

export class AnswerView {
  /** The octets of each answer, by token and key. */
  readonly #octets = new Map<string, Map<string, number>>();
  readonly #totals = new Map<string, number>();

  usage(token: string): AnswerUsage {
    return { answers: this.#octets.get(token)?.size ?? 0, octets: this.#totals.get(token) ?? 0 };
  }

  has({ token, key }: Subject<'idempotency'>): boolean {
    return this.#octets.get(token)?.has(key) ?? false;
  }

  put(subject: Subject<'idempotency'>, octets: number): void {
    this.delete(subject);
    const { token, key } = subject;
    const answers = this.#octets.get(token) ?? new Map<string, number>();
    this.#octets.set(token, answers.set(key, octets));
    this.#totals.set(token, (this.#totals.get(token) ?? 0) + octets);
  }

  delete({ token, key }: Subject<'idempotency'>): void {
    const answers = this.#octets.get(token);
    const octets = answers?.get(key);
    if (answers === undefined || octets === undefined) return;
    answers.delete(key);
    this.#totals.set(token, (this.#totals.get(token) ?? 0) - octets);
    if (answers.size > 0) return;
    this.#octets.delete(token);
    this.#totals.delete(token);
  }
}
