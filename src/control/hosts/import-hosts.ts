// Imports hosts from the rows of a spreadsheet (csv/import-rows.ts).

import { refuse } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import { isKnown } from '../../model/unknown.ts';
import type { ImportMode, RowKind, RowsDecision } from '../csv/import-rows.ts';
import type { RowFaults } from '../csv/row-faults.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { decideChangeHost } from './change-host.ts';
import { decideCreateHost } from './create-host.ts';
import { type HostColumn, type HostPatch, hostColumns, newHostInput, readHostRow } from './host-csv.ts';
import { type HostInput, parseHostInput, parseHostPatch } from './host-input.ts';
import type { WantedHost } from './host-wanted.ts';

interface HostRow {
  line: number;
  patch: HostPatch;
}

/** Returns what the rows of one file mean. `check` returns the faults of the fields of one host, with their paths. */
export function hostRows(
  check: (input: HostInput) => { path: string; message: string }[],
): RowKind<HostRow, HostColumn> {
  const names = new Map<string, number>();
  return {
    columns: hostColumns,
    read: (header, { line, cells }, faults) => {
      const row = readHostRow(header, cells);
      for (const fault of row.faults) faults.add(line, fault);
      for (const { path, message } of check(newHostInput(row.patch))) faults.addAt(line, path, message);
      noteNames(names, line, row.patch, faults);
      return { line, patch: row.patch };
    },
    // Addresses that the file names are taken first, so that no other row gets them.
    arrange: (rows) =>
      rows.sort((a, b) => Number(hasNoAddress(a)) - Number(hasNoAddress(b)) || a.line - b.line).map((row) => [row]),
    decide: (context, [row], mode) => decideImportHost(context, row as HostRow, mode),
  };
}

function hasNoAddress({ patch }: HostRow): boolean {
  return (patch.addresses ?? null) === null;
}

/** Adds a fault if an earlier row has the name, or one of the aliases, too. */
function noteNames(names: Map<string, number>, line: number, { name, aliases }: HostPatch, faults: RowFaults): void {
  for (const [index, text] of [name, ...(aliases ?? [])].entries()) {
    const key = text?.toLowerCase().replace(/\.$/, '');
    if (key === undefined || key === '') continue;
    const other = names.get(key);
    const column = index === 0 ? 'name' : 'aliases';
    if (other !== undefined) faults.add(line, { column, message: `${key} is also in line ${other}` });
    else names.set(key, line);
  }
}

/** Writes one row: creates its host, or changes it. Refuses as these use cases do. */
function decideImportHost(context: DecisionContext, { patch }: HostRow, mode: ImportMode): RowsDecision {
  const wanted = parseHostInput(newHostInput(patch));
  const current = isKnown(wanted.name) ? context.views.hosts.get(wanted.name)?.value : undefined;
  // A PTR that was deleted with its zone does not come back by an import.
  if (current === undefined)
    return { decision: decideCreateHost(context, { ...wanted, everyPtr: false }), outcomes: ['created'] };
  const { ptr, ...others } = patch;
  const change = (host: typeof current | undefined): WantedHost =>
    parseHostPatch(host ?? current, { ...others, ...(ptr !== undefined && ptr !== host?.ptr && { ptr }) });
  const decision: Decision<unknown> = decideChangeHost(context, {
    name: current.name as Fqdn,
    precondition: {},
    change,
  });
  if (decision.operations.length === 0) return { decision, outcomes: ['unchanged'] };
  if (mode === 'put') return { decision, outcomes: ['changed'] };
  return refuse(
    'name_taken',
    `there is a host ${current.name} already, with other settings: ?mode=put changes it`,
    { name: current.name },
    '/name',
  );
}
