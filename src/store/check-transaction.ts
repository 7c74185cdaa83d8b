// Refuses, before anything is sent, a transaction that no store accepts, whatever data the store has. Such a
// transaction is a bug of the caller.

import { fullKey } from './key-space.ts';
import { maxOperations, type Transaction } from './store.ts';

/**
 * Throws a RangeError if the transaction is too long, puts a key twice, or both puts and deletes a key
 * (test/store/embedded.test.ts, "a transaction that no store takes").
 */
export function checkTransaction(root: string, { compares, operations }: Transaction): void {
  if (compares.length > maxOperations || operations.length > maxOperations) {
    throw new RangeError(
      `a transaction has at most ${maxOperations} compares and operations each, not ${compares.length} and ${operations.length}`,
    );
  }
  const written = new Set<string>();
  for (const operation of operations) {
    if (operation.kind !== 'put') continue;
    const key = fullKey(root, operation.key);
    if (written.has(key)) throw new RangeError(`a transaction cannot write ${operation.key} twice`);
    written.add(key);
  }
  for (const operation of operations) {
    if (operation.kind === 'delete' && written.has(fullKey(root, operation.key))) {
      throw new RangeError(`a transaction cannot both write and delete ${operation.key}`);
    }
    if (operation.kind !== 'delete-prefix') continue;
    const prefix = fullKey(root, operation.prefix);
    for (const key of written) {
      if (key.startsWith(prefix)) throw new RangeError(`a transaction cannot both write ${key} and delete ${prefix}`);
    }
  }
}
