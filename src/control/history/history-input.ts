// Parses requests about the past: times, and the steps of a plot. A refusal names the parameter.

import { atField, refuseField } from '../../errors.ts';
import { nearestTimestamp, parseAnyTime } from '../../model/timestamp.ts';
import { parseAll } from '../input/refusals.ts';

interface TimeRangeInput {
  since?: string;
  until?: string;
}

/** A range of time, in milliseconds since the epoch. The range includes `since`, but not `until`. */
interface TimeRange {
  since: number | undefined;
  until: number | undefined;
}

/** Returns the time range that a query names. Refuses with `invalid_request`. */
export function parseTimeRange({ since: from, until: to }: TimeRangeInput): TimeRange {
  const [since, until] = parseAll(
    () => parseTime('?since', from),
    () => parseTime('?until', to),
  );
  if (since !== undefined && until !== undefined && since >= until)
    refuseField('invalid_request', '?until', 'must be later than since');
  return { since: since && nearestTimestamp(since), until: until && nearestTimestamp(until) };
}

/**
 * Returns a time in milliseconds since the epoch. Returns the first moment of 1970 for every earlier time. `path` names
 * the parameter in a refusal.
 */
export function parseTimeAt(path: string, text: string | undefined): number | undefined {
  const time = parseTime(path, text);
  return time && nearestTimestamp(time);
}

function parseTime(path: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : atField(path, () => parseAnyTime(text));
}

const day = 24 * 3600 * 1000;
const defaultSteps = 100;
const minStepSeconds = 60;
/** The limit for the steps in one answer. */
const maxSteps = 2000;

interface StepsInput extends TimeRangeInput {
  /** Seconds. */
  step?: number;
}

/**
 * Returns the range and the step of a plot, in milliseconds. The default is the last day in 100 steps. Refuses with
 * `invalid_request`.
 */
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
