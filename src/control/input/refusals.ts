// Collects all faults of a request, so that one refusal tells them together.

import { faultyInput, type InputFault, maxFaults, Refusal } from '../../errors.ts';
import { orUnknown, UnknownValue } from '../../model/unknown.ts';

/** The refusals of the parts of one request. */
export class Refusals {
  readonly #refusals: Refusal[] = [];
  /** The pointer to the item of a list that is being handled ({@link under}). */
  #prefix = '';

  add(refusal: Refusal): void {
    this.#refusals.push(this.#prefix === '' ? refusal : refusalAt(this.#prefix, refusal));
  }

  /** Calls a function that handles the item at a pointer: the paths of its faults begin with that pointer. */
  under<T>(pointer: string, call: () => T): T {
    this.#prefix = pointer;
    try {
      return placedAt(pointer, call);
    } finally {
      this.#prefix = '';
    }
  }

  /** True if there are as many faults as one answer shows: the rest of the request need not be checked. */
  get full(): boolean {
    return this.#refusals.reduce((sum, { errors = [] }) => sum + errors.length, 0) >= maxFaults;
  }

  /** The faults, each with its code. A field with several faults has only its first fault here. */
  get faults(): InputFault[] {
    const byPath = new Map<string, InputFault>();
    for (const { code, errors = [] } of this.#refusals) {
      for (const fault of errors) if (!byPath.has(fault.path)) byPath.set(fault.path, { code, ...fault });
    }
    return [...byPath.values()];
  }

  /**
   * Calls a function that handles a part of the request. If it refuses, returns undefined, and {@link throwIfAny}
   * throws the refusal later. Also returns undefined if the function works with an unknown value. `path`: the field for
   * a refusal that names none. Without `path`, throws such a refusal at once, because it concerns the whole request.
   */
  try<T>(call: () => T, path?: string): T | undefined {
    try {
      return call();
    } catch (error) {
      if (error instanceof UnknownValue) return undefined;
      // A request beyond the scope of its token is refused at once, without other faults.
      if (!(error instanceof Refusal) || error.code === 'forbidden') throw error;
      this.add(error.errors === undefined ? withPath(error, path) : error);
      return undefined;
    }
  }

  /**
   * Calls a function whose result the further checks of the request need. If the function refuses, throws its refusal
   * together with all earlier ones. {@link mayHaveMore} is true for the thrown refusal.
   */
  need<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      this.try(() => {
        throw error;
      });
      const refusal = this.together();
      if (refusal === undefined) throw error;
      incomplete.add(refusal);
      throw refusal;
    }
  }

  /** Does the same as {@link try} for a function that returns a promise. */
  async tryLater<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      return this.try(() => {
        throw error;
      });
    }
  }

  /** Does the same as {@link try}. Returns whether the function has refused. */
  refuses(call: () => void, path?: string): boolean {
    const succeed = () => {
      call();
      return true;
    };
    return this.try(succeed, path) === undefined;
  }

  /** If there are {@link faults}, throws one refusal with all of them. It has the code of the first one. */
  throwIfAny(): void {
    const refusal = this.together();
    if (refusal !== undefined) throw refusal;
  }

  /**
   * Throws as {@link throwIfAny} does or, if there are no faults, UnknownValue: for a part of the request that has none
   * of its own, but works with one that has.
   */
  throwAll(): never {
    this.throwIfAny();
    throw new UnknownValue();
  }

  /** Returns one refusal with the {@link faults}, as {@link throwIfAny} throws it; undefined if there are none. */
  together(): Refusal | undefined {
    const [first] = this.#refusals;
    if (first === undefined) return undefined;
    const { faults } = this;
    if (faults.length === first.errors?.length) return first;
    return faultyInput(faults, first.code, first.members);
  }
}

/** The refusals of requests that were not checked to the end. */
const incomplete = new WeakSet<Refusal>();

/** Returns whether the request may have more faults than its refusal has: see {@link Refusals.need}. */
export function mayHaveMore(refusal: Refusal): boolean {
  return incomplete.has(refusal);
}

/** Returns the refusal of an item of a list, with the pointer to the item before the path of each fault. */
export function refusalAt(pointer: string, refusal: Refusal): Refusal {
  const { code, message, errors, members } = refusal;
  if (errors === undefined) return new Refusal(code, message, { members });
  const placed = errors.map((fault) => ({ ...fault, path: pointer + fault.path }));
  return faultyInput(placed, code, members);
}

/** Calls a function that handles the item at a pointer. Refuses with the refusal of the function, {@link refusalAt}. */
export function placedAt<T>(pointer: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw error instanceof Refusal ? refusalAt(pointer, error) : error;
  }
}

function withPath(refusal: Refusal, path: string | undefined): Refusal {
  const { code, message, members } = refusal;
  if (path === undefined) throw refusal;
  return new Refusal(code, message, { errors: [{ path, message }], members });
}

/** The results of functions, in their order. */
type ResultsOf<Calls extends readonly (() => unknown)[]> = { [Index in keyof Calls]: ReturnType<Calls[Index]> };

/**
 * Calls each function. Returns their results, or refuses with the faults of all of them. If a function works with an
 * unknown value, its result is unknown.
 */
export function parseAll<Calls extends readonly (() => unknown)[]>(...calls: Calls): ResultsOf<Calls> {
  const refusals = new Refusals();
  const results = calls.map((call) => refusals.try(() => orUnknown(call)));
  refusals.throwIfAny();
  return results as ResultsOf<Calls>;
}
