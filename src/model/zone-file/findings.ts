// The faults and warnings of a zone file, by line: the first of each kind up to a limit, and how many there are.
// Refusing a file with faults: control/zone-file/refuse-faults.ts.

import type { NameRule } from '../check-name.ts';

/** The rules that a record of a zone file can break. */
export type FileRule = NameRule | 'managed_record' | 'outside_zone';

export interface Finding {
  line: number;
  message: string;
}

interface FileFault extends Finding {
  code: FileRule;
}

const maxFaultsListed = 10_000;
const maxWarningsListed = 100;
/** Characters of one message. */
const maxMessage = 500;

export class Findings {
  faults = 0;
  warnings = 0;
  readonly #faults: FileFault[] = [];
  readonly #warnings: Finding[] = [];

  fault(line: number, message: string, code: FileRule = 'record_invalid'): void {
    this.faults += 1;
    if (this.#faults.length < maxFaultsListed) this.#faults.push({ line, message: kept(message), code });
  }

  warn(line: number, message: string): void {
    this.warnings += 1;
    if (this.#warnings.length < maxWarningsListed) this.#warnings.push({ line, message: kept(message) });
  }

  /** Returns the listed faults in the order of their lines. `faults` counts those that are not listed, too. */
  listFaults(): FileFault[] {
    return this.#faults.toSorted((a, b) => a.line - b.line);
  }

  listWarnings(): Finding[] {
    return this.#warnings.toSorted((a, b) => a.line - b.line);
  }
}

/**
 * Returns the message, cut to the limit, as a new string: a part of the file's text would keep the whole chunk in
 * memory.
 */
function kept(message: string): string {
  const text = message.length > maxMessage ? `${message.slice(0, maxMessage)} …` : message;
  return Buffer.from(text).toString();
}
