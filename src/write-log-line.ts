// Where the log goes: standard output, a line at a time. A line that finds no room there (a full disk, a pipe that nobody reads) is lost and nothing
// else: pino's own destination takes that for the process' end, or waits for room on the thread that answers the API. A terminal that is stopped
// (Ctrl+S) still holds that thread up: it has no way to say that there is no room.

import { writeSync } from 'node:fs';

const standardOutput = 1;
/** The last line was written in part: the next one does not go on in it. */
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
