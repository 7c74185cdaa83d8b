// Writes names into a pending generation, in many small transactions, several at a time, and no faster than this
// replica's views can follow. These writes do not use the builder, because no user sees the names of a pending
// generation. The put that makes the generation the current one uses the builder (import-run.ts).

import { Refusal, refuse } from '../../errors.ts';
import { BoundedWork } from '../../model/bounded-work.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Rrset } from '../../model/rrset.ts';
import { nameKey, nameValue } from '../../store/kinds/name.ts';
import type { Operation, Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { untilReached } from '../reading/until-reached.ts';
import type { ImportLock } from './import-lock.ts';

const namesPerTransaction = 100;
/** The limit for the characters of one transaction. It is well below the 1.5 MiB that etcd accepts in one request. */
const charactersPerTransaction = 256 * 1024;
const maxRunning = 4;

/** Returns the operation that writes a name into a generation, or deletes the name if it has no RRsets. */
export function nameOperation(zone: Fqdn, generation: number, owner: Fqdn, rrsets: Rrset[]): Operation {
  const key = nameKey(zone, generation, owner);
  if (rrsets.length === 0) return { kind: 'delete', key };
  return { kind: 'put', key, value: nameValue.encode({ name: owner, rrsets }) };
}

/** Writes names into the pending generation of an import. The import must hold its lock. */
export class GenerationWriter {
  readonly #store: Store;
  readonly #views: Views;
  readonly #lock: ImportLock;
  #operations: Operation[] = [];
  #characters = 0;
  readonly #work = new BoundedWork(maxRunning);

  constructor(store: Store, views: Views, lock: ImportLock) {
    this.#store = store;
    this.#views = views;
    this.#lock = lock;
  }

  /**
   * Adds an operation. Resolves when the next operation may be added. Rejects soon after an earlier operation failed.
   */
  async add(operation: Operation): Promise<void> {
    this.#operations.push(operation);
    this.#characters += operation.kind === 'put' ? operation.value.length : 0;
    if (this.#operations.length < namesPerTransaction && this.#characters < charactersPerTransaction) return;
    await this.#send();
    if (this.#work.hasFailed) await this.#work.finish();
  }

  /** Resolves when all operations are written and in the views. Rejects if one of them failed. */
  async finish(): Promise<void> {
    if (this.#operations.length > 0) await this.#send();
    await this.#work.finish();
  }

  /** Resolves when the next operations may be sent. */
  async #send(): Promise<void> {
    const operations = this.#operations;
    this.#operations = [];
    this.#characters = 0;
    await this.#work.begin(() => this.#commit(operations));
  }

  async #commit(operations: Operation[]): Promise<void> {
    const { committed, revision } = await this.#store.commit({ compares: [this.#lock.compare], operations });
    if (!committed) refuseInterrupted();
    await untilReached(this.#views, revision);
    for (const operation of operations) {
      const fault = operation.kind === 'put' ? this.#views.faults.get(operation.key) : undefined;
      if (fault !== undefined)
        throw new Refusal(
          'table_full',
          `this replica cannot serve the new records: ${fault.message}; nothing was changed`,
        );
    }
  }
}

/**
 * Refuses with `import_interrupted` because the lock has ended: the zone was deleted, or the lock's lease was not
 * renewed in time.
 */
export function refuseInterrupted(): never {
  refuse(
    'import_interrupted',
    'the zone was deleted meanwhile, or the store could not be reached for too long; nothing was changed',
  );
}
