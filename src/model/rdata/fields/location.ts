// LOC: a place on Earth, and its precision (RFC 1876).

import { InvalidValue } from '../../invalid-value.ts';
import type { TokenReader } from '../tokens.ts';
import type { WireReader, WireWriter } from '../wire.ts';
import type { FieldCodec } from './codec.ts';

/** The value of the equator and of the prime meridian. Angles are thousandths of a second of arc. */
const zeroAngle = 2 ** 31;
/** The value of the reference spheroid. Altitudes are in centimetres. */
const zeroAltitude = 10_000_000;

/** The limit for the size and for each precision, in metres. Decimals are not compared: 90000000.99 is allowed. */
const maxSize = 9e7;

/** The defaults of size, horizontal and vertical precision: 1 m, 10 km, 10 m. */
const defaults = ['1', '10000', '10'];

const angleUnits = [
  { what: 'degrees', thousandths: 3_600_000, pattern: /^\d+$/, below: 181 },
  { what: 'minutes', thousandths: 60_000, pattern: /^\d+$/, below: 60 },
  { what: 'seconds', thousandths: 1000, pattern: /^\+?(?=\.?\d)\d*(\.\d{0,3})?$/, below: 60 },
] as const;

/** Takes degrees, optional minutes and seconds, and one of two letters. Returns the angle as on the wire. */
function takeAngle(tokens: TokenReader, plus: string, minus: string, maxDegrees: number): number {
  let angle = 0;
  for (let unit = 0; ; unit += 1) {
    const text = tokens.take(`${plus} or ${minus}`);
    const letter = text.toUpperCase();
    if (unit > 0 && (letter === plus || letter === minus)) {
      if (angle > maxDegrees * 3_600_000) throw new InvalidValue(`more than ${maxDegrees} degrees ${letter}`);
      return zeroAngle + (letter === plus ? angle : -angle);
    }
    const kind = angleUnits[unit];
    if (kind === undefined) throw new InvalidValue(`'${text}' must be ${plus} or ${minus}`);
    if (!kind.pattern.test(text) || Number(text) >= kind.below)
      throw new InvalidValue(`'${text}' is not a number of ${kind.what}`);
    angle += Math.round(Number(text) * kind.thousandths);
  }
}

function formatAngle(value: number, plus: string, minus: string, maxDegrees: number): string {
  const angle = Math.abs(value - zeroAngle);
  if (angle > maxDegrees * 3_600_000) throw new InvalidValue(`more than ${maxDegrees} degrees`);
  const degrees = Math.floor(angle / 3_600_000);
  const minutes = Math.floor(angle / 60_000) % 60;
  return `${degrees} ${minutes} ${((angle % 60_000) / 1000).toFixed(3)} ${value >= zeroAngle ? plus : minus}`;
}

/** Parses metres with at most two decimals; returns centimetres. */
function parseMetres(text: string): number {
  const [, sign, metres, decimals = ''] = /^([-+]?)(?=\.?\d)0*(\d{0,8})(?:\.(\d{0,2}))?m?$/i.exec(text) ?? [];
  if (metres === undefined) throw new InvalidValue(`'${text}' is not a number of metres with at most two decimals`);
  const centimetres = Number(metres) * 100 + Number(decimals.padEnd(2, '0'));
  return sign === '-' ? -centimetres : centimetres;
}

/**
 * Returns a length in one octet: the first digit of its centimetres, and the number of the digits after the first one.
 * The octet has no room for those digits: they become zeros, as in BIND.
 */
function parseSize(text: string): number {
  const centimetres = parseMetres(text);
  if (centimetres < 0) throw new InvalidValue(`'${text}' is not a size or precision: it is negative`);
  if (Math.floor(centimetres / 100) > maxSize) throw new InvalidValue(`'${text}' is more than 90000000m`);
  const digits = String(centimetres);
  return centimetres === 0 ? 0 : (Number(digits[0]) << 4) | (digits.length - 1);
}

function formatSize(octet: number): string {
  const digit = octet >> 4;
  const zeros = octet & 15;
  if (digit > 9 || zeros > 9 || (digit === 0 && zeros > 0))
    throw new InvalidValue('a size or precision is not in range');
  const centimetres = digit * 10 ** zeros;
  return `${centimetres < 100 ? (centimetres / 100).toFixed(2) : centimetres / 100}m`;
}

const location: FieldCodec = {
  parse: (tokens: TokenReader, wire: WireWriter) => {
    const latitude = takeAngle(tokens, 'N', 'S', 90);
    const longitude = takeAngle(tokens, 'E', 'W', 180);
    const text = tokens.take('the altitude');
    const altitude = parseMetres(text) + zeroAltitude;
    if (altitude < 0 || altitude > 0xffff_ffff)
      throw new InvalidValue(`'${text}' is not from -100000m to 42849672.95m`);
    wire.uint(0, 1);
    for (const otherwise of defaults) wire.uint(parseSize(tokens.done ? otherwise : tokens.take('a size')), 1);
    for (const value of [latitude, longitude, altitude]) wire.uint(value, 4);
  },
  format: (wire: WireReader) => {
    if (wire.uint(1) !== 0) {
      // Versions other than 0 are not defined (§2).
      wire.rest();
      return undefined;
    }
    const sizes = [formatSize(wire.uint(1)), formatSize(wire.uint(1)), formatSize(wire.uint(1))];
    const latitude = formatAngle(wire.uint(4), 'N', 'S', 90);
    const longitude = formatAngle(wire.uint(4), 'E', 'W', 180);
    return `${latitude} ${longitude} ${((wire.uint(4) - zeroAltitude) / 100).toFixed(2)}m ${sizes.join(' ')}`;
  },
};

export const locationFields = { location };
