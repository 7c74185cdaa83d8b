// The faults and warnings of a zone file, by line: the first of each kind up to a limit, and how many there are.
// Refusing a file with faults: control/zone-file/refuse-faults.ts.

import type { NameRule } from '../check-name.ts';

/** The rules that a record of a zone file can break. */
export type FileRule = NameRule | 'managed_record' | 'outside_zone' | 'zone_signed';

export interface Finding {
  line: number;
  message: string;
}

interface FileFault extends Finding {
  code: FileRule;
}

/** Warnings of one kind do not hide those of another. */
export type WarningKind = 'signing' | 'outside' | 'encoding' | 'pointing' | 'other';

const maxFaultsListed = 10_000;
/** The warnings of one kind that are listed. */
const maxWarningsListed = 100;
/** Characters of one message. */
const maxMessage = 500;

export class Findings {
  faults = 0;
  warnings = 0;
  readonly #faults: FileFault[] = [];
  readonly #warnings = new Map<WarningKind, { listed: Finding[]; count: number }>();

  fault(line: number, message: string, code: FileRule = 'record_invalid'): void {
    this.faults += 1;
    if (this.#faults.length < maxFaultsListed) this.#faults.push({ line, message: kept(message), code });
  }

  warn(line: number, message: string, kind: WarningKind = 'other'): void {
    this.warnings += 1;
    const warnings = this.#warnings.get(kind) ?? { listed: [], count: 0 };
    this.#warnings.set(kind, warnings);
    warnings.count += 1;
    if (warnings.listed.length < maxWarningsListed) warnings.listed.push({ line, message: kept(message) });
  }

  /** Returns the listed faults in the order of their lines. `faults` counts those that are not listed, too. */
  listFaults(): FileFault[] {
    return this.#faults.toSorted((a, b) => a.line - b.line);
  }

  /**
   * Returns the listed warnings in the order of their lines, and for each kind with more of them a warning that counts
   * the others.
   */
  listWarnings(): Finding[] {
    const listed = [...this.#warnings.values()].flatMap(({ listed }) => listed).sort((a, b) => a.line - b.line);
    for (const [kind, { listed: some, count }] of this.#warnings) {
      const more = count - some.length;
      const what = kind === 'outside' ? 'records outside the zone are left out' : 'warnings are not listed';
      if (more > 0) listed.push({ line: some.at(-1)?.line ?? 0, message: `${more} more ${what}` });
    }
    return listed;
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
