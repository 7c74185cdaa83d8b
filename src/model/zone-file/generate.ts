// BIND's `$GENERATE range owner [ttl] [class] type rdata`: a template that makes one record for each number of the
// range.

import { InvalidValue } from '../invalid-value.ts';

interface GenerateRange {
  start: number;
  stop: number;
  step: number;
}

const maxNumbers = 1_000_000;
/** The limits for the characters of a record that is made, and of one placeholder. BIND has the same limits. */
const maxMade = 65_535;
const maxWidth = 127;
/** The limit for the characters that one `$GENERATE` makes in total: as many as a whole file may have. */
const maxMadeInAll = 512 * 1024 * 1024;

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

/**
 * Throws InvalidValue if the templates would make too much text. Computes this from the largest number, without making
 * the text (test/model/zone-file.test.ts).
 */
export function checkGenerated(templates: readonly string[], { start, stop, step }: GenerateRange): void {
  const made = templates.reduce((sum, template) => sum + longestMade(template, stop), 0);
  if (made > maxMade)
    throw new InvalidValue(`the $GENERATE makes records of up to ${made} characters; at most ${maxMade} are allowed`);
  const inAll = made * (Math.floor((stop - start) / step) + 1);
  if (inAll > maxMadeInAll)
    throw new InvalidValue(`the $GENERATE makes ${inAll} characters; at most ${maxMadeInAll} are allowed`);
}

/**
 * Returns an upper limit for the characters of the template with any number up to `number` filled in. Stops counting
 * above {@link maxMade}.
 */
function longestMade(template: string, number: number): number {
  let length = template.length;
  for (const [found, modifiers = ''] of template.matchAll(placeholder)) {
    if (!found.startsWith('$') || found === '$$') continue;
    const width = Number(/,(\d{1,3})/.exec(modifiers)?.[1] ?? 0);
    // A negative number has up to 16 characters: eight hexadecimal digits with dots.
    length += Math.max(width, found === '$' ? String(number).length : 16);
    if (length > maxMade) return length;
  }
  return length;
}

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

/**
 * Formats a number by the modifiers `offset[,width[,base]]`. Writes a negative number with a sign in base d, and as 32
 * bits in the other bases, as BIND does.
 */
function formatNumber(modifiers: string, number: number): string {
  const [, offset, digits = '0', base = 'd'] = /^([+-]?\d{1,10})(?:,(\d{1,3})(?:,([doxXnN]))?)?$/.exec(modifiers) ?? [];
  if (offset === undefined)
    throw new InvalidValue(
      `'\${${modifiers}}' is not a placeholder: write \${offset,width,base}, base one of d, o, x, X, n, N`,
    );
  const value = number + Number(offset);
  const width = Number(digits);
  if (width > maxWidth) throw new InvalidValue(`'\${${modifiers}}' is wider than ${maxWidth} characters`);
  if (Math.abs(value) >= 2 ** 31)
    throw new InvalidValue(`'\${${modifiers}}' makes ${value} of ${number}: at most 2^31 − 1 is allowed`);
  switch (base) {
    case 'o':
      return (value >>> 0).toString(8).padStart(width, '0');
    case 'x':
      return (value >>> 0).toString(16).padStart(width, '0');
    case 'X':
      return (value >>> 0).toString(16).toUpperCase().padStart(width, '0');
    case 'n':
      return nibbles(value >>> 0, width);
    case 'N':
      return nibbles(value >>> 0, width).toUpperCase();
    default:
      return value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0');
  }
}

/** Returns the hexadecimal digits as labels, the lowest digit first. The width includes the dots. */
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
