// Fields of text: character-strings (RFC 1035 §3.3), and texts until the end of the rdata (CAA, URI).

import { InvalidValue } from '../../invalid-value.ts';
import { octetsOf, quote, showOctets, type TokenReader } from '../tokens.ts';
import type { WireReader } from '../wire.ts';
import type { FieldCodec } from './codec.ts';

/** The limit for the octets of a character-string. A longer text needs several. */
export const maxCharacterString = 255;

/** A function that throws InvalidValue for octets that the field may not have. */
type Check = (octets: Uint8Array) => void;

function takeText(tokens: TokenReader): Uint8Array {
  const octets = octetsOf(tokens.takeText('a text'));
  if (octets.length > maxCharacterString) {
    throw new InvalidValue(
      `a text has ${octets.length} octets; split it into strings of at most ${maxCharacterString}`,
    );
  }
  return octets;
}

/** One string, checked when it is parsed and when it is formatted. */
function text(check: Check = () => {}): FieldCodec {
  return {
    parse: (tokens, wire) => {
      const octets = takeText(tokens);
      check(octets);
      wire.counted(octets, 'a text');
    },
    format: (wire) => {
      const octets = wire.counted();
      check(octets);
      return quote(octets);
    },
  };
}

function matching(pattern: RegExp, what: string): Check {
  return (octets) => {
    const value = showOctets(octets);
    if (!pattern.test(value)) throw new InvalidValue(`'${value}' is not ${what}`);
  };
}

/** One or more strings, to the end of the rdata. */
function texts(check: Check = () => {}): FieldCodec {
  const one = text(check);
  return {
    parse: (tokens, wire) => {
      do one.parse(tokens, wire);
      while (!tokens.done);
    },
    format: (wire) => {
      if (wire.left === 0) throw new InvalidValue('a text is missing');
      let all = one.format(wire) ?? '';
      while (wire.left > 0) all += ` ${one.format(wire)}`;
      return all;
    },
  };
}

/** An optional last string. */
const textOrNone: FieldCodec = {
  parse: (tokens, wire) => {
    if (!tokens.done) wire.counted(takeText(tokens), 'a text');
  },
  format: (wire) => (wire.left === 0 ? '' : quote(wire.counted())),
};

/** The value of CAA (RFC 8659 §4.1.1): octets to the end of the rdata, without a length before them. */
const longText: FieldCodec = {
  parse: (tokens, wire) => wire.bytes(octetsOf(tokens.takeText('a text'))),
  format: (wire) => quote(wire.rest()),
};

/** The target of URI (RFC 7553 §4.4). Like the value of CAA, but not empty, and always in quotes. */
const uri: FieldCodec = {
  parse: (tokens, wire) => wire.bytes(checkUri(octetsOf(tokens.takeQuoted('a URI')))),
  format: (wire) => quote(checkUri(wire.rest())),
};

function checkUri(octets: Uint8Array): Uint8Array {
  if (octets.length === 0) throw new InvalidValue('the text is empty');
  return octets;
}

/** The tag of CAA (RFC 8659 §4.1) in lower case, because case does not matter. */
const caaTag: FieldCodec = {
  parse: (tokens, wire) => wire.counted(new TextEncoder().encode(checkTag(tokens.take('a tag'))), 'the tag'),
  format: (wire: WireReader) => checkTag(showOctets(wire.counted())),
};

function checkTag(tag: string): string {
  if (!/^[a-zA-Z0-9]{1,255}$/.test(tag))
    throw new InvalidValue(`'${tag}' is not a CAA tag: only letters and digits are allowed`);
  return tag.toLowerCase();
}

/**
 * The `regexp` of NAPTR (RFC 3402 §3.2): empty, or delimiter, expression, delimiter, replacement, delimiter, and
 * optional flags `i`.
 */
const checkSubstitution: Check = (octets) => {
  const value = String.fromCharCode(...octets);
  if (value === '') return;
  const delimiter = value[0] as string;
  const rest = value.slice(1).replace(/\\./gs, (escaped) => (escaped[1] === delimiter ? '__' : escaped));
  const [expression = '', , end, ...more] = rest.split(delimiter);
  if (/[1-9i\\]/i.test(delimiter) || expression === '' || more.length > 0 || !/^i*$/i.test(end ?? 'none')) {
    throw new InvalidValue(
      `'${showOctets(octets)}' is not a substitution: write it as !expression!replacement! or !expression!replacement!i`,
    );
  }
};

export const textFields = {
  text: text(),
  texts: texts(),
  'text-or-none': textOrNone,
  'long-text': longText,
  uri,
  'caa-tag': caaTag,
  /** X25 (RFC 1183 §3.1): the first four digits are the network. */
  'x25-address': text(matching(/^\d{4,}$/, 'at least four digits')),
  'naptr-flags': text(matching(/^[A-Za-z0-9]*$/, 'letters and digits (RFC 3403 §4.1)')),
  substitution: text(checkSubstitution),
  adapters: texts(matching(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/, 'a word of letters, digits and hyphens')),
};
