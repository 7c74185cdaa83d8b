// The keys that decisions compare and write. Two decisions touch if one of them writes a key that the other compares or
// writes: they must not be under way together (test/control/under-way.test.ts). Only the serial of a zone may be
// written by both.

import { serialKind } from '../../store/kinds/serial.ts';
import type { Compare, Operation, Transaction } from '../../store/store.ts';
import { comparedKey, writtenKey } from './transaction-keys.ts';

export class Footprint {
  /** The operations, each by the key that it writes. */
  readonly written = new Map<string, Operation>();
  readonly compared = new Map<string, Compare>();
  /** The prefixes of keys that are deleted or required to be unchanged. */
  readonly #prefixes: string[] = [];

  add({ compares, operations }: Transaction): void {
    for (const compare of compares) {
      const key = comparedKey(compare);
      if (compare.kind === 'quiet' && !this.compared.has(key)) this.#prefixes.push(key);
      this.compared.set(key, compare);
    }
    for (const operation of operations) {
      const key = writtenKey(operation);
      if (operation.kind === 'delete-prefix' && !this.written.has(key)) this.#prefixes.push(key);
      this.written.set(key, operation);
    }
  }

  touches({ compares, operations }: Transaction): boolean {
    return (
      compares.some((compare) => this.#isWritten(compare)) || operations.some((operation) => this.#isInUse(operation))
    );
  }

  /** Returns whether a key that the compare reads is written. */
  #isWritten(compare: Compare): boolean {
    const compared = comparedKey(compare);
    if (compare.kind === 'quiet') return [...this.written.keys()].some((key) => key.startsWith(compared));
    return this.written.has(compared) || this.#prefixes.some((prefix) => compared.startsWith(prefix));
  }

  /** Returns whether a key that the operation writes is compared or written. */
  #isInUse(operation: Operation): boolean {
    const written = writtenKey(operation);
    if (operation.kind === 'delete-prefix') {
      return [...this.written.keys(), ...this.compared.keys()].some((key) => key.startsWith(written));
    }
    const other = this.written.get(written);
    return (
      (other !== undefined && !(isShared(operation) && isShared(other))) ||
      this.compared.has(written) ||
      this.#prefixes.some((prefix) => written.startsWith(prefix))
    );
  }
}

/**
 * Returns whether several decisions may have this operation. Only the put of a zone's serial may be shared: its value
 * is empty, because the serial is the key's revision.
 */
export function isShared(operation: Operation): boolean {
  return operation.kind === 'put' && operation.key.startsWith(serialKind.prefix);
}
