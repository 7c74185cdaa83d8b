// Writes names into a generation that is not the zone yet: many small transactions, several under way, no faster than this replica's views follow.

import { Refusal, refuse } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Rrset } from '../../model/rrset.ts';
import { nameKey } from '../../store/keys.ts';
import type { Operation, Store } from '../../store/store.ts';
import { nameValue } from '../../store/values.ts';
import type { Views } from '../../views/views.ts';
import { untilReached } from '../reading/until-reached.ts';
import type { ImportLock } from './import-lock.ts';

const namesPerTransaction = 100;
/** etcd takes 1.5 MB. */
const charactersPerTransaction = 256 * 1024;
const transactionsUnderWay = 4;

/** What writes one name; no RRsets: what deletes it. */
export function nameOperation(zone: Fqdn, generation: number, owner: Fqdn, rrsets: Rrset[]): Operation {
  const key = nameKey(zone, generation, owner);
  if (rrsets.length === 0) return { kind: 'delete', key };
  return { kind: 'put', key, value: nameValue.encode({ name: owner, rrsets }) };
}

export class GenerationWriter {
  readonly #store: Store;
  readonly #views: Views;
  readonly #lock: ImportLock;
  #operations: Operation[] = [];
  #characters = 0;
  readonly #underWay = new Set<Promise<void>>();
  #fault: { error: unknown } | undefined;

  constructor(store: Store, views: Views, lock: ImportLock) {
    this.#store = store;
    this.#views = views;
    this.#lock = lock;
  }

  /** Resolves when there is room for more. */
  async add(operation: Operation): Promise<void> {
    this.#operations.push(operation);
    this.#characters += operation.kind === 'put' ? operation.value.length : 0;
    if (this.#operations.length < namesPerTransaction && this.#characters < charactersPerTransaction) return;
    this.#send();
    while (this.#underWay.size >= transactionsUnderWay) await Promise.race(this.#underWay);
    this.#throwFault();
  }

  /** Resolves when all is written, and in the views. */
  async finish(): Promise<void> {
    if (this.#operations.length > 0) this.#send();
    await Promise.all(this.#underWay);
    this.#throwFault();
  }

  #throwFault(): void {
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  #send(): void {
    const operations = this.#operations;
    this.#operations = [];
    this.#characters = 0;
    const sent = this.#commit(operations)
      .catch((error: unknown) => {
        this.#fault ??= { error };
      })
      .finally(() => this.#underWay.delete(sent));
    this.#underWay.add(sent);
  }

  async #commit(operations: Operation[]): Promise<void> {
    const { committed, revision } = await this.#store.commit({ compares: [this.#lock.compare], operations });
    if (!committed) refuseInterrupted();
    await untilReached(this.#views, revision);
    for (const operation of operations) {
      const fault = operation.kind === 'put' ? this.#views.faults.get(operation.key) : undefined;
      if (fault !== undefined)
        throw new Refusal('table_full', `this replica cannot serve the new records: ${fault.message}`);
    }
  }
}

/** The lock is gone: by the zone's deletion, or because the store was away for long. */
export function refuseInterrupted(): never {
  refuse(
    'import_interrupted',
    'the zone was deleted meanwhile, or the store was away for too long; nothing was changed',
  );
}
