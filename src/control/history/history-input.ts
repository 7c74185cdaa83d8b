// Parses what people ask about the past: times, and the steps of a plot. A refusal names the parameter.

import { atField, refuseField } from '../../errors.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import { parseAll } from '../input/refusals.ts';

export interface TimeRangeInput {
  since?: string;
  until?: string;
}

/** Milliseconds since the epoch: from `since`, up to but not including `until`. */
export interface TimeRange {
  since: number | undefined;
  until: number | undefined;
}

/** Returns the range of time that a query names. Refuses with `invalid_request`. */
export function parseTimeRange({ since: from, until: to }: TimeRangeInput): TimeRange {
  const [since, until] = parseAll(
    () => parseTimeAt('?since', from),
    () => parseTimeAt('?until', to),
  );
  if (since !== undefined && until !== undefined && since >= until)
    refuseField('invalid_request', '?until', 'must be later than since');
  return { since, until };
}

/** Returns a time in milliseconds since the epoch. `path`: the parameter, for a refusal. */
export function parseTimeAt(path: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : atField(path, () => parseTime(text));
}

/** RFC 3339 §5.6 */
const time = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

function parseTime(text: string): number {
  const milliseconds = time.test(text) && hasDay(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
  // A plus sign in a query is a space.
  if (Number.isNaN(milliseconds))
    throw new InvalidValue('must be a time such as 2026-03-03T12:00:00Z (RFC 3339; write + as %2B)');
  return milliseconds;
}

/** Returns whether there is the day at the beginning of a time. `Date.parse` takes 30 February for 2 March. */
function hasDay(text: string): boolean {
  const date = text.slice(0, 10);
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}

const day = 24 * 3600 * 1000;
const defaultSteps = 100;
const minStepSeconds = 60;
/** The steps that one answer may have. */
const maxSteps = 2000;

export interface StepsInput extends TimeRangeInput {
  /** Seconds. */
  step?: number;
}

/** Returns the steps of a plot: the last day in 100 steps, unless the query says otherwise. */
export function parseSteps(
  { step, ...range }: StepsInput,
  now: number,
): { since: number; until: number; step: number } {
  const parsed = parseTimeRange(range);
  const until = parsed.until ?? Math.max(now, (parsed.since ?? 0) + 1);
  const since = parsed.since ?? until - day;
  const seconds = step ?? Math.max(minStepSeconds, Math.ceil((until - since) / 1000 / defaultSteps));
  if ((until - since) / 1000 / seconds > maxSteps) {
    const least = Math.ceil((until - since) / 1000 / maxSteps);
    refuseField('invalid_request', '?step', `would make more than ${maxSteps} steps: take at least ${least} seconds`);
  }
  return { since, until, step: seconds * 1000 };
}
