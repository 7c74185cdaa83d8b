// What is wrong, or odd, in a zone file, by line: the first of each kind, up to a bound, and how many there were.

import { type ErrorCode, type InputFault, Refusal } from '../../errors.ts';

export interface Finding {
  line: number;
  message: string;
}

const faultsListed = 10_000;
const warningsListed = 100;
const greatestMessage = 500;

export class Findings {
  faults = 0;
  warnings = 0;
  readonly #faults: (Finding & { code: ErrorCode })[] = [];
  readonly #warnings: Finding[] = [];

  fault(line: number, message: string, code: ErrorCode = 'record_invalid'): void {
    this.faults += 1;
    if (this.#faults.length < faultsListed) this.#faults.push({ line, message: kept(message), code });
  }

  warn(line: number, message: string): void {
    this.warnings += 1;
    if (this.#warnings.length < warningsListed) this.#warnings.push({ line, message: kept(message) });
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

/** Cut, and a string of its own: what quotes the file would keep a piece of it in memory. */
function kept(message: string): string {
  const text = message.length > greatestMessage ? `${message.slice(0, greatestMessage)} …` : message;
  return Buffer.from(text).toString();
}
