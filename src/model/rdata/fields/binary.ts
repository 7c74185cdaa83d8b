// Fields that are octets in hex, base64 or base32: either with a length before the octets, or to the end of the rdata.

import { InvalidValue } from '../../invalid-value.ts';
import { showOctets } from '../tokens.ts';
import type { FieldCodec } from './codec.ts';

/**
 * A notation for octets. `parse` accepts the output of `format`, and hex and base32 in upper case too. It throws
 * InvalidValue for any other text.
 */
interface Notation {
  parse(text: string): Uint8Array;
  format(octets: Uint8Array): string;
}

function ofBuffer(encoding: 'hex' | 'base64', name: string): Notation {
  return {
    parse: (text) => {
      const octets = Buffer.from(text, encoding);
      const same = encoding === 'hex' ? text.toLowerCase() : text;
      if (octets.toString(encoding) !== same) throw new InvalidValue(`'${shorten(text)}' is not ${name}`);
      return octets;
    },
    format: (octets) => Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString(encoding),
  };
}

const hex = ofBuffer('hex', 'hex, two digits an octet');
const base64 = ofBuffer('base64', 'base64');

/** RFC 4648 §7 without padding, as in NSEC3 (RFC 5155 §3.3). Written in lower case, like the names of NSEC3 records. */
const base32hex: Notation = {
  parse: (text) => {
    const octets: number[] = [];
    let bits = 0;
    let value = 0;
    for (const digit of text.toLowerCase()) {
      const number = base32digits.indexOf(digit);
      if (number < 0) throw new InvalidValue(`'${shorten(text)}' is not base32 (0 to 9, a to v)`);
      value = ((value << 5) | number) & 0xfff;
      bits += 5;
      if (bits >= 8) {
        bits -= 8;
        octets.push((value >> bits) & 255);
      }
    }
    if (bits >= 5 || (value & ((1 << bits) - 1)) !== 0) {
      throw new InvalidValue(`'${shorten(text)}' is not a whole number of octets in base32`);
    }
    return Uint8Array.from(octets);
  },
  format: (octets) => {
    let text = '';
    let bits = 0;
    let value = 0;
    for (const octet of octets) {
      value = ((value << 8) | octet) & 0xfff;
      for (bits += 8; bits >= 5; ) {
        bits -= 5;
        text += base32digits[(value >> bits) & 31];
      }
    }
    return bits > 0 ? text + base32digits[(value << (5 - bits)) & 31] : text;
  },
};
const base32digits = '0123456789abcdefghijklmnopqrstuv';

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Octets to the end of the rdata. `none`: the text for no octets. Without `none`, at least one octet is needed. */
function rest(notation: Notation, none?: '' | '-'): FieldCodec {
  return {
    parse: (tokens, wire) => {
      if (none === '' && tokens.done) return;
      const text = tokens.takeRest('the data');
      if (text !== '' && text !== none) wire.bytes(notation.parse(text));
      else if (text !== none) throw new InvalidValue('the data is empty');
    },
    format: (wire) => {
      const octets = wire.rest();
      if (octets.length === 0 && none === undefined) throw new InvalidValue('the data is missing');
      return octets.length === 0 ? none : notation.format(octets);
    },
  };
}

/** The salt of NSEC3 in hex (RFC 5155 §3.3), `-` for none. */
const salt: FieldCodec = {
  parse: (tokens, wire) => {
    const text = tokens.take('the salt');
    if (text === '') throw new InvalidValue("the salt is empty: write '-' for none");
    wire.counted(text === '-' ? new Uint8Array() : hex.parse(text), 'the salt');
  },
  format: (wire) => hex.format(wire.counted()) || '-',
};

/**
 * The hash in NSEC3 (RFC 5155 §3.1.7), in base32 like the labels made from it. The first octet of the rdata is the hash
 * algorithm. SHA-1 (1) has 20 octets.
 */
const hashedName: FieldCodec = {
  parse: (tokens, wire) => {
    const octets = base32hex.parse(tokens.take('the hashed name'));
    checkHash(octets, wire.octets[0]);
    wire.counted(octets, 'the hashed name');
  },
  format: (wire) => {
    const octets = wire.counted();
    checkHash(octets, wire.octets[0]);
    return base32hex.format(octets);
  },
};

function checkHash(octets: Uint8Array, algorithm: number | undefined): void {
  const max = algorithm === 1 ? 20 : 39;
  const min = algorithm === 1 ? 20 : 1;
  if (octets.length < min || octets.length > max) {
    throw new InvalidValue(`${octets.length} octets: a hash of algorithm ${algorithm} has ${min} to ${max}`);
  }
}

/**
 * A digest in hex to the end of the rdata. The octet before it is the digest's type, which determines its length. A
 * digest of an unknown type has at least `min` octets.
 */
