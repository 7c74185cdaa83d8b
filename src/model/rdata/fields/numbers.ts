// Fields that are numbers: plain numbers, with names for some of them (mnemonics.ts), times, and groups of hex digits.

import { parseDuration } from '../../duration.ts';
import { InvalidValue } from '../../invalid-value.ts';
import { parseTypeCode, recordTypeName } from '../record-types.ts';
import { WireReader } from '../wire.ts';
import type { FieldCodec } from './codec.ts';
import {
  algorithms,
  certificateTypes,
  digestTypes,
  hashAlgorithms,
  keyFlags,
  keyProtocols,
  type Mnemonics,
  syncSchemes,
} from './mnemonics.ts';

/** Parses decimal digits. Throws InvalidValue for a number above `max`. */
export function parseNumber(text: string, max: number): number {
  const value = /^0*\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw new InvalidValue(`'${text}' is not a number from 0 to ${max}`);
  return value;
}

/** A number. Names for numbers are read but not written: a registry may change names, never numbers. */
function number(length: 1 | 2 | 4, names: Mnemonics = {}): FieldCodec {
  const max = 256 ** length - 1;
  return {
    parse: (tokens, wire) => {
      const text = tokens.take('a number');
      wire.uint(names[text.toUpperCase()] ?? parseNumber(text, max), length);
    },
    format: (wire) => String(wire.uint(length)),
  };
}

/** A field of `codec` that must have the value `value`. */
function fixed(codec: FieldCodec, value: number): FieldCodec {
  const check = (found: string): string => {
    if (found !== String(value)) throw new InvalidValue(`'${found}' must be ${value}`);
    return found;
  };
  return {
    parse: (tokens, wire) => {
      const start = wire.at;
      codec.parse(tokens, wire);
      const written = new WireReader(wire.octets.subarray(start, wire.at));
      check(codec.format(written) ?? '');
    },
    format: (wire) => check(codec.format(wire) ?? ''),
  };
}

/**
 * Flags of KEY, DNSKEY and others (RFC 2535 §7.1): a number, which may be in hex as in BIND, or names joined by `|`.
 */
const flags: FieldCodec = {
  parse: (tokens, wire) => wire.uint(parseFlags(tokens.take('a number')), 2),
  format: (wire) => String(wire.uint(2)),
};

function parseFlags(text: string): number {
  const bits = text.split('|').map((name) => keyFlags[name.toUpperCase()]);
  if (bits.every((bit) => bit !== undefined)) return bits.reduce((all, bit) => all | bit, 0);
  const isHex = /\D/.test(text) && /^(0x|\d)[\da-f]+$/i.test(text);
  return parseNumber(isHex ? String(Number.parseInt(text, 16)) : text, 0xffff);
}

/** Seconds. Also reads the form of zone files, `1w2d3h4m5s`. */
const duration: FieldCodec = {
  parse: (tokens, wire) => wire.uint(parseDuration(tokens.take('a number of seconds')), 4),
  format: (wire) => String(wire.uint(4)),
};

/**
 * A time in RRSIG (RFC 4034 §3.2): YYYYMMDDHHmmSS, or seconds since 1970. The seconds of a later date wrap at 2^32
 * (serial number arithmetic, §3.1.5), so the written years are 1970 to 2106.
 */
const time: FieldCodec = {
  parse: (tokens, wire) => {
    const text = tokens.take('a time');
    if (text.length !== 14) {
      wire.uint(parseNumber(text, 0xffff_ffff), 4);
      return;
    }
    // Second 60, a leap second, becomes second 0 of the next minute.
    const minute = parseTime(`${text.slice(0, 12)}00`);
    const second = parseNumber(text.slice(12), 60);
    wire.uint((((minute + second) % 2 ** 32) + 2 ** 32) % 2 ** 32, 4);
  },
  format: (wire) => formatTime(wire.uint(4)),
};

function parseTime(text: string): number {
  const seconds = Date.parse(text.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z')) / 1000;
  if (Number.isNaN(seconds) || formatTime(seconds) !== text) {
    throw new InvalidValue(`'${text}' is not a time: write YYYYMMDDHHmmSS in UTC`);
  }
  return seconds;
}

function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
}

/**
 * Returns the number of a record type (RFC 4034 §3.2), given by name or, as before RFC 3597, by number. Accepts types
 * that a zone cannot have.
 */
export function parseTypeOrNumber(text: string): number {
  return /^\d+$/.test(text) ? parseNumber(text, 0xffff) : parseTypeCode(text);
}

const type: FieldCodec = {
  parse: (tokens, wire) => wire.uint(parseTypeOrNumber(tokens.take('a record type')), 2),
  format: (wire) => recordTypeName(wire.uint(2)),
};

/** 64 bits: a decimal number, or two halves with a dot between them. */
const octet8: FieldCodec = {
  parse: (tokens, wire) => {
    const text = tokens.take('a number');
    const [high, low, ...more] = text.split('.');
    if (low !== undefined && high !== undefined && more.length === 0) {
      wire.uint(parseNumber(high, 0xffff_ffff), 4);
      wire.uint(parseNumber(low, 0xffff_ffff), 4);
      return;
    }
    const value = /^\d{1,20}$/.test(text) ? BigInt(text) : 2n ** 64n;
    if (value >= 2n ** 64n) throw new InvalidValue(`'${text}' is not a number from 0 to ${2n ** 64n - 1n}`);
    wire.uint(Number(value >> 32n), 4);
    wire.uint(Number(value & 0xffff_ffffn), 4);
  },
  format: (wire) => String((BigInt(wire.uint(4)) << 32n) | BigInt(wire.uint(4))),
};

/**
 * Groups of hex digits, written with the same length. Also reads a group with fewer digits, but at least `minDigits`.
 */
function groups(count: number, octets: 1 | 2, separator: string, minDigits: number, example: string): FieldCodec {
  const pattern = new RegExp(`^[0-9a-f]{${minDigits},${octets * 2}}$`, 'i');
  return {
    parse: (tokens, wire) => {
      const text = tokens.take('an identifier');
      const parts = text.split(separator);
      if (parts.length !== count || !parts.every((part) => pattern.test(part))) {
        throw new InvalidValue(`'${text}' is not written as ${example}`);
      }
      for (const part of parts) wire.uint(parseInt(part, 16), octets);
    },
    format: (wire) =>
      Array.from({ length: count }, () =>
        wire
          .uint(octets)
          .toString(16)
          .padStart(octets * 2, '0'),
      ).join(separator),
  };
}

export const numberFields = {
  octet1: number(1),
  octet2: number(2),
  octet4: number(4),
  octet8,
  algorithm: number(1, algorithms),
  'digest-type': number(1, digestTypes),
  'certificate-type': number(2, certificateTypes),
  'hash-algorithm': number(1, hashAlgorithms),
  'key-flags': flags,
  'no-key-flags': fixed(flags, 0),
  'key-protocol': number(1, keyProtocols),
  'sync-scheme': number(1, syncSchemes),
  duration,
  time,
  type,
  /** RFC 6742 §2.1.2, §2.3.2. */
  locator64: groups(4, 2, ':', 1, '2001:0db8:1140:1000'),
  /** RFC 7043 §3.2, §4.2. */
  eui48: groups(6, 1, '-', 1, '00-00-5e-00-53-2a'),
  eui64: groups(8, 1, '-', 1, '00-00-5e-ef-10-00-00-2a'),
};
