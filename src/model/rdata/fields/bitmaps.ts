// Fields that are sets: the types at a name (NSEC, NSEC3, CSYNC, NXT), the ports of a host (WKS).

import { InvalidValue } from '../../invalid-value.ts';
import { parseTypeCode, recordTypeName } from '../record-types.ts';
import type { TokenReader } from '../tokens.ts';
import type { WireReader, WireWriter } from '../wire.ts';
import type { FieldCodec } from './codec.ts';
import { parseNumber, parseTypeOrNumber } from './numbers.ts';
import { protocols, services } from './services.ts';

/** Writes a set of numbers as bits. Bit 0 is the highest bit of the first octet. The last octet is not 0. */
function writeBits(wire: WireWriter, numbers: readonly number[], countLength: boolean): void {
  const bits = new Uint8Array(Math.max(...numbers, -1) < 0 ? 0 : (Math.max(...numbers) >> 3) + 1);
  for (const number of numbers) bits[number >> 3] = (bits[number >> 3] as number) | (0x80 >> (number & 7));
  if (countLength) wire.uint(bits.length, 1);
  wire.bytes(bits);
}

function readBits(bits: Uint8Array, offset = 0): number[] {
  if (bits.at(-1) === 0) throw new InvalidValue('the set must not end in an octet of zeros');
  const numbers: number[] = [];
  for (const [index, octet] of bits.entries()) {
    for (let bit = 0; bit < 8; bit += 1) if ((octet & (0x80 >> bit)) !== 0) numbers.push(offset + index * 8 + bit);
  }
  return numbers;
}

/** Returns the codes of the types, without repetitions. */
function takeTypes(tokens: TokenReader, parse: (text: string) => number): number[] {
  const codes = new Set<number>();
  while (!tokens.done) codes.add(parse(tokens.take('a record type')));
  return [...codes];
}

function namesOf(codes: readonly number[]): string {
  return codes.map(recordTypeName).join(' ');
}

/** A set in windows of 256 types (RFC 4034 §4.1.2), with at least `min` types. */
function types(min: 0 | 1): FieldCodec {
  const check = (codes: readonly number[]): void => {
    if (codes.length < min) throw new InvalidValue('a record type is missing');
  };
  return {
    parse: (tokens, wire) => {
      const codes = takeTypes(tokens, parseTypeCode);
      check(codes);
      const windows = Map.groupBy(codes, (code) => code >> 8);
      for (const window of [...windows.keys()].sort((a, b) => a - b)) {
        wire.uint(window, 1);
        writeBits(wire, windows.get(window)?.map((code) => code & 255) ?? [], true);
      }
    },
    format: (wire: WireReader) => {
      const codes: number[] = [];
      for (let last = -1; wire.left > 0; ) {
        const window = wire.uint(1);
        const bits = wire.counted();
        if (window <= last || bits.length === 0 || bits.length > 32) {
          throw new InvalidValue('the windows of the set are out of order or of a wrong length');
        }
        codes.push(...readBits(bits, window * 256));
        last = window;
      }
      check(codes);
      return namesOf(codes);
    },
  };
}

/** NXT (RFC 2535 §5.2): one set of types below 128. Bit 0 stands for an extended form, which does not exist. */
const oldTypes: FieldCodec = {
  parse: (tokens, wire) => {
    const codes = takeTypes(tokens, parseTypeOrNumber);
    const wrong = codes.find((code) => code === 0 || code > 127);
    if (wrong !== undefined) throw new InvalidValue(`NXT cannot name ${recordTypeName(wrong)}: only types 1 to 127`);
    writeBits(wire, codes, false);
  },
  format: (wire) => {
    const octets = wire.rest();
    if (octets.length > 16 || ((octets[0] ?? 0) & 0x80) !== 0)
      throw new InvalidValue('the set has types outside 1 to 127');
    return namesOf(readBits(octets));
  },
};

/** The protocol and ports of WKS (RFC 1035 §3.4.2). */
const ports: FieldCodec = {
  parse: (tokens, wire) => {
    const protocol = tokens.take('a protocol');
    wire.uint(protocols.get(protocol.toLowerCase()) ?? parseNumber(protocol, 255), 1);
    const numbers = new Set<number>();
    while (!tokens.done) {
      const service = tokens.take('a port');
      numbers.add(services.get(service.toLowerCase()) ?? parseNumber(service, 0xffff));
    }
    writeBits(wire, [...numbers], false);
  },
  format: (wire) => {
    const protocol = wire.uint(1);
    if (wire.left > 8192) throw new InvalidValue('the set has more than 65536 ports');
    return [protocol, ...readBits(wire.rest())].join(' ');
  },
};

export const bitmapFields = { types: types(0), 'types-here': types(1), 'old-types': oldTypes, ports };
