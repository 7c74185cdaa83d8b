// Every record type is read and written: the samples of rdata-samples.ts, and random octets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { formatRdata, parseRdata } from '../../src/model/rdata/rdata.ts';
import { fieldsOf, knownRecordTypes, parseRecordType, type RecordType } from '../../src/model/rdata/record-types.ts';
import { mutatedRdata } from './rdata-mutations.ts';
import { badSamples, goodSamples, samples } from './rdata-samples.ts';

const numRuns = Number(process.env.FUZZ_RUNS ?? 3000);

test('every type has at least two good samples, and a bad one', () => {
  for (const type of knownRecordTypes()) {
    assert.ok(
      goodSamples.filter((sample) => sample.type === type).length >= 2,
      `${type} has fewer than two good samples`,
    );
    assert.ok(
      badSamples.some((sample) => sample.type === type),
      `${type} has no bad sample`,
    );
  }
  for (const { type } of samples) assert.equal(parseRecordType(type), type);
});

for (const type of knownRecordTypes()) {
  test(`${type} is read and written without loss`, () => {
    for (const { text, canonical } of goodSamples.filter((sample) => sample.type === type)) {
      const wire = parseRdata(type, text);
      assert.equal(formatRdata(type, wire), canonical, text);
      assert.deepEqual(parseRdata(type, canonical), wire, canonical);
      assert.deepEqual(parseRdata(type, asGeneric(wire)), wire, 'the form of RFC 3597 is read to other octets');
      assert.deepEqual(
        parseRdata(type, ` \t${canonical.replace(/(?<=^[^" ]+) /, '\t ')} \t`),
        wire,
        'other blanks between the fields change the octets',
      );
    }
  });

  test(`${type} refuses its bad samples with the reason`, () => {
    for (const { text, fault } of badSamples.filter((sample) => sample.type === type)) {
      assert.throws(
        () => parseRdata(type, text),
        (error: Error) => {
          assert.ok(error instanceof InvalidValue, `${text}: ${error.stack}`);
          assert.ok(error.message.includes(fault), `${text}: '${error.message}' does not say '${fault}'`);
          return true;
        },
        text,
      );
    }
    if (fieldsOf(type) === undefined) return;
    for (const { text, canonical } of goodSamples.filter((sample) => sample.type === type)) {
      assert.throws(
        () => parseRdata(type, `${canonical} "unclosed`),
        InvalidValue,
        `${text} with text after it is not refused`,
      );
      const wire = parseRdata(type, text);
      for (let length = 0; length < wire.length; length += 1) readsBack(type, wire.subarray(0, length));
    }
  });
}

test('rdata of any octets is refused, or read and written without loss', () => {
  const types = fc.constantFrom(...knownRecordTypes());
  fc.assert(
    fc.property(types, fc.uint8Array({ maxLength: 80 }), (type, wire) => readsBack(type, wire)),
    { numRuns },
  );
});

test('nearly correct rdata is refused, or read and written without loss', () => {
  fc.assert(
    fc.property(mutatedRdata, ({ type, wire }) => readsBack(type, wire)),
    { numRuns: numRuns * 3 },
  );
});

test('nearly correct text is refused with InvalidValue, or has a canonical form', () => {
  const edits = fc.array(fc.tuple(fc.nat(200), fc.constantFrom(...'0a\\".,;!/:-=+ \u00fc')), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(fc.constantFrom(...goodSamples), edits, ({ type, text }, changes) => {
      const characters = [...text];
      for (const [position, character] of changes)
        characters.splice(position % (characters.length + 1), position % 2, character);
      const wire = unlessInvalid(() => parseRdata(type as RecordType, characters.join('')));
      if (wire !== undefined)
        assert.deepEqual(parseRdata(type as RecordType, formatRdata(type as RecordType, wire)), wire);
    }),
    { numRuns: numRuns * 2 },
  );
});

/**
 * Asserts that octets are refused, or that their text is canonical and parses to the same octets, except for the case
 * of letters.
 */
function readsBack(type: RecordType, wire: Uint8Array): void {
  const text = unlessInvalid(() => formatRdata(type, wire));
  if (text === undefined) return;
  const again = parseRdata(type, text);
  assert.equal(formatRdata(type, again), text);
  if (wire.some((octet) => octet >= 0x41 && octet <= 0x5a)) assert.deepEqual(lowered(again), lowered(wire), text);
  else assert.deepEqual(Buffer.from(again), Buffer.from(wire), text);
}

function unlessInvalid<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof InvalidValue) return undefined;
    throw error;
  }
}

function lowered(octets: Uint8Array): Buffer {
  return Buffer.from(octets.map((octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet)));
}

function asGeneric(wire: Uint8Array): string {
  return `\\# ${wire.length} ${Buffer.from(wire).toString('hex')}`;
}
