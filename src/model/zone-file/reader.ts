// Reads the records of a zone file, in the order of the file, with their lines. Applies directives, inherits owners and
// TTLs, makes names absolute and rdata canonical. Keeps no record that it has yielded. Yields faults and warnings
// between the records. lexer.ts splits the text into tokens. contents.ts finds records that may not be together.

import { parseDuration } from '../duration.ts';
import { isInternational, withALabels } from '../international-name.ts';
import { InvalidValue } from '../invalid-value.ts';
import { type Fqdn, parseRelativeName, root } from '../name.ts';
import { isPartedText } from '../rdata/parted-text.ts';
import { formatRdata, parseRdata } from '../rdata/rdata.ts';
import { parseRecordType, type RecordType } from '../rdata/record-types.ts';
import { maxTtl } from '../rrset.ts';
import type { FileRule, WarningKind } from './findings.ts';
import { checkGenerated, parseGenerateRange, substitute } from './generate.ts';
import { type LexerFault, type LexerWarning, type ZoneFileEntry, ZoneFileLexer } from './lexer.ts';
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
  /** True if the file marks the record as implied by the settings of the exported zone. */
  implied?: boolean;
  /** True if the text has several strings, probably because it is not in quotes. */
  parted?: boolean;
}

/** A fault makes the import refuse the file. A warning says that a part may not mean what its author intended. */
export interface ZoneFileNote {
  kind: 'fault' | 'warning';
  line: number;
  code: FileRule;
  message: string;
  warningKind?: WarningKind;
}

interface ReaderOptions {
  /** The zone of the file. It is the `$ORIGIN` at the beginning. */
  origin: Fqdn;
  /** The TTL of a record without a TTL, if neither `$TTL`, nor the SOA's minimum, nor an earlier record gives one. */
  defaultTtl: number;
}

type Item = ZoneFileRecord | ZoneFileNote;

const classes = /^(?:IN|CH|HS|CS|ANY|NONE|CLASS\d{1,5})$/i;

/** Matches the time at which Windows DNS last refreshed a record, in hours since 1601. It stands before the TTL. */
const windowsAge = /^\[(?:AGE|Aging):\d+\]$/i;

/** Entries of other servers that are not records, by the token in the place of the class or the type. */
const foreign: Readonly<Record<string, string>> = {
  WINS: 'WINS is a setting of Windows DNS, not a record: it is left out',
  WINSR: 'WINSR is a setting of Windows DNS, not a record: it is left out',
  'WINS-R': 'WINS-R is a setting of Windows DNS, not a record: it is left out',
  AWS: 'an alias of Route 53 is not a DNS record: it is left out; write its addresses, or a CNAME',
};

export class ZoneFileReader {
  /** The values of all `$TTL` directives read so far. */
  readonly directiveTtls = new Set<number>();
  readonly #lexer = new ZoneFileLexer();
  readonly #zone: Fqdn;
  #origin: Fqdn;
  /**
   * The owner that the next entry may inherit. `broken`: the last owner could not be read. Entries that would inherit
   * it are skipped.
   */
  #owner: Fqdn | 'none' | 'broken' = 'none';
  #directiveTtl: number | undefined;
  #lastTtl: number | undefined;
  /** The SOA's minimum, if there was no TTL up to and including the SOA. */
  #soaMinimum: number | undefined;
  readonly #defaultTtl: number;
  /** True after the warning that records without a TTL get the TTL of the record before them. */
  #toldLastTtl = false;
  /** True after a SOA whose owner was the zone's name without its last dot. */
  #dotless = false;

  constructor({ origin, defaultTtl }: ReaderOptions) {
    this.#zone = origin;
    this.#origin = origin;
    this.#defaultTtl = defaultTtl;
  }

