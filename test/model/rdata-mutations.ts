// Nearly correct rdata: the samples with some octets replaced, removed or inserted. Many are still valid for their
// type.

import fc from 'fast-check';
import { parseRdata } from '../../src/model/rdata/rdata.ts';
import { parseRecordType, type RecordType } from '../../src/model/rdata/record-types.ts';
import { goodSamples } from './rdata-samples.ts';

export interface Rdata {
  type: RecordType;
  wire: Uint8Array;
}

const wires = goodSamples.map(({ type: name, text }): Rdata => {
  const type = parseRecordType(name);
  return { type, wire: parseRdata(type, text) };
});

const edit = fc.tuple(fc.nat(200), fc.constantFrom('replace', 'remove', 'insert'), fc.nat(255));

export const mutatedRdata: fc.Arbitrary<Rdata> = fc
  .tuple(fc.constantFrom(...wires), fc.array(edit, { minLength: 1, maxLength: 4 }))
  .map(([{ type, wire }, edits]) => {
    const octets = [...wire];
    for (const [position, how, octet] of edits) {
      const at = octets.length === 0 ? 0 : position % octets.length;
      if (how === 'insert') octets.splice(at, 0, octet);
      else if (how === 'remove') octets.splice(at, 1);
      else if (octets.length > 0) octets[at] = octet;
    }
    return { type, wire: Uint8Array.from(octets) };
  });
