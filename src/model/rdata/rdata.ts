// One record's rdata: presentation form to wire form and back, for every type. Canonical: what is formatted parses to the same octets.

import { InvalidValue } from '../../errors.ts';
import { concatenate, fieldCodecs } from './fields.ts';
import { fieldsOf, type RecordType } from './record-types.ts';
import { type Token, tokenize } from './tokens.ts';

/** Presentation form (RFC 1035 §5.1, or RFC 3597 `\# length hex`) to wire form, names uncompressed. Throws InvalidValue. */
export function parseRdata(type: RecordType, text: string): Uint8Array {
  const generic = /^\s*\\#(?=\s|$)(.*)$/.exec(text)?.[1];
  const fields = fieldsOf(type);
  if (generic !== undefined) {
    const wire = parseGeneric(tokenize(generic));
    if (fields !== undefined) formatRdata(type, wire); // proves that the octets are this type's
    return wire;
  }
  if (fields === undefined) throw new InvalidValue(`the rdata of ${type} is written as \\# length hex (RFC 3597)`);
  const tokens = tokenize(text);
  const wire = concatenate(fields.map((field) => fieldCodecs[field].parse(tokens)));
  const extra = tokens[0];
  if (extra !== undefined) throw new InvalidValue(`'${extra.raw}' is more than ${type} takes`);
  checkLength(wire.length);
  return wire;
}

function checkLength(octets: number): void {
  if (octets > 0xffff) throw new InvalidValue(`the rdata has ${octets} octets; at most 65535 are allowed`);
}

function parseGeneric(tokens: Token[]): Uint8Array {
  const digits = tokens.shift()?.raw ?? '';
  const length = /^\d{1,5}$/.test(digits) ? Number(digits) : Number.NaN;
  const hex = tokens.map((token) => token.raw).join('');
  if (!/^([0-9a-fA-F]{2})*$/.test(hex) || hex.length !== length * 2) {
    throw new InvalidValue('generic rdata is \\# length hex, with as many octets as the length says');
  }
  checkLength(length);
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** Wire form, names uncompressed, to canonical presentation form. Throws InvalidValue when the octets are not this type's. */
export function formatRdata(type: RecordType, wire: Uint8Array): string {
  const fields = fieldsOf(type);
  if (fields === undefined)
    return `\\# ${wire.length}${wire.length > 0 ? ` ${Buffer.from(wire).toString('hex')}` : ''}`;
  const texts: string[] = [];
  let at = 0;
  for (const field of fields) {
    const { text, length } = fieldCodecs[field].format(wire, at);
    texts.push(text);
    at += length;
  }
  if (at !== wire.length) throw new InvalidValue(`the rdata has ${wire.length - at} octets too many for ${type}`);
  return texts.join(' ');
}
