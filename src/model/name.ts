// Domain names: parsed once, then passed on as `Fqdn`. Converts them between presentation form and wire form. Knows no
// zones and no records.

import { isInternational, withALabels } from './international-name.ts';
import { InvalidValue } from './invalid-value.ts';

/**
 * A fully qualified name in canonical presentation form: lower-cased, without the trailing dot, special octets escaped
 * as in RFC 1035 §5.1 (`\.`, `\032`). The root is `.`. Two equal names are equal strings.
 */
export type Fqdn = string & { readonly brand: 'Fqdn' };

export const root = '.' as Fqdn;

/**
 * Matches both cases, because lower-casing first would turn some characters outside ASCII (the Kelvin sign) into
 * letters.
 */
const plainName = /^(?:[A-Za-z0-9_*-]{1,63}\.)*[A-Za-z0-9_*-]{1,63}$/;
const specialCharacters = new Set('"().;\\@$');
/** No valid name has more characters: 254 octets, each written as `\DDD`, and the last dot. */
const maxNameText = 254 * 4 + 1;

/**
 * Parses an absolute name, with or without the trailing dot. Labels in Unicode become A-labels. Throws InvalidValue.
 */
export function parseName(text: string): Fqdn {
  if (text.length > maxNameText)
    throw new InvalidValue(
      `the name '${text.slice(0, 60)}…' has ${text.length} characters: at most 255 octets are allowed`,
    );
  const relative = text.endsWith('.') ? text.slice(0, -1) : text;
  if (plainName.test(relative) && relative.length <= 253) return relative.toLowerCase() as Fqdn;
  if (isInternational(text)) return parseName(withALabels(text));
  if (text === '.') return root;
  if (text === '') throw new InvalidValue('a name is needed');
  if (text === '@')
    throw new InvalidValue("'@' means the apex only for names within a zone (RFC 1035 §5.1): write the zone's name");
  return nameFromLabels(splitLabels(text));
}

/** Returns the labels of presentation text as octets. A trailing dot adds no label. Throws InvalidValue. */
function splitLabels(text: string): Uint8Array[] {
  const labels: Uint8Array[] = [];
  let label: number[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const character = text.charCodeAt(i);
    if (character === 0x2e) {
      labels.push(checkLabel(label, text));
      label = [];
      if (i === text.length - 1) return labels;
    } else if (character === 0x5c) {
      const escaped = parseEscape(text, i);
      label.push(escaped.octet);
      i += escaped.length - 1;
    } else if (character < 0x21 || character > 0x7e) {
      throw new InvalidValue(`'${text}' has a blank or control character: write it as \\DDD`);
    } else {
      label.push(character);
    }
  }
  labels.push(checkLabel(label, text));
  return labels;
}

function checkLabel(label: number[], text: string): Uint8Array {
  if (label.length === 0) throw new InvalidValue(`'${text}' has an empty label`);
  if (label.length > 63)
    throw new InvalidValue(`'${text}' has a label of ${label.length} octets; at most 63 are allowed`);
  return Uint8Array.from(label);
}

/** Reads `\DDD` or `\X` at `position` (RFC 1035 §5.1). `length`: the number of characters read. Throws InvalidValue. */
export function parseEscape(text: string, position: number): { octet: number; length: number } {
  const digits = /^\d{3}/.exec(text.slice(position + 1, position + 4))?.[0];
  if (digits !== undefined) {
    const octet = Number(digits);
    if (octet > 255) throw new InvalidValue(`'\\${digits}' is not an octet: at most \\255 is allowed`);
    return { octet, length: 4 };
  }
  const next = text.charCodeAt(position + 1);
  if (Number.isNaN(next) || (next >= 0x30 && next <= 0x39) || (next < 0x20 && next !== 0x09) || next > 0x7e) {
    throw new InvalidValue(`'${text}' has a wrong escape: write \\DDD, or a backslash and a printable ASCII character`);
  }
  return { octet: next, length: 2 };
}

function nameFromLabels(labels: readonly Uint8Array[]): Fqdn {
  if (labels.length === 0) return root;
  const name = labels.map(formatLabel).join('.') as Fqdn;
  const length = labels.reduce((sum, label) => sum + 1 + label.length, 1);
  if (length > 255)
    throw new InvalidValue(`the name '${name.slice(0, 60)}…' has ${length} octets; at most 255 are allowed`);
  return name;
}

function formatLabel(label: Uint8Array): string {
  let text = '';
  for (const octet of label) {
    const lower = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
    const character = String.fromCharCode(lower);
    if (lower < 0x21 || lower > 0x7e) text += `\\${String(lower).padStart(3, '0')}`;
    else text += specialCharacters.has(character) ? `\\${character}` : character;
  }
  return text;
}

