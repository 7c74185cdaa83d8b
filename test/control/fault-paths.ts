// Shows the refusal of an input in the form in which tables of test cases have it.

import { Refusal } from '../../src/errors.ts';

/** Returns the code of the refusal and the paths of its faults, in order. Throws if the input is not refused. */
export function faultPaths(parse: () => unknown): string[] {
  try {
    parse();
  } catch (error) {
    return pathsOf(error);
  }
  throw new Error('the input is not refused');
}

/** Does the same as {@link faultPaths} for a parser that returns a promise. */
export async function faultPathsLater(parse: () => Promise<unknown>): Promise<string[]> {
  const error = await parse().then(
    () => new Error('the input is not refused'),
    (error: unknown) => error,
  );
  return pathsOf(error);
}

function pathsOf(error: unknown): string[] {
  if (error instanceof Refusal) return [error.code, ...(error.errors ?? []).map(({ path }) => path)];
  throw error;
}
