// Reads the records of a zone file, in the order of the file and with their lines. Applies directives, inherits owners
// and TTLs, makes names absolute and rdata canonical. Streams: keeps no record that it has yielded. Faults and warnings
// are notes between the records. Text to tokens: lexer.ts. Records that must not be together: contents.ts.

import { parseDuration } from '../duration.ts';
import { InvalidValue } from '../invalid-value.ts';
import { type Fqdn, parseRelativeName } from '../name.ts';
import { isPartedText } from '../rdata/parted-text.ts';
import { formatRdata, parseRdata } from '../rdata/rdata.ts';
import { parseRecordType, type RecordType } from '../rdata/record-types.ts';
import { maxTtl } from '../rrset.ts';
import type { FileRule } from './findings.ts';
import { parseGenerateRange, substitute } from './generate.ts';
import { type LexerFault, type ZoneFileEntry, ZoneFileLexer } from './lexer.ts';
import { withAbsoluteNames } from './rdata-names.ts';

export interface ZoneFileRecord {
  kind: 'record';
  line: number;
  owner: Fqdn;
  type: RecordType;
  ttl: number;
  /** Canonical presentation form. */
  record: string;
  /** The octets of the rdata. */
  length: number;
  /** True if the file says that the settings of the exported zone implied this record. */
  implied?: boolean;
  /** True if the text is in several strings, probably because it is not in quotes. */
  parted?: boolean;
}

/** A fault refuses the file. A warning does not, but part of the file may not mean what its author intended. */
export interface ZoneFileNote {
  kind: 'fault' | 'warning';
  line: number;
  code: FileRule;
  message: string;
}

interface ReaderOptions {
  /** The `$ORIGIN` at the beginning of the file: the zone. */
  origin: Fqdn;
  /** The TTL of records before the first one with a TTL. */
  defaultTtl: number;
}

type Item = ZoneFileRecord | ZoneFileNote;

const classes = /^(?:IN|CH|HS|CS|ANY|NONE|CLASS\d{1,5})$/i;

export class ZoneFileReader {
  /** The first `$TTL` of the file; undefined until it was read. */
  firstDirectiveTtl: number | undefined;
  readonly #lexer = new ZoneFileLexer();
  #origin: Fqdn;
  /**
   * The owner that the next entry may inherit. `broken`: it could not be read, so entries that inherit it are skipped.
   */
  #owner: Fqdn | 'none' | 'broken' = 'none';
  #directiveTtl: number | undefined;
  #lastTtl: number | undefined;
  #soaMinimum: number | undefined;
  readonly #defaultTtl: number;

  constructor({ origin, defaultTtl }: ReaderOptions) {
    this.#origin = origin;
    this.#defaultTtl = defaultTtl;
  }

  *read(chunk: string): Generator<Item> {
    for (const entry of this.#lexer.read(chunk)) yield* this.#items(entry);
  }

  *end(): Generator<Item> {
    for (const entry of this.#lexer.end()) yield* this.#items(entry);
  }

  #items(entry: ZoneFileEntry | LexerFault): Iterable<Item> {
    const items = this.#take(entry);
    if ('fault' in entry || entry.implied !== true) return items;
    return items.map((item) => (item.kind === 'record' ? { ...item, implied: true } : item));
  }

  *#take(entry: ZoneFileEntry | LexerFault): Generator<Item> {
    const { line } = entry;
    if ('fault' in entry) {
      yield fault(line, entry.fault);
      return;
    }
    try {
      const [first = ''] = entry.tokens;
      if (first.startsWith('$') && !entry.indented) yield* this.#obey(entry, first.toUpperCase());
      else if (entry.indented) yield* this.#inherit(entry);
      else {
        this.#owner = 'broken';
        this.#owner = this.#parseOwner(first);
        yield* this.#record(line, this.#owner, entry.tokens.slice(1));
      }
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      yield fault(line, error.message);
    }
  }