function digest(lengths: Readonly<Record<number, number>>, min = 1): FieldCodec {
  const check = (octets: Uint8Array, type: number): void => {
    const wanted = lengths[type];
    if (wanted !== undefined && octets.length !== wanted) {
      throw new InvalidValue(`${octets.length} octets: a digest of type ${type} has ${wanted}`);
    }
    if (octets.length < min) throw new InvalidValue(`${octets.length} octets: a digest has at least ${min}`);
  };
  return {
    parse: (tokens, wire) => {
      const octets = hex.parse(tokens.takeRest('the digest'));
      check(octets, wire.octets[wire.at - 1] as number);
      wire.bytes(octets);
    },
    format: (wire) => {
      const type = wire.octets[wire.at - 1] as number;
      const octets = wire.rest();
      check(octets, type);
      return hex.format(octets);
    },
  };
}

/** The key of KEY (RFC 2535 §3.1.2). It is absent if both high bits of the flags are set. */
const key: FieldCodec = {
  parse: (tokens, wire) => {
    if (!isWithoutKey(wire.octets)) base64Rest.parse(tokens, wire);
  },
  format: (wire) => (isWithoutKey(wire.octets) ? '' : base64Rest.format(wire)),
};

function isWithoutKey(octets: Uint8Array): boolean {
  return ((octets[0] as number) & 0xc0) === 0xc0;
}

/** The key of IPSECKEY (RFC 4025 §2.4). It may be absent if the algorithm, the third octet, is 0. */
const ipsecKey: FieldCodec = {
  parse: (tokens, wire) => keyIf(wire.octets[2] !== 0).parse(tokens, wire),
  format: (wire) => keyIf(wire.octets[2] !== 0).format(wire),
};

function keyIf(needed: boolean): FieldCodec {
  return needed ? base64Rest : base64OrNone;
}

const base64Rest = rest(base64);
const base64OrNone = rest(base64, '');

/** NSAP (RFC 1706 §6): 0x, then hex, with dots at any place. */
const nsap: FieldCodec = {
  parse: (tokens, wire) => {
    const text = tokens.take('an address');
    const digits = text.slice(2).replaceAll('.', '');
    if (!/^0x/i.test(text) || digits === '') throw new InvalidValue(`'${text}' is not 0x and hex, two digits an octet`);
    wire.bytes(hex.parse(digits));
  },
  format: (wire) => {
    if (wire.left === 0) throw new InvalidValue('the address is missing');
    return `0x${hex.format(wire.rest())}`;
  },
};

/**
 * ATMA (ATM Forum af-dans-0152.000): `+` and digits for an E.164 number (format 1), or hex for an end system address
 * (format 0). Both may have dots between digits.
 */
const atma: FieldCodec = {
  parse: (tokens, wire) => {
    const text = tokens.take('an address');
    const isNumber = text.startsWith('+');
    const parts = (isNumber ? text.slice(1) : text).split('.');
    const digits = parts.join('');
    if (parts.includes('') || (isNumber && /\D/.test(digits)))
      throw new InvalidValue(`'${text}' is neither + and digits nor hex`);
    wire.uint(Number(isNumber), 1);
    wire.bytes(isNumber ? Buffer.from(digits, 'latin1') : hex.parse(digits));
  },
  format: (wire) => {
    const format = wire.uint(1);
    if (wire.left === 0) throw new InvalidValue('the address is missing');
    const octets = wire.rest();
    if (format === 0) return hex.format(octets);
    const digits = String.fromCharCode(...octets);
    if (format === 1 && /\D/.test(digits))
      throw new InvalidValue(`'${showOctets(octets)}' has other characters than digits`);
    return format === 1 ? `+${digits}` : undefined;
  },
};

export const binaryFields = {
  hex: rest(hex),
  base64: base64Rest,
  'base64-or-none': base64OrNone,
  'base64-or-dash': rest(base64, '-'),
  salt,
  'hashed-name': hashedName,
  /** IANA's DS digest algorithms: SHA-1, SHA-256, GOST R 34.11-94, SHA-384, GOST R 34.11-2012, SM3. */
  'ds-digest': digest({ 1: 20, 2: 32, 3: 32, 4: 48, 5: 32, 6: 32 }),
  /** RFC 4255 §3.1.2, RFC 6594. */
  'key-digest': digest({ 1: 20, 2: 32 }),
  /** RFC 6698 §2.1.3; type 0 is the certificate itself. */
  'certificate-digest': digest({ 1: 32, 2: 64 }),
  /** RFC 8976 §2.2.3, §2.2.4. */
  'zone-digest': digest({ 1: 48, 2: 64 }, 12),
  key,
  'ipsec-key': ipsecKey,
  nsap,
  atma,
};
