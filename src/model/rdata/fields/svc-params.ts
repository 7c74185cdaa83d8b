// The parameters of SVCB and HTTPS (RFC 9460): one row for each key, and the rules between keys.

import { isUtf8 } from 'node:buffer';
import { InvalidValue } from '../../invalid-value.ts';
import { octetsOf, quote, showOctets, type TokenReader } from '../tokens.ts';
import { WireReader, type WireWriter } from '../wire.ts';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from './addresses.ts';
import type { FieldCodec } from './codec.ts';
import { parseNumber } from './numbers.ts';

/** Parses and formats the value of a key. `parse` gets a text whose escapes are resolved. Both throw InvalidValue. */
interface ValueCodec {
  parse(value: Uint8Array): Uint8Array;
  /** RFC 9460 §7.2: "To enable simpler parsing, this SvcParam MUST NOT contain escape sequences." */
  plain?: true;
  /** Returns undefined for a key without a value. */
  format(value: Uint8Array): string | undefined;
}

const latin1 = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');
const fromLatin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Splits values at commas. In a value, `\,` is a comma and `\\` a backslash (RFC 9460 appendix A.1). */
function splitValues(value: Uint8Array): string[] {
  // An octet on the wire may be written as an escape of two characters.
  if (value.length > 2 * 65_535) throw new InvalidValue('the rdata has more than 65535 octets');
  const text = latin1(value);
  if (/^([^\\]|\\[\\,])*$/.test(text)) {
    return [...text.matchAll(/(?:^|,)((?:[^\\,]|\\.)*)/gs)].map(([, one = '']) => one.replace(/\\(.)/gs, '$1'));
  }
  throw new InvalidValue(`'${showOctets(value)}' has a backslash that is not before a comma or a backslash`);
}

/** Strings, each with a length octet. No string may be empty, and there must be at least `min`. */
function strings(min: 0 | 1): ValueCodec {
  const check = (values: readonly Uint8Array[]): void => {
    if (values.length < min || values.some((value) => value.length < 1)) throw new InvalidValue('a value is empty');
  };
  return {
    parse: (value) => {
      const values = value.length === 0 ? [] : splitValues(value).map(fromLatin1);
      check(values);
      return Buffer.concat(values.map(counted));
    },
    format: (value) => {
      const reader = new WireReader(value);
      const values: Uint8Array[] = [];
      while (reader.left > 0) values.push(reader.counted());
      check(values);
      const escaped = values.map((one) => latin1(one).replace(/[\\,]/g, '\\$&')).join(',');
      return values.length === 0 ? undefined : quote(fromLatin1(escaped));
    },
  };
}

/** Items of a fixed length. */
function list(
  length: number,
  parseOne: (text: string) => Uint8Array,
  formatOne: (octets: Uint8Array) => string,
): ValueCodec {
  return {
    plain: true,
    parse: (value) => {
      if (value.length === 0) throw new InvalidValue('a value is missing');
      return Buffer.concat(showOctets(value).split(',').map(parseOne));
    },
    format: (value) => {
      const reader = new WireReader(value);
      const texts: string[] = [];
      do texts.push(formatOne(reader.bytes(length)));
      while (reader.left > 0);
      return texts.join(',');
    },
  };
}

function counted(value: Uint8Array): Uint8Array {
  if (value.length > 255) throw new InvalidValue(`a value has ${value.length} octets; at most 255 are allowed`);
  return Buffer.concat([Uint8Array.of(value.length), value]);
}

const uint16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255);
const readUint16 = (octets: Uint8Array): number => new WireReader(octets).uint(2);

const keyList = list(
  2,
  (text) => uint16(parseKey(text)),
  (octets) => formatKey(readUint16(octets)),
);

