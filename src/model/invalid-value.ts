// The one error of model/: a value that its rules do not accept. Which refusal becomes of it: errors.ts.

/** A value that cannot be what it was given for. */
export class InvalidValue extends Error {
  /** The faulty part of the value as a JSON pointer (RFC 6901); empty for the whole value. */
  readonly path: string;

  constructor(message: string, path = '') {
    super(message);
    this.name = 'InvalidValue';
    this.path = path;
  }
}

/** Parses a part of a value. What the parser does not accept is thrown with the part's path in front. */
export function atPath<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof InvalidValue ? new InvalidValue(error.message, path + error.path) : error;
  }
}
