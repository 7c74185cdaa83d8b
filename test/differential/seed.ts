// A run's seed: from the environment, so that a run can be repeated, or random.

import { randomInt } from 'node:crypto';

export function newSeed(): number {
  return numberFrom('DIFFERENTIAL_SEED') ?? randomInt(2 ** 31);
}

export function numberFrom(variable: string): number | undefined {
  const text = process.env[variable];
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new RangeError(`${variable} is not a number: ${text}`);
  return Number(text);
}
