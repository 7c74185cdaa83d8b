// Imports the rows of a spreadsheet. First reads and checks all rows: a file with faults changes nothing, and each
// fault is told with its line. Then each row is committed by itself; many rows share a transaction. To repeat an import
// is safe: a row that says what stands changes nothing. What rows say: hosts/import-hosts.ts,
// allocations/import-allocations.ts.

import { type ErrorCode, Refusal, refuse } from '../../errors.ts';
import { BoundedWork } from '../../model/bounded-work.ts';
import { nextTurn } from '../../model/turn.ts';
import type { Views } from '../../views/views.ts';
import type { Actor } from '../access/actor.ts';
import { needValidToken } from '../access/valid-token.ts';
import type { Committer } from '../transaction/commit.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { LastingSearches } from '../transaction/lasting-search.ts';
import { writtenKey } from '../transaction/transaction-keys.ts';
import { type Columns, type ReadColumn, readHeader } from './columns.ts';
import { CsvFault, type CsvRow } from './read-csv.ts';
import { maxListed, type RefusedRow, type RowFault, RowFaults } from './row-faults.ts';

export const importModes = ['create', 'put'] as const;
/** `create`: refuses a row that exists with other settings. `put`: changes what it names. */
export type ImportMode = (typeof importModes)[number];

const maxRows = 100_000;
/** The limit for decisions that are committed at the same time. */
const maxRunning = 128;
const rowsPerTurn = 20;

/** A request to import a file. */
interface RowImport {
  actor: Actor;
  rows: AsyncIterable<CsvRow>;
  mode: ImportMode;
  dryRun: boolean;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ImportProgress) => void) | undefined;
}

export interface ImportProgress {
  phase: 'reading' | 'checking' | 'writing';
  done: number;
  total?: number;
}

interface RowsImported {
  counts: { rows: number; created: number; changed: number; unchanged: number; refused: number };
  /** The first rows that were refused when they were written, because others wrote meanwhile. */
  refused: RefusedRow[];
}

export type RowOutcome = 'created' | 'changed' | 'unchanged';

/** The transaction of some rows, and what it does with each of them. */
export interface RowsDecision {
  decision: Decision<unknown>;
  outcomes: readonly RowOutcome[];
}

export interface ImportedRow {
  line: number;
}

/** What the rows of a file mean. */
export interface RowKind<Row extends ImportedRow, Column extends string> {
  columns: Columns<Column>;
  /** Reads a row, and notes its faults. Returns undefined if nothing can be decided about it. */
  read: (columns: readonly ReadColumn<Column>[], csv: CsvRow, faults: RowFaults) => Row | undefined;
  /** Returns the rows in the order in which they are decided. Rows in one list share a transaction. */
  arrange: (rows: Row[]) => Row[][];
  /** Decides rows of one list. The path of a fault begins with the {@link rowPath} of its row, if there are several. */
  decide: (context: DecisionContext, rows: readonly Row[], mode: ImportMode) => RowsDecision;
}

interface Places {
  views: Views;
  committer: Committer;
}

type Counts = RowsImported['counts'];

export async function importRows<Row extends ImportedRow, Column extends string>(
  places: Places,
  kind: RowKind<Row, Column>,
  wanted: RowImport,
): Promise<RowsImported> {
  const { views } = places;
  if (views.obstacle !== undefined) refuse('store_unavailable', views.obstacle);
  const faults = new RowFaults();
  const rows = await readRows(kind, wanted, faults);
  const { counts, differing } = await tryRows(places, kind, wanted, rows, faults);
  faults.refuse();
  if (wanted.dryRun) return { counts, refused: [] };
  return commitRows(places, kind, wanted, differing, counts);
}

/** Reads all rows. A file without a first line is a fault. */
async function readRows<Row extends ImportedRow, Column extends string>(
  kind: RowKind<Row, Column>,
  { rows, signal, onProgress = () => {} }: RowImport,
  faults: RowFaults,
): Promise<Row[]> {
  const read: Row[] = [];
  let count = 0;
  let header: ReadColumn<Column>[] | undefined;
  let misread: RowFault[] = [];
  let headerLine = 1;
  let hasMore = false;
  try {
    for await (const csv of rows) {
      if (header === undefined) {
        const found = readHeader(kind.columns, csv.cells);
        header = found.columns;
        misread = found.faults;
        headerLine = csv.line;
        continue;
      }
      hasMore = true;
      if (misread.length > 0) break;
      if (csv.cells.every((cell) => cell.trim() === '')) continue;
      if (count >= maxRows)
        refuse('payload_too_large', `the file has more than ${maxRows} ${kind.columns.of}: split it`);
      count += 1;
      const row = kind.read(header, csv, faults);
      if (row !== undefined) read.push(row);
      if (count % rowsPerTurn === 0) await nextTurn();
      if (count % 1000 === 0) onProgress({ phase: 'reading', done: count });
      signal?.throwIfAborted();
    }
  } catch (error) {
    if (!(error instanceof CsvFault)) throw error;
    faults.add(error.line, { message: error.message });
  }
  // `curl -d @file` makes one line of a file: then each cell would be a fault.
  const lost = 'the file is one line that does not name columns: send it with its line ends (curl --data-binary @file)';
  if (misread.length > 1 && !hasMore && faults.count === 0) faults.add(headerLine, { message: lost });
  else for (const fault of misread) faults.add(headerLine, fault);
  if (header === undefined && faults.count === 0)
    faults.add(1, { message: 'the file is empty: its first line names the columns' });
  return read;
}

