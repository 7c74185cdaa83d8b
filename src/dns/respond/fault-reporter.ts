// Reports bugs that queries run into.

import { stackOf } from '../../model/thrown.ts';

/** The minimum time between two reports, in milliseconds. */
const betweenReports = 1_000;
/** A report has at most this many hexadecimal digits of the query. */
const maxDigits = 1_024;

/** Reports an error together with its query, so that the bug can be found. */
export type ReportFault = (error: unknown, query: Uint8Array) => void;

/** Returns a function that passes its reports to `onFault`, at most one in a second. */
export function faultReporter(onFault: (message: string) => void): ReportFault {
  let quietUntil = 0;
  return (error, query) => {
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + betweenReports;
    onFault(`${stackOf(error)}\nquery: ${Buffer.from(query).toString('hex').slice(0, maxDigits)}`);
  };
}
