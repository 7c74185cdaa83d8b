// Times as the store and the API write them: RFC 3339, in UTC.

import { InvalidValue } from './invalid-value.ts';

/** The time of the last text. One write needs several texts of the same time. */
let last = { milliseconds: 0, text: new Date(0).toISOString() };

/** Returns the text of a time in milliseconds since the epoch. */
export function timestamp(milliseconds: number): string {
  if (milliseconds !== last.milliseconds) last = { milliseconds, text: new Date(milliseconds).toISOString() };
  return last.text;
}

/** Returns the later one of two times that {@link timestamp} wrote. */
export function laterOf(one: string, other: string): string {
  return one > other ? one : other;
}

/** The last text that was parsed. What one write stores has one time in several values. */
let parsed = { text: new Date(0).toISOString(), milliseconds: 0 };

/** The form of RFC 3339 §5.6. */
const form = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;
const minTime = 0;
const maxTime = Date.UTC(10_000, 0) - 1;

/** Returns a time in milliseconds since the epoch. Throws InvalidValue, also for one before 1970 or after 9999. */
export function parseTimestamp(text: string): number {
  if (text === parsed.text) return parsed.milliseconds;
  const milliseconds = parseAnyTime(text);
  if (milliseconds !== nearestTimestamp(milliseconds))
    throw new InvalidValue('must be a time from 1970 to 9999, in UTC');
  parsed = { text, milliseconds };
  return milliseconds;
}

/** Returns the time itself or, if {@link parseTimestamp} does not take it, the nearest time that it takes. */
export function nearestTimestamp(milliseconds: number): number {
  return Math.min(Math.max(milliseconds, minTime), maxTime);
}

/**
 * Returns a time of any year in milliseconds since the epoch, negative before 1970. Throws InvalidValue, also if the
 * day does not exist.
 */
export function parseAnyTime(text: string): number {
  const milliseconds = form.test(text) && hasDay(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
  // A plus sign in a query string means a space.
  if (Number.isNaN(milliseconds))
    throw new InvalidValue('must be a time such as 2026-03-03T12:00:00Z (RFC 3339; write + as %2B)');
  return milliseconds;
}

/** Returns whether the day of a time exists. `Date.parse` takes 30 February for 2 March. */
function hasDay(text: string): boolean {
  const [month, day] = [twoDigits(text, 5), twoDigits(text, 8)];
  // Every month has these days. Most times of a store are read here, and the check below takes ten times as long.
  if (month >= 1 && month <= 12 && day >= 1 && day <= 28) return true;
  const date = text.slice(0, 10);
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}
