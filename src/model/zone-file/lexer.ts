// Splits the text of a zone file into entries of tokens (RFC 1035 §5.1): joins lines in parentheses, removes comments.
// Reads the file in chunks of any size, and keeps at most one entry and the beginning of a line. A character of a chunk
// is one octet of the file (latin1). Lines may have UTF-8. reader.ts interprets the tokens.

import { isUtf8 } from 'node:buffer';

import { maxRdataText } from '../rdata/rdata.ts';
import { foreignFormFault, formOctets } from './foreign-form.ts';

/** The comment that an export writes after a record that the zone's settings imply. */
export const impliedMark = ' implied';

/** An entry. `tokens` keep quotes and escapes. `indented`: the line starts with a blank, so the entry has no owner. */
export interface ZoneFileEntry {
  line: number;
  indented: boolean;
  tokens: string[];
  implied?: boolean;
}

export interface LexerFault {
  line: number;
  fault: string;
}

export interface LexerWarning {
  line: number;
  warning: string;
}

type Item = ZoneFileEntry | LexerFault | LexerWarning;

/** The limit for the characters of an entry. */
const maxEntry = maxRdataText;

const notUtf8 =
  'the line has octets that are not UTF-8, which are kept as they are (\\DDD): is the file in another encoding?';

const special = /["();\\]/;
const blanks = /[ \t]+/;
const notAscii = /[\x7f-\xff]/;
/** Matches a whole escape too, so that a backslash is dropped only if it escapes a character outside ASCII. */
const escapeOrNotAscii = /\\.|[^\0-\x7e]/gs;

export class ZoneFileLexer {
  #rest = '';
  /** True when the first octets were checked for a foreign form. */
  #begun = false;
  /** The line end of this file. Undefined until the first line end was read. */
  #lineEnd: string | RegExp | undefined;
  #line = 0;
  #entry: ZoneFileEntry | undefined;
  #depth = 0;
  #length = 0;
  #dead = false;

  /** Yields the entries that this chunk of the file completes, with faults and warnings between them. */
  *read(chunk: string): Generator<Item> {
    if (this.#dead) return;
    const text = this.#rest + chunk;
    if (!this.#begun) {
      this.#rest = text;
      if (text.length >= formOctets) yield* this.#begin();
      if (!this.#begun || this.#dead) return;
    }
    this.#lineEnd ??= findLineEnd(text);
    const lines = this.#lineEnd === undefined ? [text] : text.split(this.#lineEnd);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') this.#line += 1;
      else yield* this.#readLine(line);
    }
    if (this.#rest.length > maxEntry) yield* this.#giveUp();
  }

  *end(): Generator<Item> {
    if (!this.#begun) {
      yield* this.#begin();
      yield* this.read('');
    }
    if (this.#rest !== '') yield* this.#readLine(this.#rest);
    this.#rest = '';
    if (this.#depth > 0 && !this.#dead) yield { line: this.#entry?.line ?? 0, fault: 'a parenthesis is not closed' };
  }

  /** If the file is in a form that cannot be read, yields a fault and reads nothing. */
  *#begin(): Generator<LexerFault> {
    this.#begun = true;
    const fault = foreignFormFault(this.#rest);
    if (fault === undefined) return;
    this.#dead = true;
    this.#rest = '';
    yield { line: 1, fault };
  }

  *#readLine(text: string): Generator<Item> {
    this.#line += 1;
    if (this.#dead) return;
    const line = withoutReturns(this.#line === 1 ? text.replace(/^\xef\xbb\xbf/, '') : text);
    // In a line with a comment, only the file's own line end counts: otherwise a part of a comment could become a
    // record.
    const parts = line.includes('\r') && !line.includes(';') ? line.split('\r').filter((part) => part !== '') : [line];
    for (const part of parts) {
      let isWhole = true;
      for (const item of notAscii.test(part) ? this.#readOctets(part) : this.#readPart(part)) {
        isWhole &&= !('fault' in item);
        yield item;
      }
      // Report one fault only: if a quote is open, its rest in a later part of the line is no fault of its own.
      if (!isWhole) return;
    }
  }

  /**
   * Reads a line with octets outside ASCII as UTF-8. If it is not UTF-8, these octets become `\DDD`, with a warning.
   * Ignores such octets in comments.
   */
  *#readOctets(line: string): Generator<Item> {
    const plain = isText(line) ? line : withoutComment(line);
    const isUnicode = isText(plain);
    if (!isUnicode) yield { line: this.#line, warning: notUtf8 };
    yield* this.#readPart(decoded(plain, isUnicode));
  }

  *#readPart(plain: string): Generator<Item> {
    const indented = plain.startsWith(' ') || plain.startsWith('\t');
    if (this.#depth === 0 && !special.test(plain)) {
      const tokens = plain.split(blanks).filter((token) => token !== '');
      if (tokens.length > 0) yield { line: this.#line, indented, tokens };
      return;
    }
    this.#entry ??= { line: this.#line, indented, tokens: [] };
    const fault = this.#readTokens(plain, this.#entry);
    this.#length += plain.length;
    if (fault !== undefined) {
      this.#depth = 0;
      yield { line: this.#line, fault };
    } else if (this.#length > maxEntry) {
      yield* this.#giveUp();
      return;
    }
    if (this.#depth > 0) return;
    const entry = this.#entry;
    this.#entry = undefined;
    this.#length = 0;
    if (fault === undefined && entry.tokens.length > 0) yield entry;
  }

  /** Adds the line's tokens to the entry. Returns the fault of the line; undefined if there is none. */
  #readTokens(text: string, entry: ZoneFileEntry): string | undefined {
    const { tokens } = entry;
    let start = -1;
    let quoted = false;
    for (let at = 0; at <= text.length; at += 1) {
      const character = at < text.length ? text[at] : ' ';
      if (quoted && at < text.length) {
        if (character === '\\') at += 1;
        else if (character === '"') quoted = false;
        continue;
      }
      if (character === '"' || character === '\\') {
        if (start < 0) start = at;
        if (character === '"') quoted = true;
        else at += 1;
        if (at >= text.length) return 'the line ends in the middle of an escape';
        continue;
      }
      const ends =
        character === ' ' || character === '\t' || character === '(' || character === ')' || character === ';';
      if (!ends) {
        if (start < 0) start = at;
        continue;
      }
      if (quoted) return 'a quote is not closed on its line';
      if (start >= 0) tokens.push(text.slice(start, at));
      start = -1;
      if (character === ';') {
        if (text.slice(at + 1) === impliedMark) entry.implied = true;
        return undefined;
      }
      if (character === '(') this.#depth += 1;
      if (character === ')') {
        if (this.#depth === 0) return 'a parenthesis is closed that was not opened';
        this.#depth -= 1;
      }
    }
    return quoted ? 'a quote is not closed on its line' : undefined;
  }

  *#giveUp(): Generator<LexerFault> {
    if (this.#dead) return;
    this.#dead = true;
    this.#rest = '';
    yield {
      line: this.#entry?.line ?? this.#line + 1,
      fault: `an entry has more than ${maxEntry} characters: nothing after it was read`,
    };
  }
}

/**
 * Returns the line end of a file that begins with this text. If a bare CR ends the first line, each CR, LF and CRLF is
 * a line end; otherwise each LF is. Undefined if the text does not show it yet.
 */
function findLineEnd(text: string): string | RegExp | undefined {
  const first = text.search(/[\r\n]/);
  if (first < 0) return undefined;
  let after = first;
  while (text[after] === '\r') after += 1;
  if (after === text.length) return undefined;
  return text[after] === '\n' ? '\n' : /\r\n?|\n/;
}

/** Returns the line without the CRs at its end. */
function withoutReturns(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return end === line.length ? line : line.slice(0, end);
}

function isText(octets: string): boolean {
  return isUtf8(Buffer.from(octets, 'latin1'));
}

function withoutComment(line: string): string {
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === '\\') at += 1;
    else if (line[at] === '"') quoted = !quoted;
    else if (line[at] === ';' && !quoted) return line.slice(0, at);
  }
  return line;
}

/** Returns the line with its UTF-8 as characters. In a line that is not UTF-8, octets outside ASCII become `\DDD`. */
function decoded(line: string, isUnicode: boolean): string {
  return (isUnicode ? Buffer.from(line, 'latin1').toString() : line).replace(escapeOrNotAscii, (found) => {
    const code = found.charCodeAt(found.length - 1);
    if (code < 0x7f) return found;
    return isUnicode && code > 0x7f ? found.slice(-1) : `\\${String(code).padStart(3, '0')}`;
  });
}
