// The refusal of a zone file with faults.

import { Refusal } from '../../errors.ts';
import type { Findings } from '../../model/zone-file/findings.ts';

/**
 * Refuses if there are faults: with their code if all listed faults have the same one, otherwise with `record_invalid`.
 */
export function refuseFaults(findings: Findings): void {
  const faults = findings.listFaults();
  const [first] = faults;
  if (first === undefined) return;
  const code = faults.every((fault) => fault.code === first.code) ? first.code : 'record_invalid';
  const errors = faults.map(({ line, message }) => ({ path: `line:${line}`, message }));
  const count = findings.faults;
  const more = count > errors.length ? `; the first ${errors.length} of ${count} faults are listed` : '';
  throw new Refusal(code, `line ${first.line}: ${first.message}${more}; nothing was changed`, {
    errors,
    members: { faults: count },
  });
}
