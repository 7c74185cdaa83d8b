// How each kind of rdata field is read from presentation form, written to the wire, and back. Which type has which: record-types.ts.

import { InvalidValue } from '../../errors.ts';
import { addressFromRdata, addressRdata, familyOf, parseAddress } from '../address.ts';
import { isAbsolute, nameFromWire, nameToWire, parseName, root } from '../name.ts';
import type { FieldKind } from './record-types.ts';
import { octetsOf, quote, type Token } from './tokens.ts';

/** A field's two directions. `parse` takes its tokens off the front; `format` says how many octets it read. Both throw InvalidValue. */
interface FieldCodec {
  parse(tokens: Token[]): Uint8Array;
  format(wire: Uint8Array, offset: number): { text: string; length: number };
}

export const fieldCodecs: Record<FieldKind, FieldCodec> = {
  ipv4: addressField('ipv4', 4),
  ipv6: addressField('ipv6', 16),
  name: {
    parse: (tokens) => {
      const token = take(tokens, 'a name');
      if (!isAbsolute(token.raw)) {
        throw new InvalidValue(`'${token.raw}' is relative: end the name with a dot ('${token.raw}.')`);
      }
      return nameToWire(parseName(token.raw));
    },
    format: (wire, offset) => {
      const { name, length } = nameFromWire(wire, offset);
      return { text: name === root ? name : `${name}.`, length };
    },
  },
  octet1: numberField(1),
  octet2: numberField(2),
  octet4: numberField(4),
  texts: {
    parse: (tokens) => {
      if (tokens.length === 0) throw new InvalidValue('a text is missing');
      return concatenate(tokens.splice(0).map((token) => characterString(octetsOf(token))));
    },
    format: (wire, offset) => {
      const texts: string[] = [];
      let at = offset;
      while (at < wire.length) {
        const end = at + 1 + (wire[at] ?? 0);
        texts.push(quote(slice(wire, at + 1, end)));
        at = end;
      }
      if (texts.length === 0) throw new InvalidValue('a text is missing');
      return { text: texts.join(' '), length: at - offset };
    },
  },
  'caa-tag': {
    parse: (tokens) => {
      const { raw } = take(tokens, 'a tag');
      return characterString(new TextEncoder().encode(checkTag(raw)));
    },
    format: (wire, offset) => {
      const end = offset + 1 + (wire[offset] ?? 0);
      return { text: checkTag(String.fromCharCode(...slice(wire, offset + 1, end))), length: end - offset };
    },
  },
  'caa-value': {
    parse: (tokens) => octetsOf(take(tokens, 'a value')),
    format: (wire, offset) => ({ text: quote(wire.subarray(offset)), length: wire.length - offset }),
  },
};

/** An AAAA record may hold an IPv4-mapped address (RFC 4291 §2.5.5.2); elsewhere that is the IPv4 address. */
const mappedPrefix = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** RFC 8659 §4.1; lower-cased, as it is compared. */
function checkTag(tag: string): string {
  if (!/^[a-zA-Z0-9]{1,255}$/.test(tag)) throw new InvalidValue(`'${tag}' is no CAA tag: letters and digits only`);
  return tag.toLowerCase();
}

function addressField(family: 'ipv4' | 'ipv6', length: number): FieldCodec {
  return {
    parse: (tokens) => {
      const { raw } = take(tokens, 'an address');
      const address = parseAddress(raw);
      if (raw.includes(':') !== (family === 'ipv6')) throw new InvalidValue(`'${raw}' is not an ${family} address`);
      const octets = addressRdata(address);
      return octets.length === length ? octets : concatenate([mappedPrefix, octets]);
    },
    format: (wire, offset) => {
      const address = addressFromRdata(slice(wire, offset, offset + length));
      return { text: family === 'ipv6' && familyOf(address) === 'ipv4' ? `::ffff:${address}` : address, length };
    },
  };
}

function numberField(length: 1 | 2 | 4): FieldCodec {
  const greatest = 256 ** length - 1;
  return {
    parse: (tokens) => {
      const { raw } = take(tokens, 'a number');
      const value = /^\d{1,10}$/.test(raw) ? Number(raw) : Number.NaN;
      if (!(value <= greatest)) throw new InvalidValue(`'${raw}' is not a number from 0 to ${greatest}`);
      const octets = new Uint8Array(length);
      for (let i = length - 1, rest = value; i >= 0; i -= 1, rest = Math.floor(rest / 256)) octets[i] = rest % 256;
      return octets;
    },
    format: (wire, offset) => {
      let value = 0;
      for (const octet of slice(wire, offset, offset + length)) value = value * 256 + octet;
      return { text: String(value), length };
    },
  };
}

function take(tokens: Token[], what: string): Token {
  return tokens.shift() ?? missing(what);
}

function missing(what: string): never {
  throw new InvalidValue(`${what} is missing`);
}

function slice(wire: Uint8Array, start: number, end: number): Uint8Array {
  if (end > wire.length) throw new InvalidValue('the rdata is cut short');
  return wire.subarray(start, end);
}

/** RFC 1035 §3.3: a length octet, then that many octets. */
function characterString(octets: Uint8Array): Uint8Array {
  if (octets.length > 255)
    throw new InvalidValue(`a text has ${octets.length} octets; split it into strings of at most 255`);
  return concatenate([Uint8Array.of(octets.length), octets]);
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
