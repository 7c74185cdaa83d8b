// BIND's `$GENERATE range owner [ttl] [class] type rdata`: a template that makes one record for each number of the
// range.

import { InvalidValue } from '../invalid-value.ts';

interface GenerateRange {
  start: number;
  stop: number;
  step: number;
}

const maxNumbers = 1_000_000;

/** Parses `1-100` or `0-255/5`. Throws InvalidValue. */
export function parseGenerateRange(text: string): GenerateRange {
  const [, start, stop, step = '1'] = /^(\d{1,10})-(\d{1,10})(?:\/(\d{1,10}))?$/.exec(text) ?? [];
  const range = { start: Number(start), stop: Number(stop), step: Number(step) };
  if (start === undefined || range.stop < range.start || range.step < 1 || range.stop >= 2 ** 31) {
    throw new InvalidValue(
      `'${text}' is not a range: write start-stop or start-stop/step, with start ≤ stop < 2^31 and step ≥ 1`,
    );
  }
  const numbers = Math.floor((range.stop - range.start) / range.step) + 1;
  if (numbers > maxNumbers)
    throw new InvalidValue(`'${text}' is ${numbers} numbers; ${maxNumbers} are allowed in one $GENERATE`);
  return range;
}

const placeholder = /\\.|\$\$|\$\{([^}]*)(\}?)|\$/gs;

/** Returns the template with the number filled in. Throws InvalidValue. */
export function substitute(template: string, number: number): string {
  if (!template.includes('$')) return template;
  return template.replace(placeholder, (found: string, modifiers: string | undefined, brace: string | undefined) => {
    if (found === '\\$' || found === '$$') return '$';
    if (found.startsWith('\\')) return found;
    if (brace === '') throw new InvalidValue(`'${found}' has no closing brace`);
    return modifiers === undefined ? String(number) : formatNumber(modifiers, number);
  });
}

/** Formats a number by the modifiers `offset[,width[,base]]`. */
function formatNumber(modifiers: string, number: number): string {
  const [, offset, digits = '0', base = 'd'] = /^([+-]?\d{1,10})(?:,(\d{1,3})(?:,([doxXnN]))?)?$/.exec(modifiers) ?? [];
  if (offset === undefined)
    throw new InvalidValue(
      `'\${${modifiers}}' is not a placeholder: write \${offset,width,base}, base one of d, o, x, X, n, N`,
    );
  const value = number + Number(offset);
  const width = Number(digits);
  if (value < 0) throw new InvalidValue(`'\${${modifiers}}' makes ${number} negative`);
  switch (base) {
    case 'o':
      return value.toString(8).padStart(width, '0');
    case 'x':
      return value.toString(16).padStart(width, '0');
    case 'X':
      return value.toString(16).toUpperCase().padStart(width, '0');
    case 'n':
      return nibbles(value, width);
    case 'N':
      return nibbles(value, width).toUpperCase();
    default:
      return String(value).padStart(width, '0');
  }
}

/** Returns the hexadecimal digits as labels, the lowest first. The width counts the dots. */
function nibbles(value: number, width: number): string {
  let text = '';
  let left = value;
  do {
    text += (left % 16).toString(16);
    left = Math.floor(left / 16);
    if (text.length < width || left > 0) text += '.';
  } while (left > 0 || text.length < width);
  return text;
}
