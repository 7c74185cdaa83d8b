// The value of a field that has a fault, and of all that follows from it. The fault is told already. Such a value
// stands only in a request that is examined for more faults, and that writes nothing (http/every-fault.ts). It goes
// wherever a value goes. But code that works with it throws UnknownValue: so nothing is told that depends on the field.

/** The error of code that works with an unknown value. */
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
 * Stands for a value of any type. JavaScript compares it, looks whether it is true, and looks it up in a Map without
 * asking it: there, use {@link known} or {@link isKnown}. It is true, so a flag that allows more comes first.
 */
export const unknownValue = new Proxy(
  // A function, so that code that tells objects from texts takes it for neither.
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
