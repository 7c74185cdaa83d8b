// The last revision of the store that is served completely, and the callers that wait for a later one.

import { noRevision, type Revision } from '../model/revision.ts';

interface Waiter {
  revision: Revision;
  resolve: () => void;
}

export class ServedRevision {
  readonly #waiters = new Set<Waiter>();
  #revision = noRevision;

  get current(): Revision {
    return this.#revision;
  }

  /** Resolves when all changes up to this revision are served. */
  reached(revision: Revision): Promise<void> {
    if (this.#revision >= revision) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.add({ revision, resolve }));
  }

  advance(revision: Revision): void {
    this.#revision = revision;
    for (const waiter of this.#waiters) {
      if (waiter.revision > revision) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}