/** Returns the labels, leftmost first, in presentation form. The root has none. */
export function labelsOf(name: Fqdn): string[] {
  if (name === root) return [];
  if (!name.includes('\\')) return name.split('.');
  const labels: string[] = [];
  let start = 0;
  for (let i = 0; i < name.length; i += 1) {
    if (name[i] === '\\') i += 1;
    else if (name[i] === '.') {
      labels.push(name.slice(start, i));
      start = i + 1;
    }
  }
  labels.push(name.slice(start));
  return labels;
}

/** Compares in canonical order (RFC 4034 §6.1): by labels from the right, a parent first. Does not resolve escapes. */
export function compareNames(a: Fqdn, b: Fqdn): number {
  const [one, two] = [labelsOf(a).reverse(), labelsOf(b).reverse()];
  const at = one.findIndex((label, index) => label !== two[index]);
  if (at < 0) return one.length - two.length;
  const [label = '', other = ''] = [one[at], two[at]];
  return label < other ? -1 : 1;
}

/** Returns the name without its leftmost label. Undefined for the root. */
export function parentOf(name: Fqdn): Fqdn | undefined {
  if (name === root) return undefined;
  for (let i = 0; i < name.length; i += 1) {
    if (name[i] === '\\') i += 1;
    else if (name[i] === '.') return name.slice(i + 1) as Fqdn;
  }
  return root;
}

/** Yields the name itself, then each parent up to the root. */
export function* ancestry(name: Fqdn): Generator<Fqdn> {
  for (let at: Fqdn | undefined = name; at !== undefined; at = parentOf(at)) yield at;
}

/** Returns whether `name` is `zone` itself or below it. */
export function isWithin(name: Fqdn, zone: Fqdn): boolean {
  if (zone === root || name === zone) return true;
  if (!name.endsWith(`.${zone}`)) return false;
  if (!name.includes('\\')) return true;
  for (const ancestor of ancestry(name)) if (ancestor === zone) return true;
  return false;
}

/** Returns whether the name, absolute or relative, stands for all names below it (RFC 4592). */
export function isWildcardName(name: string): boolean {
  return name === '*' || name.startsWith('*.');
}

/** Returns whether presentation text ends in a dot that is not escaped. */
export function isAbsolute(text: string): boolean {
  if (!text.endsWith('.')) return false;
  let backslashes = 0;
  while (text[text.length - 2 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 0;
}

/**
 * Parses a name as users of a zone write it: `@` is the apex, and a name without a dot at its end is relative to the
 * zone. Throws InvalidValue.
 */
export function parseRelativeName(text: string, zone: Fqdn): Fqdn {
  if (text === '@') return zone;
  if (isAbsolute(text)) return parseName(text);
  return parseName(zone === root ? text : `${text}.${zone}`);
}

/** Returns the name relative to the zone, which must contain it: the inverse of {@link parseRelativeName}. */
export function formatRelativeName(name: Fqdn, zone: Fqdn): string {
  if (name === zone) return '@';
  return zone === root ? name : name.slice(0, -(zone.length + 1));
}

/** Returns the wire form (RFC 1035 §3.1): uncompressed, lower-case, with the root's empty label. */
export function nameToWire(name: Fqdn): Uint8Array {
  if (!name.includes('\\')) return plainNameToWire(name);
  const wire: number[] = [];
  for (const label of splitLabels(name)) wire.push(label.length, ...label);
  wire.push(0);
  return Uint8Array.from(wire);
}

function plainNameToWire(name: Fqdn): Uint8Array {
  if (name === root) return new Uint8Array(1);
  const wire = new Uint8Array(name.length + 2);
  let lengthAt = 0;
  for (let i = 0; i < name.length; i += 1) {
    const character = name.charCodeAt(i);
    if (character === 0x2e) {
      wire[lengthAt] = i - lengthAt;
      lengthAt = i + 1;
    } else wire[i + 1] = character;
  }
  wire[lengthAt] = name.length - lengthAt;
  return wire;
}

/** Reads an uncompressed name in wire form at `offset`. `length`: the number of octets read. Throws InvalidValue. */
export function nameFromWire(wire: Uint8Array, offset = 0): { name: Fqdn; length: number } {
  const labels: Uint8Array[] = [];
  let at = offset;
  for (;;) {
    const length = wire[at];
    if (length === undefined) throw new InvalidValue('a name is cut short');
    if (length > 63) throw new InvalidValue('a name is compressed where it must not be');
    if (length === 0) return { name: nameFromLabels(labels), length: at + 1 - offset };
    labels.push(wire.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
}
