// Splits rdata in presentation form into tokens (RFC 1035 §5.1), which are separated by blanks or in quotes.
// Parentheses and comments belong to zone files, not to single records.

import { isUtf8 } from 'node:buffer';
import { InvalidValue } from '../invalid-value.ts';
import { parseEscape } from '../name.ts';

const tab = 0x09;
const blank = 0x20;
const doubleQuote = 0x22;
const backslash = 0x5c;

/** Takes one token after the other from a text. Tokens keep their escapes, because names need them. */
export class TokenReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipBlanks();
  }

  /** Returns whether no token is left. */
  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  /**
   * Takes the next token. Throws InvalidValue if there is none, if it is in quotes (only character-strings may be), or
   * if it has a character that must be escaped.
   */
  take(what: string): string {
    if (this.#atQuote) throw new InvalidValue(`${what} must not be in quotes`);
    return this.takeText(what);
  }

  /** Takes the next token, a character-string, without its quotes. */
  takeText(what: string): string {
    if (this.done) throw new InvalidValue(`${what} is missing`);
    return this.#takeValue();
  }

  /** Takes the next token, which must be in quotes, without its quotes. */
  takeQuoted(what: string): string {
    if (!this.done && !this.#atQuote) throw new InvalidValue(`${what} must be in quotes`);
    return this.takeText(what);
  }

  /** Takes all remaining tokens and joins them, because hex and base64 may be split by blanks. */
  takeRest(what: string): string {
    let rest = this.take(what);
    while (!this.done) rest += this.take(what);
    return rest;
  }

  /** Takes `key`, `key=value` or `key="value"` (RFC 9460 §2.1). */
  takePair(what: string): { key: string; value: string | undefined } {
    const [key = ''] = /[^\s"();\\=]*/.exec(this.#text.slice(this.#at)) ?? [];
    if (this.#text[this.#at + key.length] !== '=') return { key: this.take(what), value: undefined };
    this.#at += key.length + 1;
    return { key, value: this.#takeValue() };
  }

  get #atQuote(): boolean {
    return this.#text.charCodeAt(this.#at) === doubleQuote;
  }

  #takeValue(): string {
    const quoted = this.#atQuote;
    const start = quoted ? this.#at + 1 : this.#at;
    const end = this.#endOf(start, quoted);
    this.#at = quoted ? end + 1 : end;
    this.#skipBlanks();
    return this.#text.slice(start, end);
  }

  /** Returns the end of the token. A quote ends the token before it, even without a blank: `a"b"` is two tokens. */
  #endOf(start: number, quoted: boolean): number {
    const text = this.#text;
    let at = start;
    while (at < text.length) {
      const isEscaped = text.charCodeAt(at) === backslash;
      if (isEscaped) at += 1;
      const code = text.charCodeAt(at);
      if (code === 0x0a || code === 0x0d) throw new InvalidValue('a record must be on one line');
      if (isEscaped) at += 1;
      else if (code === doubleQuote || (!quoted && (code === blank || code === tab))) return at;
      else if (!quoted && code < 0x3c && '();'.includes(text[at] as string)) {
        throw new InvalidValue(`'${text[at]}' must be quoted or escaped`);
      } else at += 1;
    }
    if (quoted) throw new InvalidValue('a quote is not closed');
    return at;
  }

  #skipBlanks(): void {
    for (; ; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== blank && code !== tab) return;
    }
  }
}

const encoder = new TextEncoder();

/** Returns the token's octets: resolves escapes, and encodes characters outside ASCII as UTF-8. Throws InvalidValue. */
export function octetsOf(token: string): Uint8Array {
  const plain = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i += 1) {
    const code = token.charCodeAt(i);
    if (code > 0x7f || code === backslash) return unusualOctetsOf(token);
    plain[i] = code;
  }
  return plain;
}

function unusualOctetsOf(token: string): Uint8Array {
  const octets: number[] = [];
  for (let at = 0; at < token.length; ) {
    // A backslash before a character outside ASCII has no meaning, because such a character is never special.
    if (token[at] === '\\' && token.charCodeAt(at + 1) > 0x7f) at += 1;
    else if (token[at] === '\\') {
      const escaped = parseEscape(token, at);
      octets.push(escaped.octet);
      at += escaped.length;
    } else if (token.charCodeAt(at) <= 0x7f) {
      octets.push(token.charCodeAt(at));
      at += 1;
    } else {
      const character = String.fromCodePoint(token.codePointAt(at) ?? 0);
      octets.push(...encoder.encode(character));
      at += character.length;
    }
  }
  return Uint8Array.from(octets);
}

/**
 * Returns octets as text for a message: UTF-8 as characters, all other octets and control characters as `\DDD`
 * (test/model/zone-file-encoding.test.ts).
 */
export function showOctets(octets: Uint8Array): string {
  const [encoding, unprintable] = isUtf8(octets) ? (['utf8', /\p{Cc}/gu] as const) : (['latin1', /[^ -~]/g] as const);
  const inDecimal = (found: string) => Array.from(Buffer.from(found, encoding), escaped).join('');
  return Buffer.from(octets).toString(encoding).replace(unprintable, inDecimal);
}

function escaped(octet: number): string {
  return `\\${String(octet).padStart(3, '0')}`;
}

/** Returns a character-string in quotes. Escapes `"` and `\`. Writes octets outside printable ASCII as `\DDD`. */
export function quote(octets: Uint8Array): string {
  let text = '"';
  for (const octet of octets) {
    if (octet === doubleQuote || octet === backslash) text += `\\${String.fromCharCode(octet)}`;
    else if (octet < 0x20 || octet > 0x7e) text += escaped(octet);
    else text += String.fromCharCode(octet);
  }
  return `${text}"`;
}