/** Keys in order, without repetitions and without `mandatory` itself (§8). */
const mandatory: ValueCodec = {
  plain: true,
  parse: (value) => {
    const codes = keysIn(keyList.parse(value)).sort((a, b) => a - b);
    checkMandatory(codes);
    return Buffer.concat(codes.map(uint16));
  },
  format: (value) => {
    const text = keyList.format(value);
    checkMandatory(keysIn(value));
    return text;
  },
};

function keysIn(value: Uint8Array): number[] {
  const reader = new WireReader(value);
  const codes: number[] = [];
  while (reader.left > 0) codes.push(reader.uint(2));
  return codes;
}

function checkMandatory(codes: readonly number[]): void {
  if (codes.includes(0)) throw new InvalidValue('mandatory must not list itself');
  if (codes.some((code, index) => index > 0 && code <= (codes[index - 1] as number))) {
    throw new InvalidValue('mandatory lists a key twice, or out of order');
  }
}

const empty: ValueCodec = {
  parse: (value) => {
    if (value.length > 0) throw new InvalidValue('takes no value: write only the key');
    return value;
  },
  format: (value) => {
    if (value.length > 0) throw new InvalidValue('takes no value');
    return undefined;
  },
};

const port: ValueCodec = {
  plain: true,
  parse: (value) => uint16(parseNumber(showOctets(value), 0xffff)),
  format: (value) => {
    if (value.length !== 2) throw new InvalidValue('a port has two octets');
    return String(readUint16(value));
  },
};

/** The value of `ech` (RFC 9848): the list of configurations, in base64. */
const base64: ValueCodec = {
  plain: true,
  parse: (value) => {
    const text = showOctets(value);
    const octets = Buffer.from(text, 'base64');
    if (octets.length === 0 || octets.toString('base64') !== text) {
      throw new InvalidValue(`'${text.slice(0, 40)}' is not base64`);
    }
    return octets;
  },
  format: (value) => {
    if (value.length === 0) throw new InvalidValue('a value is missing');
    return Buffer.from(value).toString('base64');
  },
};

/** Match the expressions of a URI template (RFC 6570 §2.2, §2.3): an optional operator, variables, their modifiers. */
const variable = String.raw`(?:\w|%[\dA-Fa-f]{2})(?:\.?(?:\w|%[\dA-Fa-f]{2}))*(?:\*|:[1-9]\d{0,3})?`;
const expressions = new RegExp(String.raw`\{[+#./;?&]?(${variable}(?:,${variable})*)\}`, 'g');

/** The value of `dohpath` (RFC 9461 §5): a URI template that is a path and has the variable `dns`. */
const template: ValueCodec = {
  parse: (value) => {
    template.format(value);
    return value;
  },
  format: (value) => {
    const text = isUtf8(value) ? latin1(value) : '';
    const variables = [...text.matchAll(expressions)].flatMap(([, list = '']) => list.split(','));
    const isTemplate = !/\{|%(?![\dA-Fa-f]{2})/.test(text.replace(expressions, ''));
    if (!text.startsWith('/') || !isTemplate || !variables.some((name) => /^dns(?!\w|\.|%)/.test(name))) {
      throw new InvalidValue("it must be a path with the variable dns, such as '/dns-query{?dns}'");
    }
    return quote(value);
  },
};

const opaque: ValueCodec = {
  parse: (value) => value,
  format: (value) => (value.length === 0 ? undefined : quote(value)),
};

/** The SvcParamKeys of IANA that an RFC defines. Every other key is keyNNNNN and may have any value. */
const keys: readonly { code: number; name: string; codec: ValueCodec }[] = [
  { code: 0, name: 'mandatory', codec: mandatory }, // RFC 9460 §8
  { code: 1, name: 'alpn', codec: strings(1) }, // RFC 9460 §7.1
  { code: 2, name: 'no-default-alpn', codec: empty }, // RFC 9460 §7.1
  { code: 3, name: 'port', codec: port }, // RFC 9460 §7.2
  { code: 4, name: 'ipv4hint', codec: list(4, parseIpv4, formatIpv4) }, // RFC 9460 §7.3
  { code: 5, name: 'ech', codec: base64 }, // RFC 9848
  { code: 6, name: 'ipv6hint', codec: list(16, parseIpv6, formatIpv6) }, // RFC 9460 §7.3
  { code: 7, name: 'dohpath', codec: template }, // RFC 9461 §5
  { code: 8, name: 'ohttp', codec: empty }, // RFC 9540 §4
  { code: 10, name: 'docpath', codec: strings(0) }, // RFC 9953 §3
];
const codecs = new Map(keys.map(({ code, codec }) => [code, codec]));
const namesByCode = new Map(keys.map(({ code, name }) => [code, name]));
const codesByName = new Map(keys.map(({ code, name }) => [name, code]));

function parseKey(text: string): number {
  const number = /^key(0|[1-9]\d{0,4})$/.exec(text)?.[1];
  const code = number === undefined ? codesByName.get(text) : Number(number);
  if (code === undefined || code > 65_534) {
    throw new InvalidValue(`'${text}' is not a known parameter: write it as key0 to key65534`);
  }
  return code;
}

function formatKey(code: number): string {
  return namesByCode.get(code) ?? `key${code}`;
}

/** Runs `run`, and adds the key's name to the message of an InvalidValue. */
function atKey<T>(code: number, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof InvalidValue ? new InvalidValue(`${formatKey(code)}: ${error.message}`) : error;
  }
}

