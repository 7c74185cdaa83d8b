// Tells all faults of a request in one refusal, not only the first one.

import { faultyInput, type InputFault, maxFaults, Refusal } from '../../errors.ts';
import { orUnknown, UnknownValue } from '../../model/unknown.ts';

/** The refusals of the parts of one request. */
export class Refusals {
  readonly #refusals: Refusal[] = [];

  add(refusal: Refusal): void {
    this.#refusals.push(refusal);
  }

  /** True if there are as many faults as an answer shows. Then more of them are not needed. */
  get full(): boolean {
    return this.#refusals.reduce((sum, { errors = [] }) => sum + errors.length, 0) >= maxFaults;
  }

  /** The faults, each with its code. Of several faults of one field, it has the first one. */
  get faults(): InputFault[] {
    const byPath = new Map<string, InputFault>();
    for (const { code, errors = [] } of this.#refusals) {
      for (const fault of errors) if (!byPath.has(fault.path)) byPath.set(fault.path, { code, ...fault });
    }
    return [...byPath.values()];
  }

  /**
   * Calls a function that handles a part of the request. Returns undefined if it refuses a field of the request: then
   * {@link throwIfAny} throws. Also returns undefined if the function works with an unknown value. `path`: the field
   * for a refusal that names none. Without it, such a refusal is thrown at once, because it concerns the whole request.
   */
  try<T>(call: () => T, path?: string): T | undefined {
    try {
      return call();
    } catch (error) {
      if (error instanceof UnknownValue) return undefined;
      // What is beyond the scope of a token is refused at once, and alone.
      if (!(error instanceof Refusal) || error.code === 'forbidden') throw error;
      this.#refusals.push(error.errors === undefined ? withPath(error, path) : error);
      return undefined;
    }
  }

  /**
   * Calls a function without whose result nothing more of the request can be checked. If it refuses, throws that and
   * all refusals before it, as a refusal that may not have all faults.
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

  /** Throws one refusal with the {@link faults}, if there are any. It has the code of the first one. */
  throwIfAny(): void {
    const refusal = this.together();
    if (refusal !== undefined) throw refusal;
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

/** The refusals after which no more of the request was checked. */
const incomplete = new WeakSet<Refusal>();

/** Returns whether the request may have more faults than its refusal tells: see {@link Refusals.need}. */
export function mayHaveMore(refusal: Refusal): boolean {
  return incomplete.has(refusal);
}

function withPath(refusal: Refusal, path: string | undefined): Refusal {
  const { code, message, members } = refusal;
  if (path === undefined) throw refusal;
  return new Refusal(code, message, { errors: [{ path, message }], members });
}

/** The results of functions, in their order. */
type ResultsOf<Calls extends readonly (() => unknown)[]> = { [Index in keyof Calls]: ReturnType<Calls[Index]> };

/**
 * Calls each function. Returns their results, or refuses with the faults of all of them. The result of one that works
 * with an unknown value is unknown.
 */
export function parseAll<Calls extends readonly (() => unknown)[]>(...calls: Calls): ResultsOf<Calls> {
  const refusals = new Refusals();
  const results = calls.map((call) => refusals.try(() => orUnknown(call)));
  refusals.throwIfAny();
  return results as ResultsOf<Calls>;
}
