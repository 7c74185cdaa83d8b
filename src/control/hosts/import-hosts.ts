// Imports hosts from the rows of a spreadsheet. First reads and checks all rows: a file with faults changes nothing,
// and each fault is told with its line. Then each row is committed by itself; many rows share a transaction. To repeat
// an import is safe: a row that says what stands changes nothing.

import { type ErrorCode, Refusal, refuse } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import { nextTurn } from '../../model/turn.ts';
import { isKnown } from '../../model/unknown.ts';
import type { Views } from '../../views/views.ts';
import type { Actor } from '../access/actor.ts';
import { CsvFault, type CsvRow } from '../csv/read-csv.ts';
import type { Committer } from '../transaction/commit.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { writtenKey } from '../transaction/transaction-keys.ts';
import { decideChangeHost } from './change-host.ts';
import { decideCreateHost } from './create-host.ts';
import { type HostPatch, newHostInput, type ReadColumn, type RowFault, readHeader, readRow } from './host-csv.ts';
import { type HostInput, parseHostInput, parseHostPatch } from './host-input.ts';
import type { WantedHost } from './host-wanted.ts';

export const importModes = ['create', 'put'] as const;
/** `create`: refuses a row whose host exists with other settings. `put`: changes such a host. */
export type ImportMode = (typeof importModes)[number];

const maxRows = 100_000;
const maxListed = 1000;
/** The limit for rows that are committed at the same time. */
const maxRunning = 128;
const rowsPerTurn = 20;

export interface HostImport {
  actor: Actor;
  rows: AsyncIterable<CsvRow>;
  mode: ImportMode;
  dryRun: boolean;
  /** Returns the faults of the fields of one host, with their paths. */
  check: (input: HostInput) => { path: string; message: string }[];
  signal?: AbortSignal | undefined;
  onProgress?: (progress: HostImportProgress) => void;
}

export interface HostImportProgress {
  phase: 'reading' | 'checking' | 'writing';
  done: number;
  total?: number;
}

interface RefusedRow {
  line: number;
  code: ErrorCode;
  message: string;
}

export interface HostsImported {
  counts: { rows: number; created: number; changed: number; unchanged: number; refused: number };
  /** The first rows that were refused when they were written, because others wrote meanwhile. */
  refused: RefusedRow[];
}

interface HostRow {
  line: number;
  patch: HostPatch;
}

interface Places {
  views: Views;
  committer: Committer;
}

type Outcome = 'created' | 'changed' | 'unchanged';

/** The faults of a file: the first ones, and the number of all. */
class RowFaults {
  readonly #listed: (RefusedRow & { column?: string | undefined })[] = [];
  count = 0;

