// The error that model/ throws for a value that is not valid. errors.ts makes a refusal of the error.

import { known, orUnknown } from './unknown.ts';

/** The error of a value that a parser or a rule does not accept. */
export class InvalidValue extends Error {
  /** The faulty part of the value as a JSON pointer (RFC 6901); empty for the whole value. */
  readonly path: string;
  /** The other faults of the same value. */
  readonly others: readonly InvalidValue[];

  constructor(message: string, path = '', others: readonly InvalidValue[] = []) {
    super(message);
    this.name = 'InvalidValue';
    this.path = path;
    this.others = others;
  }
}

/** Parses a part of a value. Puts the part's path in front of the path of an InvalidValue that the parser throws. */
export function atPath<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof InvalidValue ? moved(error, path) : error;
  }
}

/** Returns the result of the function; undefined if it throws an InvalidValue. */
export function unlessInvalid<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidValue) return undefined;
    throw error;
  }
}

function moved({ message, path, others }: InvalidValue, to: string): InvalidValue {
  return new InvalidValue(
    message,
    to + path,
    others.map((other) => moved(other, to)),
  );
}

/** After this many faults of one value, no more are sought: finding all faults of a long list would take too long. */
const maxFaults = 100;

/**
 * Calls each function. Returns their results, or throws one InvalidValue with the faults of all functions. Calls no
 * further function after a hundred faults. If a function works with an unknown value, its result is unknown.
 */
export function callEach<T>(calls: readonly (() => T)[]): T[] {
  const faults: InvalidValue[] = [];
  const results: T[] = [];
  for (const call of calls) {
    try {
      results.push(orUnknown(call));
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      faults.push(error, ...error.others);
      if (faults.length >= maxFaults) break;
    }
  }
  const [first, ...others] = faults;
  if (first !== undefined) throw new InvalidValue(first.message, first.path, others);
  return results;
}

/**
 * Parses each item of a list, as {@link callEach} calls functions. The path of a fault begins with the item's index.
 */
export function parseEach<T, U>(items: readonly T[], parse: (item: T) => U): U[] {
  return callEach(items.map((item, index) => () => atPath(`/${index}`, () => parse(item))));
}

/** Parses each text of a list, as {@link parseEach} does. Throws also for each text whose value an earlier one has. */
export function parseDistinct<T extends string>(texts: readonly string[], parse: (text: string) => T): T[] {
  const seen = new Set<T>();
  return parseEach(texts, (text) => {
    const value = parse(known(text));
    if (seen.has(value)) throw new InvalidValue(`'${value}' is named twice`);
    seen.add(value);
    return value;
  });
}
