// Runs many tasks, a limited number of them at a time (test/model/bounded-work.test.ts).

export class BoundedWork {
  readonly #limit: number;
  readonly #running = new Set<Promise<void>>();
  #fault: { error: unknown } | undefined;

  /** `limit`: how many tasks run at a time. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True after a task has rejected. Then no more tasks should begin. */
  get hasFailed(): boolean {
    return this.#fault !== undefined;
  }

  /** Begins a task. Resolves when the next task may begin. Never rejects: {@link finish} does. */
  async begin(task: () => Promise<void>): Promise<void> {
    const one = task()
      .catch((error: unknown) => {
        this.#fault ??= { error };
      })
      .finally(() => this.#running.delete(one));
    this.#running.add(one);
    while (this.#running.size >= this.#limit) await Promise.race(this.#running);
  }

  /** Resolves when all tasks have ended. Rejects then with the error of the first task that failed. */
  async finish(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#fault !== undefined) throw this.#fault.error;
  }
}