function parseParameter(key: string, value: string | undefined): { code: number; value: Uint8Array } {
  const code = parseKey(key);
  return atKey(code, () => {
    const octets = octetsOf(value ?? '');
    const codec = codecs.get(code) ?? opaque;
    // The value of keyNNNNN is the octets themselves, even for a known key (§2.1).
    if (/^key\d/.test(key)) {
      codec.format(octets);
      return { code, value: octets };
    }
    if (codec.plain && value?.includes('\\')) throw new InvalidValue('it must not have escapes (RFC 9460 §7)');
    return { code, value: codec.parse(octets) };
  });
}

/** Checks the rules between keys (§7.1.1, §8). */
function checkTogether(values: ReadonlyMap<number, Uint8Array>): void {
  if (values.has(2) && !values.has(1)) throw new InvalidValue('no-default-alpn needs alpn');
  for (const code of keysIn(values.get(0) ?? new Uint8Array())) {
    if (!values.has(code)) throw new InvalidValue(`mandatory lists ${formatKey(code)}, which is missing`);
  }
}

const parameters: FieldCodec = {
  parse: (tokens: TokenReader, wire: WireWriter) => {
    const values = new Map<number, Uint8Array>();
    while (!tokens.done) {
      const { key, value } = tokens.takePair('a parameter');
      const parameter = parseParameter(key, value);
      if (values.has(parameter.code)) throw new InvalidValue(`${formatKey(parameter.code)} appears twice`);
      values.set(parameter.code, parameter.value);
    }
    checkTogether(values);
    for (const [code, value] of [...values].sort(([a], [b]) => a - b)) {
      wire.uint(code, 2);
      wire.uint(value.length, 2);
      wire.bytes(value);
    }
  },
  format: (wire: WireReader) => {
    const values = new Map<number, Uint8Array>();
    const texts: string[] = [];
    for (let last = -1; wire.left > 0; ) {
      const code = wire.uint(2);
      if (code <= last || code > 65_534)
        throw new InvalidValue('the parameters are out of order, or one appears twice');
      const value = wire.bytes(wire.uint(2));
      values.set(code, value);
      const text = atKey(code, () => (codecs.get(code) ?? opaque).format(value));
      texts.push(text === undefined ? formatKey(code) : `${formatKey(code)}=${text}`);
      last = code;
    }
    checkTogether(values);
    return texts.join(' ');
  },
};

export const parameterFields = { parameters };
