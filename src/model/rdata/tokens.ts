// Splits rdata in presentation form into tokens (RFC 1035 §5.1): blanks separate, quotes hold together, escapes stay for the reader.
// Parentheses and comments belong to zone files, not to one record.

import { InvalidValue } from '../../errors.ts';
import { parseEscape } from '../name.ts';

/** `raw` keeps the escapes, which names need; {@link octetsOf} resolves them. */
export interface Token {
  raw: string;
  quoted: boolean;
}

/** Throws InvalidValue on an unfinished quote or escape, or a character that must be escaped. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at] as string;
    if (character === ' ' || character === '\t') at += 1;
    else if (character === '"') {
      const end = endOfToken(text, at + 1, true);
      tokens.push({ raw: text.slice(at + 1, end), quoted: true });
      at = end + 1;
    } else {
      const end = endOfToken(text, at, false);
      tokens.push({ raw: text.slice(at, end), quoted: false });
      at = end;
    }
  }
  return tokens;
}

function endOfToken(text: string, start: number, quoted: boolean): number {
  let at = start;
  while (at < text.length) {
    const character = text[at] as string;
    if (character === '\\') at += parseEscape(text, at).length;
    else if (character === '\n' || character === '\r') throw new InvalidValue('a record is one line');
    else if (quoted && character === '"') return at;
    else if (!quoted && (character === ' ' || character === '\t')) return at;
    else if (!quoted && '"();'.includes(character)) {
      throw new InvalidValue(`'${character}' must be quoted or escaped`);
    } else at += 1;
  }
  if (quoted) throw new InvalidValue('a quote is not closed');
  return at;
}

/** The token's octets, escapes resolved; characters outside ASCII count as their UTF-8 octets. Throws InvalidValue. */
export function octetsOf(token: Token): Uint8Array {
  if (!token.raw.includes('\\')) return new TextEncoder().encode(token.raw);
  const octets: number[] = [];
  for (let at = 0; at < token.raw.length; ) {
    if (token.raw[at] === '\\') {
      const escaped = parseEscape(token.raw, at);
      octets.push(escaped.octet);
      at += escaped.length;
    } else {
      const character = String.fromCodePoint(token.raw.codePointAt(at) ?? 0);
      octets.push(...new TextEncoder().encode(character));
      at += character.length;
    }
  }
  return Uint8Array.from(octets);
}

/** A character-string as we write it: always quoted, `"` and `\` escaped, all but printable ASCII as `\DDD`. */
export function quote(octets: Uint8Array): string {
  let text = '"';
  for (const octet of octets) {
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else if (octet < 0x20 || octet > 0x7e) text += `\\${String(octet).padStart(3, '0')}`;
    else text += String.fromCharCode(octet);
  }
  return `${text}"`;
}
