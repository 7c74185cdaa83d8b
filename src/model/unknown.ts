// The unknown value: stands for a field whose fault is already reported, and for everything that follows from that
// field. It occurs only in a request that is checked for more faults and writes nothing (http/every-fault.ts). It can
// be passed on like any value. Code that works with it throws UnknownValue, so no fault that depends on the field is
// reported.

export class UnknownValue extends Error {
  constructor() {
    super('a value is used whose fault was told already');
    this.name = 'UnknownValue';
  }
}

function throwUnknown(): never {
  throw new UnknownValue();
}

/**
 * Stands for a value of any type. JavaScript can compare it, test whether it is true, and look it up in a Map without
 * throwing: there, use {@link known} or {@link isKnown}. An unknown flag counts as true. So test a flag that allows
 * more before a flag that allows less.
 */
export const unknownValue = new Proxy(
  // A function, because code that distinguishes texts from objects takes a function for neither.
  () => undefined,
  {
    get: throwUnknown,
    set: throwUnknown,
    has: throwUnknown,
    apply: throwUnknown,
    construct: throwUnknown,
    ownKeys: throwUnknown,
    getPrototypeOf: throwUnknown,
    getOwnPropertyDescriptor: throwUnknown,
    defineProperty: throwUnknown,
    deleteProperty: throwUnknown,
  },
) as never;

export function isKnown(value: unknown): boolean {
  return value !== unknownValue;
}

/** Returns the value. Throws {@link UnknownValue} if it is not known. */
export function known<T>(value: T): T {
  return isKnown(value) ? value : throwUnknown();
}

/** Calls a function. Returns its result, or an unknown value if the function works with one. */
export function orUnknown<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof UnknownValue) return unknownValue;
    throw error;
  }
}
