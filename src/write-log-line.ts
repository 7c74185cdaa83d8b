// Writes the log to standard output, line by line. If there is no room (a full disk, a pipe that nobody reads), the
// line is lost, and nothing else happens: pino's own destination would end the process, or block the thread that
// answers the API. A stopped terminal (Ctrl+S) still blocks this thread, because the terminal does not report that
// there is no room.

import { writeSync } from 'node:fs';

const standardOutput = 1;
/** True: the last line was written only in part, so the next line must begin with a line feed. */
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
