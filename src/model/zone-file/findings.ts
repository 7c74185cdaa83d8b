// The faults and warnings of a zone file, by line: the first faults, the first warnings of each kind, and the number of
// all. control/zone-file/refuse-faults.ts refuses a file with faults.

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

/** Each kind has its own limit, so that the warnings of one kind do not hide the others. */
export type WarningKind = 'signing' | 'outside' | 'encoding' | 'pointing' | 'other';

const maxFaultsListed = 10_000;
/** The limit for listed warnings of one kind. */
const maxWarningsListed = 100;
/** The limit for characters of one message. */
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

  /** Returns the listed faults in the order of their lines. `faults` also counts the faults that are not listed. */
  listFaults(): FileFault[] {
    return this.#faults.toSorted((a, b) => a.line - b.line);
  }

  /**
   * Returns the listed warnings in the order of their lines. If a kind has more of them, adds a warning that counts the
   * rest.
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

/** Returns the message, cut to the limit, as a new string: a slice would keep a whole chunk of the file in memory. */
function kept(message: string): string {
  const text = message.length > maxMessage ? `${message.slice(0, maxMessage)} …` : message;
  return Buffer.from(text).toString();
}
