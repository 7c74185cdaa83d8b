// Writes the log to standard output, a line at a time. If there is no room (a full disk, a pipe that nobody reads),
// that line is lost and nothing else happens. pino's own destination would end the process, or block the thread that
// answers the API. A stopped terminal (Ctrl+S) still blocks that thread, because it does not report that there is no
// room.

import { writeSync } from 'node:fs';

const standardOutput = 1;
/** True if the last line was written only in part, so that the next one must start on a new line. */
let isCutOff = false;

export function writeLogLine(line: string): void {
  const bytes = Buffer.from(isCutOff ? `\n${line}` : line);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(standardOutput, bytes, written);
    isCutOff = false;
  } catch {
    isCutOff ||= written > 0;
  }
}
