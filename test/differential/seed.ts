// Reads the numbers that environment variables set for a run of the differential test.

import { randomInt } from 'node:crypto';

/** Returns the seed of this run: DIFFERENTIAL_SEED, with which an earlier run is repeated, or else a random number. */
export function seedOfRun(): number {
  return numberFromEnvironment('DIFFERENTIAL_SEED') ?? randomInt(2 ** 31);
}

/**
 * Returns the number in an environment variable; undefined if the variable is missing or empty. Throws RangeError if it
 * has no number of at most 10 digits.
 */
export function numberFromEnvironment(variable: string): number | undefined {
  const text = process.env[variable];
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new RangeError(`${variable} must be a number of at most 10 digits: ${text}`);
  return Number(text);
}