  *#inherit({ line, tokens }: ZoneFileEntry): Generator<Item> {
    if (this.#owner === 'none') throw new InvalidValue('the first record has no owner name');
    if (this.#owner !== 'broken') yield* this.#record(line, this.#owner, tokens);
  }

  #parseOwner(token: string): Fqdn {
    if (token.startsWith('"')) throw new InvalidValue(`${token} is not an owner name: names are not quoted`);
    return parseRelativeName(token, this.#origin);
  }

  *#obey({ line, tokens }: ZoneFileEntry, directive: string): Generator<Item> {
    const [, argument = '', ...more] = tokens;
    switch (directive) {
      case '$ORIGIN':
        if (argument === '' || more.length > 0) throw new InvalidValue('$ORIGIN takes one name');
        this.#origin = this.#parseOwner(argument);
        return;
      case '$TTL':
        if (argument === '' || more.length > 0) throw new InvalidValue('$TTL takes one TTL');
        this.#directiveTtl = parseDuration(argument);
        if (this.#directiveTtl > maxTtl) {
          yield tooLongTtl(line, this.#directiveTtl);
          this.#directiveTtl = 0;
        }
        this.firstDirectiveTtl ??= this.#directiveTtl;
        return;
      case '$GENERATE':
        yield* this.#generate(line, argument, more);
        return;
      case '$INCLUDE':
        throw new InvalidValue(
          '$INCLUDE is refused: no file on this machine is read; write the text of the file in its place',
        );
      default:
        throw new InvalidValue(`${tokens[0]} is not a known directive: use $ORIGIN, $TTL or $GENERATE`);
    }
  }

  *#generate(line: number, range: string, [owner = '', ...rest]: string[]): Generator<Item> {
    if (rest.length < 2) throw new InvalidValue('$GENERATE takes a range, an owner, [ttl] [class] a type and rdata');
    const { start, stop, step } = parseGenerateRange(range);
    for (let number = start; number <= stop; number += step) {
      const tokens = rest.flatMap((token) => this.#generated(token, number));
      for (const item of this.#record(line, this.#parseOwner(substitute(owner, number)), tokens)) {
        yield item;
        // The other numbers would fail for the same reason.
        if (item.kind === 'fault') return;
      }
    }
  }

  /** Returns the tokens of a template's token. A quoted token holds several fields of rdata. */
  #generated(token: string, number: number): string[] {
    if (!/^"[^"]*"$/.test(token)) return [substitute(token, number)];
    const lexer = new ZoneFileLexer();
    const entries = [...lexer.read(`${substitute(token.slice(1, -1), number)}\n`), ...lexer.end()];
    return entries.flatMap((entry) => {
      if ('fault' in entry) throw new InvalidValue(entry.fault);
      return entry.tokens;
    });
  }

  *#record(line: number, owner: Fqdn, tokens: string[]): Generator<Item> {
    let at = 0;
    let ttl: number | undefined;
    let hasClass = false;
    for (; at < tokens.length; at += 1) {
      const token = tokens[at] as string;
      if (ttl === undefined && looksLikeTtl(token)) ttl = parseDuration(token);
      else if (!hasClass && classes.test(token)) {
        hasClass = true;
        if (token.toUpperCase() !== 'IN' && token.toUpperCase() !== 'CLASS1')
          throw new InvalidValue(`class ${token} is not served here: IN only`);
      } else break;
    }
    const typeText = tokens[at];
    if (typeText === undefined) throw new InvalidValue('the record has no type');
    const type = parseRecordType(typeText);
    const fields = withAbsoluteNames(type, tokens.slice(at + 1), this.#origin);
    const wire = parseRdata(type, fields.join(' '));
    // The minimum is the last field of a SOA.
    if (type === 'SOA') this.#soaMinimum ??= Buffer.from(wire).readUInt32BE(wire.length - 4);
    if (ttl !== undefined && ttl > maxTtl) {
      yield tooLongTtl(line, ttl);
      ttl = 0;
    }
    if (ttl !== undefined) this.#lastTtl = ttl;
    ttl ??= this.#directiveTtl ?? this.#lastTtl ?? this.#soaMinimum ?? this.#defaultTtl;
    // RFC 2181 §8.
    if (ttl > maxTtl) ttl = 0;
    const record = formatRdata(type, wire);
    const parted = isPartedText(type, fields.join(' '));
    yield { kind: 'record', line, owner, type, ttl, record, length: wire.length, ...(parted && { parted }) };
  }
}

/** Returns whether a token can only be a TTL: no class or type begins with a digit. */
function looksLikeTtl(token: string): boolean {
  return /^\d/.test(token);
}

function fault(line: number, message: string): ZoneFileNote {
  return { kind: 'fault', line, code: 'record_invalid', message };
}

function tooLongTtl(line: number, ttl: number): ZoneFileNote {
  const message = `the TTL ${ttl} is more than 2^31 − 1: it counts as 0 (RFC 2181 §8)`;
  return { kind: 'warning', line, code: 'record_invalid', message };
}
