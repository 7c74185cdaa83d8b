// Reads CSV while it arrives: the lines of a spreadsheet, each with its number. Takes the separators `,`, `;` and tab,
// UTF-8 with and without a byte order mark, UTF-16 with one, and all ends of lines.

import { CsvError, type Info, type Parser, parse } from 'csv-parse';
import { refuse } from '../../errors.ts';

export interface CsvRow {
  /** The line in which the row begins; the first line is 1. */
  line: number;
  cells: string[];
}

/** A file that cannot be read further than this line. */
export class CsvFault extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

const maxRowCharacters = 256 * 1024;
/** The limit for the characters in which the end of the first line is searched. */
const maxFirstLine = 64 * 1024;

/** Yields the rows that are not empty. Throws {@link CsvFault}. Refuses with `payload_too_large`. */
export async function* readCsv(octets: AsyncIterable<Buffer>, maxOctets: number): AsyncGenerator<CsvRow> {
  const text = withoutCarriageReturns(decoded(octets, maxOctets));
  let beginning = '';
  // A loop `for await` that ends early would end the text.
  while (!beginning.includes('\n') && beginning.length <= maxFirstLine) {
    const { value, done } = await text.next();
    if (done === true) break;
    beginning += value;
  }
  const [, separator] = /^\uFEFF?sep=(.)\n/i.exec(beginning) ?? [];
  if (separator !== undefined)
    throw new CsvFault(
      1,
      `delete the line 'sep=${separator}': the first line names the columns, and shows the separator`,
    );
  const parser = parse({
    delimiter: separatorOf(beginning),
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: '\n',
    max_record_size: maxRowCharacters,
  });
  yield* parsed(parser, beginning, text);
}

async function* parsed(parser: Parser, beginning: string, text: AsyncGenerator<string>): AsyncGenerator<CsvRow> {
  const rows: CsvRow[] = [];
  let lines = 0;
  let fault: Error | undefined;
  parser.on('readable', () => {
    for (let row = parser.read() as Parsed | null; row !== null; row = parser.read() as Parsed | null) {
      // `lines` counts up to the end of the row, and a cell in quotes may have several lines.
      const within = row.record.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
      lines = row.info.lines;
      rows.push({ line: lines - within, cells: row.record });
    }
  });
  let resume = () => {};
  parser.on('error', (error) => {
    fault = error;
    resume();
  });
  parser.on('end', () => resume());
  const give = async function* (chunk: string | undefined) {
    await new Promise<void>((resolve) => {
      resume = resolve;
      if (chunk === undefined) parser.end();
      else parser.write(chunk, () => setImmediate(resolve));
    });
    yield* rows.splice(0);
    if (fault !== undefined) throw faultOf(fault, lines + 1);
  };
  if (beginning !== '') yield* give(beginning);
  for await (const chunk of text) yield* give(chunk);
  yield* give(undefined);
}

interface Parsed {
  record: string[];
  info: Info;
}

/** `next`: the line after the last row that was read. */
function faultOf(error: Error, next: number): Error {
  if (!(error instanceof CsvError)) return error;
  const isOpen = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE';
  const line = isOpen ? next : Number((error as { lines?: number }).lines ?? next);
  const told: Record<string, string> = {
    INVALID_OPENING_QUOTE: 'a quote stands inside a cell: put the cell in quotes, and write each quote in it twice',
    CSV_INVALID_CLOSING_QUOTE: 'text follows the closing quote of a cell: write each quote inside a cell twice',
    CSV_QUOTE_NOT_CLOSED: 'a cell begins with a quote here, and the file ends before the closing quote',
    CSV_MAX_RECORD_SIZE: `the row has more than ${maxRowCharacters} characters: perhaps a closing quote is missing`,
  };
  return new CsvFault(line, `${told[error.code] ?? error.message}; the rest of the file was not read`);
}

/** Returns the separator that the first line has most often, outside of quotes. */
function separatorOf(text: string): string {
  const [first = ''] = text.replaceAll(/"[^"]*"/g, '').split('\n', 1);
  const counts = [',', ';', '\t'].map((separator) => ({ separator, count: first.split(separator).length }));
  return counts.reduce((most, one) => (one.count > most.count ? one : most)).separator;
}

async function* decoded(octets: AsyncIterable<Buffer>, maxOctets: number): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let length = 0;
  const decode = (chunk?: Buffer) => {
    try {
      return decoder?.decode(chunk, { stream: chunk !== undefined }) ?? '';
    } catch {
      return refuse('invalid_request', 'the file is not in UTF-8: save it as "CSV UTF-8"');
    }
  };
  for await (const chunk of octets) {
    if (length === 0 && chunk.subarray(0, 4).toString('latin1') === 'PK\u0003\u0004')
      refuse('invalid_request', 'the file is a workbook (.xlsx or .ods), no text: save it as "CSV UTF-8"');
    length += chunk.length;
    if (length > maxOctets) refuse('payload_too_large', `the file has more than ${maxOctets} octets: split it`);
    decoder ??= new TextDecoder(chunk[0] === 0xff && chunk[1] === 0xfe ? 'utf-16le' : 'utf-8', { fatal: true });
    yield decode(chunk);
  }
  yield decode();
}

/** Makes one LF of each end of a line: CR LF, CR or LF. */
async function* withoutCarriageReturns(text: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const chunk of text) {
    const all = held + chunk;
    // The LF of a CR LF may be in the next chunk.
    held = all.endsWith('\r') ? '\r' : '';
    yield (held === '' ? all : all.slice(0, -1)).replaceAll(/\r\n?/g, '\n');
  }
  yield held === '' ? '' : '\n';
}
