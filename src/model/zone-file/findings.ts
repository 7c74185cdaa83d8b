// What is wrong, or odd, in a zone file: the first of each kind, by line, and how many there were.

import { type ErrorCode, type InputFault, Refusal } from '../../errors.ts';

export interface Finding {
  line: number;
  message: string;
}

const listed = 100;

export class Findings {
  faults = 0;
  warnings = 0;
  readonly #faults: (Finding & { code: ErrorCode })[] = [];
  readonly #warnings: Finding[] = [];

  fault(line: number, message: string, code: ErrorCode = 'record_invalid'): void {
    this.faults += 1;
    if (this.#faults.length < listed) this.#faults.push({ line, message, code });
  }

  warn(line: number, message: string): void {
    this.warnings += 1;
    if (this.#warnings.length < listed) this.#warnings.push({ line, message });
  }

  listWarnings(): Finding[] {
    return this.#warnings.toSorted((a, b) => a.line - b.line);
  }

  /** Refuses when there are faults: with their code if they share one, otherwise with `record_invalid`. */
  refuseFaults(): void {
    if (this.faults === 0) return;
    const faults = this.#faults.toSorted((a, b) => a.line - b.line);
    const [first] = faults;
    const code = faults.every((fault) => fault.code === first?.code)
      ? (first?.code ?? 'record_invalid')
      : 'record_invalid';
    const errors: InputFault[] = faults.map(({ line, message }) => ({ pointer: `line:${line}`, message }));
    const more = this.faults > errors.length ? `; the first ${errors.length} of ${this.faults} faults are listed` : '';
    throw new Refusal(code, `line ${first?.line}: ${first?.message}${more}; nothing was changed`, {
      errors,
      members: { faults: this.faults },
    });
  }
}
