// Fields that are character-strings (RFC 1035 §3.3), and what some types ask of them.

import { InvalidValue } from '../../invalid-value.ts';
import { octetsOf, quote, type TokenReader } from '../tokens.ts';
import type { WireReader } from '../wire.ts';
import type { FieldCodec } from './codec.ts';

/** Throws InvalidValue on octets that the field does not take. */
type Check = (octets: Uint8Array) => void;

function takeText(tokens: TokenReader): Uint8Array {
  const octets = octetsOf(tokens.takeText('a text'));
  if (octets.length > 255) {
    throw new InvalidValue(`a text has ${octets.length} octets; split it into strings of at most 255`);
  }
  return octets;
}

/** One string, checked in both directions. */
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
    const value = String.fromCharCode(...octets);
    if (!pattern.test(value)) throw new InvalidValue(`'${value}' is not ${what}`);
  };
}

/** One string or more, to the end of the rdata. */
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

/** The last string of a type that may end before it. */
const textOrNone: FieldCodec = {
  parse: (tokens, wire) => {
    if (!tokens.done) wire.counted(takeText(tokens), 'a text');
  },
  format: (wire) => (wire.left === 0 ? '' : quote(wire.counted())),
};

/** CAA's value (RFC 8659 §4.1.1): octets to the end of the rdata, no length before them. */
const longText: FieldCodec = {
  parse: (tokens, wire) => wire.bytes(octetsOf(tokens.takeText('a text'))),
  format: (wire) => quote(wire.rest()),
};

/** URI's target (RFC 7553 §4.4): the same, not empty, and always in quotes. */
const uri: FieldCodec = {
  parse: (tokens, wire) => wire.bytes(checkUri(octetsOf(tokens.takeQuoted('a URI')))),
  format: (wire) => quote(checkUri(wire.rest())),
};

function checkUri(octets: Uint8Array): Uint8Array {
  if (octets.length === 0) throw new InvalidValue('the text is empty');
  return octets;
}

/** RFC 8659 §4.1; lower-cased, as it is compared. */
const caaTag: FieldCodec = {
  parse: (tokens, wire) => wire.counted(new TextEncoder().encode(checkTag(tokens.take('a tag'))), 'the tag'),
  format: (wire: WireReader) => checkTag(String.fromCharCode(...wire.counted())),
};

function checkTag(tag: string): string {
  if (!/^[a-zA-Z0-9]{1,255}$/.test(tag)) throw new InvalidValue(`'${tag}' is no CAA tag: letters and digits only`);
  return tag.toLowerCase();
}

/** NAPTR (RFC 3402 §3.2): nothing, or delimiter, expression, delimiter, replacement, delimiter, flags i. */
const checkSubstitution: Check = (octets) => {
  const value = String.fromCharCode(...octets);
  if (value === '') return;
  const delimiter = value[0] as string;
  const rest = value.slice(1).replace(/\\./gs, (escaped) => (escaped[1] === delimiter ? '__' : escaped));
  const [expression = '', , end, ...more] = rest.split(delimiter);
  if (/[1-9i\\]/i.test(delimiter) || expression === '' || more.length > 0 || !/^i*$/i.test(end ?? 'none')) {
    throw new InvalidValue(
      `'${value}' is no substitution: write it as !expression!replacement! with an i after it or none`,
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
  /** X25 (RFC 1183 §3.1): the first four digits say which network. */
  'x25-address': text(matching(/^\d{4,}$/, 'at least four digits')),
  'naptr-flags': text(matching(/^[A-Za-z0-9]*$/, 'letters and digits (RFC 3403 §4.1)')),
  substitution: text(checkSubstitution),
  adapters: texts(matching(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/, 'a word of letters, digits and hyphens')),
};
