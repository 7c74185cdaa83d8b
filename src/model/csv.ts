// Lines of CSV (RFC 4180), written so that a spreadsheet shows them and starts no formula. control/csv reads them.

/**
 * The first characters of cells that a spreadsheet may take for a formula. Such a cell, and one that begins with an
 * apostrophe, is written with an apostrophe before it. {@link unguarded} removes this apostrophe.
 */
const guardedStart = /^['=+\-@\t\r]/;

/** Returns a line with its end, CR LF. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

const rowsPerChunk = 100;

/** Yields a file in chunks: the header, and the rows as they come. */
export async function* csvChunks(header: string, rows: AsyncIterable<string>): AsyncGenerator<string> {
  let text = header;
  let count = 0;
  for await (const row of rows) {
    text += row;
    if (++count % rowsPerChunk !== 0) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

function csvCell(value: string): string {
  const text = guardedStart.test(value) ? `'${value}` : value;
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Returns the value of a cell that was read. An apostrophe that guards nothing stays. */
export function unguarded(cell: string): string {
  return cell.startsWith("'") && guardedStart.test(cell.slice(1)) ? cell.slice(1) : cell;
}