  add(line: number, { column, message }: RowFault, code: ErrorCode = 'invalid_request'): void {
    this.count += 1;
    if (this.#listed.length < maxListed) this.#listed.push({ line, code, message, column });
  }

  addRefusal(line: number, { code, message, errors }: Refusal): void {
    if (errors === undefined) this.add(line, { message }, code);
    for (const { path, message: told } of errors ?? []) this.add(line, { column: columnOf(path), message: told }, code);
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
    const more = this.count > faults.length ? `; the first ${faults.length} of ${this.count} faults are listed` : '';
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

export async function importHosts(places: Places, wanted: HostImport): Promise<HostsImported> {
  const { views } = places;
  if (views.obstacle !== undefined) refuse('store_unavailable', views.obstacle);
  const faults = new RowFaults();
  const rows = await readRows(wanted, faults);
  // Addresses that the file names are taken first, so that no other row gets them.
  rows.sort((a, b) => Number(hasNoAddress(a)) - Number(hasNoAddress(b)) || a.line - b.line);
  const { counts, differing } = await tryRows(places, wanted, rows, faults);
  faults.refuse();
  if (wanted.dryRun) return { counts, refused: [] };
  return commitRows(places, wanted, differing, counts);
}

function hasNoAddress({ patch }: HostRow): boolean {
  return (patch.addresses ?? null) === null;
}

/** Reads all rows. A file without rows is a fault. */
async function readRows(
  { rows, check, signal, onProgress = () => {} }: HostImport,
  faults: RowFaults,
): Promise<HostRow[]> {
  const read: HostRow[] = [];
  const names = new Map<string, number>();
  let header: ReadColumn[] | undefined;
  try {
    for await (const { line, cells } of rows) {
      if (header === undefined) {
        const found = readHeader(cells);
        header = found.columns;
        for (const fault of found.faults) faults.add(line, fault);
        if (found.faults.length > 0) return read;
        continue;
      }
      if (cells.every((cell) => cell.trim() === '')) continue;
      if (read.length >= maxRows) refuse('payload_too_large', `the file has more than ${maxRows} hosts: split it`);
      const row = readRow(header, cells);
      for (const fault of row.faults) faults.add(line, fault);
      const input = newHostInput(row.patch);
      for (const { path, message } of check(input)) faults.add(line, { column: columnOf(path), message });
      noteNames(names, line, row.patch, faults);
      read.push({ line, patch: row.patch });
      if (read.length % rowsPerTurn === 0) await nextTurn();
      if (read.length % 1000 === 0) onProgress({ phase: 'reading', done: read.length });
      signal?.throwIfAborted();
    }
  } catch (error) {
    if (!(error instanceof CsvFault)) throw error;
    faults.add(error.line, { message: error.message });
  }
  if (header === undefined && faults.count === 0)
    faults.add(1, { message: 'the file is empty: its first line names the columns' });
  return read;
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

/**
 * Decides all rows without a commit. Adds their refusals to the faults. `differing`: the rows that do not say what
 * stands.
 */
async function tryRows(
  { views }: Places,
  { actor, mode, signal, onProgress = () => {} }: HostImport,
  rows: readonly HostRow[],
  faults: RowFaults,
): Promise<{ counts: HostsImported['counts']; differing: HostRow[] }> {
  const counts = { rows: rows.length, created: 0, changed: 0, unchanged: 0, refused: 0 };
  const differing: HostRow[] = [];
  const claimed = new Set<string>();
  for (const [index, row] of rows.entries()) {
    const before = faults.count;
    try {
      const decision = decideImportHost({ actor, views, claimed, now: Date.now() }, row, mode);
      for (const operation of decision.operations) claimed.add(writtenKey(operation));
      const outcome = outcomeOf(decision);
      counts[outcome] += 1;
      if (outcome !== 'unchanged') differing.push(row);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500) throw error;
      // A request beyond the scope of its token is refused at once, without other faults.
      if (error.code === 'forbidden')
        throw new Refusal('forbidden', `line ${row.line}: ${error.message}`, { members: error.members });
      faults.addRefusal(row.line, error);
      if (faults.count === before) faults.add(row.line, { message: error.message }, error.code);
    }
    if (index % rowsPerTurn !== rowsPerTurn - 1) continue;
    await nextTurn();
    signal?.throwIfAborted();
    if (index % 1000 === 999) onProgress({ phase: 'checking', done: index + 1, total: rows.length });
  }
  return { counts, differing };
}

/** Writes one row: creates its host, or changes it. Refuses as these use cases do. */
export function decideImportHost(
  context: DecisionContext,
  { patch }: HostRow,
  mode: ImportMode,
): Decision<Outcome | object> {
  const wanted = parseHostInput(newHostInput(patch));
  const current = isKnown(wanted.name) ? context.views.hosts.get(wanted.name)?.value : undefined;
  // A PTR that was deleted with its zone does not come back by an import.
  if (current === undefined) return decideCreateHost(context, { ...wanted, everyPtr: false });
  const { ptr, ...others } = patch;
  const change = (host: typeof current | undefined): WantedHost =>
    parseHostPatch(host ?? current, { ...others, ...(ptr !== undefined && ptr !== host?.ptr && { ptr }) });
  const decision = decideChangeHost(context, { name: current.name as Fqdn, precondition: {}, change });
  if (mode === 'put' || decision.operations.length === 0) return decision;
  return refuse(
    'name_taken',
    `there is a host ${current.name} already, with other settings: ?mode=put changes it`,
    { name: current.name },
    '/name',
  );
}

/** Returns what a decided row does. The result of a change has `created`, that of a creation has not. */
function outcomeOf({ result, operations }: Pick<Decision<unknown>, 'result' | 'operations'>): Outcome {
  if (!(typeof result === 'object' && result !== null && 'created' in result)) return 'created';
  return operations.length === 0 ? 'unchanged' : 'changed';
}

async function commitRows(
  { committer }: Places,
  { actor, mode, signal, onProgress = () => {} }: HostImport,
  rows: readonly HostRow[],
  tried: HostsImported['counts'],
): Promise<HostsImported> {
  const counts = { ...tried, created: 0, changed: 0 };
  const refused: RefusedRow[] = [];
  const running = new Set<Promise<void>>();
  let failed: unknown;
  let done = 0;
  const commit = async (row: HostRow) => {
    let outcome: Outcome = 'unchanged';
    try {
      await committer.commit(actor, (context) => {
        const decision = decideImportHost(context, row, mode);
        outcome = outcomeOf(decision);
        return decision;
      });
      counts[outcome] += 1;
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500) {
        failed ??= error;
        return;
      }
      counts.refused += 1;
      if (refused.length < maxListed) refused.push({ line: row.line, code: error.code, message: error.message });
    }
    if (++done % 1000 === 0) onProgress({ phase: 'writing', done, total: rows.length });
  };
  for (const row of rows) {
    if (failed !== undefined || signal?.aborted) break;
    const one = commit(row).finally(() => running.delete(one));
    running.add(one);
    if (running.size >= maxRunning) await Promise.race(running);
  }
  await Promise.all(running);
  if (failed instanceof Refusal) {
    const again = `${done} of ${rows.length} rows were written before; repeat the import: rows that stand change nothing`;
    throw new Refusal(failed.code, `${failed.message} (${again})`);
  }
  if (failed !== undefined) throw failed;
  signal?.throwIfAborted();
  onProgress({ phase: 'writing', done, total: rows.length });
  return { counts, refused: refused.sort((a, b) => a.line - b.line) };
}
