// The faults of a file of rows: the first ones with their lines, and the number of all.

import { type ErrorCode, Refusal } from '../../errors.ts';

/** The limit for the rows that an answer lists. */
export const maxListed = 1000;

export interface RowFault {
  column?: string | undefined;
  message: string;
}

export interface RefusedRow {
  line: number;
  code: ErrorCode;
  message: string;
}

/** The path of a fault in one of several rows that are decided together ({@link rowPath}). */
const rowPathForm = /^\/rows\/(\d+)(.*)$/;

/** Returns the pointer to a row of a decision about several rows. */
export function rowPath(index: number): string {
  return `/rows/${index}`;
}

export class RowFaults {
  readonly #listed: (RefusedRow & { column?: string | undefined })[] = [];
  count = 0;

  add(line: number, { column, message }: RowFault, code: ErrorCode = 'invalid_request'): void {
    this.count += 1;
    if (this.#listed.length < maxListed) this.#listed.push({ line, code, message, column });
  }

  /** Adds a fault of a field, by its path. */
  addAt(line: number, path: string, message: string, code?: ErrorCode): void {
    this.add(line, { column: columnOf(path), message }, code);
  }

  /** Adds the faults of rows that were decided together. `lines`: the line of each row. */
  addRefusal(lines: readonly number[], { code, message, errors }: Refusal): void {
    const [first = 0] = lines;
    if (errors === undefined || errors.length === 0) this.add(first, { message }, code);
    for (const { path, message: told, code: own = code } of errors ?? []) {
      const [, index, field] = rowPathForm.exec(path) ?? [];
      this.addAt(lines[Number(index ?? 0)] ?? first, field ?? path, told, own);
    }
  }

  /** Refuses with the code of all faults, if they have one code, otherwise with `invalid_request`. */
  refuse(): void {
    const faults = this.#listed.toSorted((a, b) => a.line - b.line);
    const [first] = faults;
    if (first === undefined) return;
    const code = faults.every((fault) => fault.code === first.code) ? first.code : 'invalid_request';
    const told = faults.map(({ line, column, message }) => ({
      path: `line:${line}`,
      message: column === undefined ? message : `${column}: ${message}`,
    }));
    const listed = this.count > faults.length ? `, of which the first ${faults.length} are listed` : '';
    const others = this.count - 1;
    const more = others === 0 ? '' : `; and ${others} more ${others === 1 ? 'fault' : 'faults'}${listed}`;
    throw new Refusal(code, `line ${first.line}: ${told[0]?.message}${more}; nothing was changed`, {
      errors: told,
      members: { faults: this.count },
    });
  }
}

/** Returns the column of a field: `/tags/app` is `tags.app`, `/addresses/1` is `addresses`. */
function columnOf(path: string): string | undefined {
  const [, field, name] = path.split('/');
  return field === 'tags' && name !== undefined ? `tags.${name.replaceAll('~1', '/').replaceAll('~0', '~')}` : field;
}