  *read(chunk: string): Generator<Item> {
    for (const entry of this.#lexer.read(chunk)) yield* this.#items(entry);
  }

  *end(): Generator<Item> {
    for (const entry of this.#lexer.end()) yield* this.#items(entry);
  }

  #items(entry: ZoneFileEntry | LexerFault | LexerWarning): Iterable<Item> {
    if ('warning' in entry) return [{ ...warning(entry.line, entry.warning), warningKind: 'encoding' }];
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
        const rest = entry.tokens.slice(1);
        this.#owner = 'broken';
        if (this.#isDotlessSoa(first, rest)) {
          this.#dotless = true;
          yield withoutDot(line, first, this.#zone);
        }
        this.#owner = this.#dotless && this.#isZone(first) ? this.#zone : this.#parseOwner(first);
        yield* this.#record(line, this.#owner, rest);
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

  /** Returns whether this is a SOA whose owner is the zone's name without its last dot, or `@` below `$ORIGIN .`. */
  #isDotlessSoa(owner: string, rest: readonly string[]): boolean {
    return rest.slice(0, 3).some((token) => token.toUpperCase() === 'SOA') && this.#isZone(owner);
  }

  /**
   * Returns whether a token means the zone's name without the last dot. Cloudflare's old exports write `@` for it,
   * below `$ORIGIN .`.
   */
  #isZone(token: string): boolean {
    if (token === '@') return this.#origin === root && this.#zone !== root;
    const name = isInternational(token) ? withALabels(token) : token;
    return name.toLowerCase() === this.#zone && this.#origin !== root;
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
        if (argument !== '@' && this.#isZone(argument)) {
          yield withoutDot(line, argument, this.#zone);
          this.#origin = this.#zone;
        } else this.#origin = this.#parseOwner(argument);
        return;
      case '$TTL':
        if (argument === '' || more.length > 0) throw new InvalidValue('$TTL takes one TTL');
        this.#directiveTtl = parseDuration(argument);
        if (this.#directiveTtl > maxTtl) {
          yield tooLongTtl(line, this.#directiveTtl);
          this.#directiveTtl = 0;
        }
        this.directiveTtls.add(this.#directiveTtl);
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
    const numbers = parseGenerateRange(range);
    checkGenerated([owner, ...rest], numbers);
    const { start, stop, step } = numbers;
    for (let number = start; number <= stop; number += step) {
      const tokens = rest.flatMap((token) => this.#generated(token, number));
      for (const item of this.#record(line, this.#parseOwner(substitute(owner, number)), tokens)) {
        yield item;
        // The other numbers would have the same fault.
        if (item.kind === 'fault') return;
      }
    }
  }

  /** Returns the tokens that a token of a template makes. A token in quotes may have several fields of rdata. */
  #generated(token: string, number: number): string[] {
    if (!/^"[^"]*"$/.test(token)) return [substitute(token, number)];
    const lexer = new ZoneFileLexer();
    const entries = [...lexer.read(`${substitute(token.slice(1, -1), number)}\n`), ...lexer.end()];
    return entries.flatMap((entry) => {
      if ('fault' in entry) throw new InvalidValue(entry.fault);
      return 'tokens' in entry ? entry.tokens : [];
    });
  }

  *#record(line: number, owner: Fqdn, tokens: string[]): Generator<Item> {
    let at = 0;
    let ttl: number | undefined;
    let hasClass = false;
    for (; at < tokens.length; at += 1) {
      const token = tokens[at] as string;
      if (ttl === undefined && looksLikeTtl(token)) ttl = parseDuration(token);
      else if (windowsAge.test(token)) continue;
      else if (!hasClass && classes.test(token)) {
        hasClass = true;
        if (token.toUpperCase() !== 'IN' && token.toUpperCase() !== 'CLASS1')
          throw new InvalidValue(`class ${token} is not served here: IN only`);
      } else break;
    }
    const typeText = tokens[at];
    if (typeText === undefined) throw new InvalidValue('the record has no type');
    const left = foreign[typeText.toUpperCase()];
    if (left !== undefined) {
      yield warning(line, left);
      return;
    }
    const type = parseRecordType(typeText);
    const fields = withAbsoluteNames(type, tokens.slice(at + 1), this.#origin);
    const wire = parseRdata(type, fields.join(' '));
    if (ttl !== undefined && ttl > maxTtl) {
      yield tooLongTtl(line, ttl);
      ttl = 0;
    }
    if (ttl !== undefined) this.#lastTtl = ttl;
    else if (this.#directiveTtl === undefined) yield* this.#noteMissingTtl(line, type, wire);
    ttl ??= this.#directiveTtl ?? this.#soaMinimum ?? this.#lastTtl ?? this.#defaultTtl;
    const record = formatRdata(type, wire);
    const parted = isPartedText(type, fields.join(' '));
    yield { kind: 'record', line, owner, type, ttl, record, length: wire.length, ...(parted && { parted }) };
  }

  /**
   * Warns that neither the record nor the file has a TTL. As in BIND, all such records get the minimum of a SOA that
   * has no TTL itself. Otherwise they get the last TTL that was written (RFC 1035 §5.1).
   */
  *#noteMissingTtl(line: number, type: RecordType, wire: Uint8Array): Generator<Item> {
    if (this.#soaMinimum !== undefined) return;
    if (this.#lastTtl === undefined) {
      if (type !== 'SOA') return;
      // The minimum is the last field of a SOA. A TTL above the maximum counts as 0 (RFC 2181 §8).
      const minimum = Buffer.from(wire).readUInt32BE(wire.length - 4);
      this.#soaMinimum = minimum > maxTtl ? 0 : minimum;
      const what = `every record without a TTL gets the SOA's minimum, ${this.#soaMinimum}`;
      yield warning(line, `the file has no $TTL, and its SOA has no TTL: ${what}`);
    } else if (!this.#toldLastTtl) {
      this.#toldLastTtl = true;
      const what = 'every record without a TTL gets the last TTL before it (RFC 1035 §5.1)';
      yield warning(line, `the file has no $TTL: ${what}; here ${this.#lastTtl}`);
    }
  }
}

/** Returns the warning that a name without a dot at its end is taken for the zone's name. */
function withoutDot(line: number, token: string, zone: Fqdn): ZoneFileNote {
  return warning(line, `'${token}' is taken for '${zone}.', the zone itself`);
}

/** Returns whether a token can only be a TTL: no class or type begins with a digit. */
function looksLikeTtl(token: string): boolean {
  return /^\d/.test(token);
}

function fault(line: number, message: string): ZoneFileNote {
  return { kind: 'fault', line, code: 'record_invalid', message };
}

function warning(line: number, message: string): ZoneFileNote {
  return { kind: 'warning', line, code: 'record_invalid', message };
}

function tooLongTtl(line: number, ttl: number): ZoneFileNote {
  return warning(line, `the TTL ${ttl} is more than 2^31 − 1: it counts as 0 (RFC 2181 §8)`);
}
