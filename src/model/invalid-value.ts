// The only error that model/ throws. How a request is refused because of it: errors.ts.

/** The error of a value that a parser or a rule does not accept. */
export class InvalidValue extends Error {
  /** The faulty part of the value as a JSON pointer (RFC 6901); empty for the whole value. */
  readonly path: string;

  constructor(message: string, path = '') {
    super(message);
    this.name = 'InvalidValue';
    this.path = path;
  }
}

/** Parses a part of a value. Puts the part's path in front of the path of an InvalidValue that the parser throws. */
export function atPath<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof InvalidValue ? new InvalidValue(error.message, path + error.path) : error;
  }
}