/**
 * Decides all rows without a commit. Adds their refusals to the faults. `differing`: the lists with a row that does not
 * say what stands.
 */
async function tryRows<Row extends ImportedRow, Column extends string>(
  { views }: Places,
  kind: RowKind<Row, Column>,
  { actor, mode, signal, onProgress = () => {} }: RowImport,
  rows: Row[],
  faults: RowFaults,
): Promise<{ counts: Counts; differing: Row[][] }> {
  const counts = { rows: rows.length, created: 0, changed: 0, unchanged: 0, refused: 0 };
  const differing: Row[][] = [];
  const claimed = new Set<string>();
  const free = new LastingSearches({ views, claimed });
  let done = 0;
  for (const list of kind.arrange(rows)) {
    const context = { actor, views, claimed, free, now: Date.now() };
    needValidToken(context, context.now);
    try {
      const { decision, outcomes } = kind.decide(context, list, mode);
      for (const operation of decision.operations) claimed.add(writtenKey(operation));
      count(counts, outcomes);
      if (outcomes.some((outcome) => outcome !== 'unchanged')) differing.push(list);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500) throw error;
      const lines = list.map(({ line }) => line);
      // A request beyond the scope of its token is refused at once, without other faults.
      if (error.code === 'forbidden')
        throw new Refusal('forbidden', `line ${lines[0]}: ${error.message}`, { members: error.members });
      faults.addRefusal(lines, error);
    }
    const before = done;
    done += list.length;
    if (Math.floor(before / rowsPerTurn) === Math.floor(done / rowsPerTurn)) continue;
    await nextTurn();
    signal?.throwIfAborted();
    if (Math.floor(before / 1000) !== Math.floor(done / 1000))
      onProgress({ phase: 'checking', done, total: rows.length });
  }
  return { counts, differing };
}

function count(counts: Counts, outcomes: readonly RowOutcome[]): void {
  for (const outcome of outcomes) counts[outcome] += 1;
}

/** Commits each list by itself. `tried`: the counts of the check, of which those of unchanged rows stay. */
async function commitRows<Row extends ImportedRow, Column extends string>(
  { committer }: Places,
  kind: RowKind<Row, Column>,
  { actor, mode, signal, onProgress = () => {} }: RowImport,
  differing: readonly Row[][],
  tried: Counts,
): Promise<RowsImported> {
  const total = differing.reduce((sum, list) => sum + list.length, 0);
  const counts = { ...tried, created: 0, changed: 0, unchanged: tried.rows - total };
  const refused: RefusedRow[] = [];
  let done = 0;
  const commit = async (list: readonly Row[]) => {
    let outcomes: readonly RowOutcome[] = [];
    try {
      await committer.commit(actor, (context) => {
        const decided = kind.decide(context, list, mode);
        outcomes = decided.outcomes;
        return decided.decision;
      });
      count(counts, outcomes);
    } catch (error) {
      // If the token is not valid any more, all further rows are refused too.
      if (!(error instanceof Refusal) || error.status >= 500 || error.code === 'unauthorized') throw error;
      noteRefused(list, error);
    }
    for (const _ of list) if (++done % 1000 === 0) onProgress({ phase: 'writing', done, total });
  };
  const noteRefused = (list: readonly Row[], { code, message }: { code: ErrorCode; message: string }) => {
    counts.refused += list.length;
    for (const { line } of list) if (refused.length < maxListed) refused.push({ line, code, message });
  };
  const work = new BoundedWork(maxRunning);
  for (const list of differing) {
    if (work.hasFailed || signal?.aborted) break;
    await work.begin(() => commit(list));
  }
  await work.finish().catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error;
    const again = `${done} of ${total} rows were written before; repeat the import: rows that stand change nothing`;
    throw new Refusal(error.code, `${error.message} (${again})`);
  });
  signal?.throwIfAborted();
  onProgress({ phase: 'writing', done, total });
  return { counts, refused: refused.sort((a, b) => a.line - b.line) };
}
