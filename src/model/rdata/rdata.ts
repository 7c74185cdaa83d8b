// Converts the rdata of one record between presentation form and wire form, for every type. The output is canonical:
// parsing a text that was formatted here returns the same octets.

import { InvalidValue } from '../invalid-value.ts';
import type { FieldCodec } from './fields/codec.ts';
import { fieldCodecs } from './fields.ts';
import { fieldsOf, type RecordType } from './record-types.ts';
import { TokenReader } from './tokens.ts';
import { WireReader, WireWriter } from './wire.ts';

interface Field extends FieldCodec {
  /** The field's name in the table of types. */
  label: string;
}

/**
 * The limit for the characters of a record's text on input. NSEC and CSYNC can list the names of all record types: this
 * text fits (test/model/rdata.test.ts).
 */
export const maxRdataText = 640 * 1024;
/**
 * The limit for the characters of a record's text on output. 65535 octets fit, each written as `\DDD`. A set of tens of
 * thousands of types or ports is longer. It is written in RFC 3597's form, which is much shorter
 * (test/model/rdata.test.ts).
 */
export const maxWrittenText = 256 * 1024;

/** A cache of the fields of each type that was used before. */
const fieldsByType = new Map<RecordType, readonly Field[] | undefined>();
const writer = new WireWriter();

function codecsOf(type: RecordType): readonly Field[] | undefined {
  const known = fieldsByType.get(type);
  if (known !== undefined || fieldsByType.has(type)) return known;
  const row = fieldsOf(type);
  if (row === undefined) return undefined;
  const fields = Object.entries(row).map(([label, kind]) => ({ label, ...fieldCodecs[kind] }));
  fieldsByType.set(type, fields);
  return fields;
}

/**
 * Converts presentation form (RFC 1035 §5.1, or `\# length hex` of RFC 3597) to wire form with uncompressed names.
 * Throws InvalidValue.
 */
export function parseRdata(type: RecordType, text: string): Uint8Array {
  if (text.length > maxRdataText)
    throw new InvalidValue(`the record has ${text.length} characters; at most ${maxRdataText} are allowed`);
  const fields = codecsOf(type);
  const octets = fields?.length === 1 ? fields[0]?.parseAlone?.(text) : undefined;
  if (octets !== undefined) return octets;
  // `\#` without a number after it is an escaped `#`.
  const generic = text.includes('\\#') ? /^[ \t]*\\#[ \t]+(\d+(?:[ \t].*)?)$/.exec(text)?.[1] : undefined;
  if (generic !== undefined) {
    const wire = parseGeneric(new TokenReader(generic));
    // Checks that the octets are valid for the type, and makes names lower case.
    const canonical = formatFields(type, wire);
    return canonical === undefined ? wire : parseRdata(type, canonical);
  }
  if (fields === undefined) throw new InvalidValue(`the rdata of ${type} must be written as \\# length hex (RFC 3597)`);
  writer.at = 0;
  let label = '';
  try {
    const tokens = new TokenReader(text);
    for (const field of fields) {
      label = field.label;
      field.parse(tokens, writer);
    }
    label = '';
    if (!tokens.done) throw new InvalidValue(`'${tokens.takeText('')}' is a field too many for ${type}`);
  } catch (error) {
    throw located(error, type, label);
  }
  return writer.finish();
}

/** Returns an InvalidValue with the name of the faulty field in its message. Returns any other error unchanged. */
function located(error: unknown, type: RecordType, label: string): unknown {
  if (!(error instanceof InvalidValue) || label === '') return error;
  return new InvalidValue(`${type} ${label}: ${error.message}`);
}

function parseGeneric(tokens: TokenReader): Uint8Array {
  const digits = tokens.take('the length');
  const hex = tokens.done ? '' : tokens.takeRest('hex');
  const length = Number(digits);
  if (!/^([0-9a-fA-F]{2})*$/.test(hex) || hex.length !== length * 2) {
    throw new InvalidValue('generic rdata must be \\# length hex, with as many octets as the length says');
  }
  if (length > 0xffff) throw new InvalidValue(`the rdata has ${length} octets; at most 65535 are allowed`);
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

function formatGeneric(wire: Uint8Array): string {
  return `\\# ${wire.length}${wire.length > 0 ? ` ${Buffer.from(wire).toString('hex')}` : ''}`;
}

/**
 * Converts wire form with uncompressed names to canonical presentation form. Uses RFC 3597's form if the type is
 * unknown, if the type's own form cannot express these octets, or if that form is longer than {@link maxWrittenText}.
 * Throws InvalidValue if the octets are not valid for the type.
 */
export function formatRdata(type: RecordType, wire: Uint8Array): string {
  const text = formatFields(type, wire);
  return text === undefined || text.length > maxWrittenText ? formatGeneric(wire) : text;
}

/** Returns the octets in the form of the type itself; undefined if that form cannot express them. */
function formatFields(type: RecordType, wire: Uint8Array): string | undefined {
  const fields = codecsOf(type);
  if (fields === undefined) return undefined;
  const reader = new WireReader(wire);
  let whole = '';
  let writable = true;
  let label = '';
  try {
    for (const field of fields) {
      label = field.label;
      const text = field.format(reader);
      if (text === undefined) writable = false;
      else if (text !== '') whole += whole === '' ? text : ` ${text}`;
    }
    label = '';
    if (reader.left > 0) throw new InvalidValue(`the rdata has ${reader.left} octets too many for ${type}`);
  } catch (error) {
    throw located(error, type, label);
  }
  return writable && whole !== '' ? whole : undefined;
}
