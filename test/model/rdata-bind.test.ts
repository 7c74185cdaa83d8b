// BIND judges how we read and write rdata: every type that it knows, every sample, and thousands of random records.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { formatRdata, parseRdata } from '../../src/model/rdata/rdata.ts';
import {
  isSingleton,
  knownRecordTypes,
  parseRecordType,
  type RecordType,
  recordTypeCode,
} from '../../src/model/rdata/record-types.ts';
import { bindTypes, compileByBind, readByBind, skipWithoutBindTools } from '../support/bind-tools.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { mutatedRdata } from './rdata-mutations.ts';
import { badSamples, goodSamples, type Sample } from './rdata-samples.ts';

const skip = skipWithoutBindTools();
const known = new Set(skip === false ? bindTypes() : []);
const shared = (samples: readonly Sample[]): Sample[] => samples.filter(({ type, ours }) => !ours && known.has(type));
const hexOf = (type: string, text: string): string => Buffer.from(parseRdata(type as RecordType, text)).toString('hex');

test('we know every type that BIND knows by name, and have samples of it that are compared with BIND', { skip }, () => {
  for (const type of known) {
    assert.equal(parseRecordType(type), type);
    assert.ok(
      shared(goodSamples).some((sample) => sample.type === type),
      `BIND judges no sample of ${type}`,
    );
  }
});

test('BIND reads the samples that we accept, and our canonical forms of them, to the same octets', {
  skip,
}, async () => {
  await each(shared(goodSamples), async ({ type, text, canonical = '' }) => {
    const ours = { code: recordTypeCode(type as RecordType), hex: hexOf(type, text) };
    assert.deepEqual(
      await readByBind(type, canonical),
      ours,
      `BIND reads our canonical form to other octets: ${type} ${canonical}`,
    );
    // BIND keeps the case of names, and we store lower case.
    if (text === canonical) return;
    const theirs = await readByBind(type, text);
    assert.ok(theirs, `${type} ${text}`);
    assert.equal(hexOf(type, `\\# ${theirs.hex.length / 2} ${theirs.hex}`), ours.hex, `${type} ${text}`);
  });
});

test('BIND refuses the samples that we refuse, except those that are marked with `~`, and relative names', {
  skip,
}, async () => {
  const refused = shared(badSamples).filter(({ fault }) => !fault.includes('relative'));
  await each(refused, async ({ type, text }) => {
    assert.equal(await readByBind(type, text), undefined, `${type} ${text}`);
  });
});

test('BIND treats the same types as singletons as we do', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  for (const type of known) {
    const records = goodSamples
      .filter((sample) => sample.type === type && !sample.ours)
      .map(({ canonical }) => canonical);
    if (type === 'SOA' || records.length < 2) continue;
    const lines = records.map((record) => `a.example. 60 IN ${type} ${record}`);
    const compiled = compileByBind(folder, 'example', `${apex}${lines.join('\n')}\n`);
    assert.equal(/singleton/.test(String(compiled)), isSingleton(type as RecordType), `${type}: ${compiled}`);
  }
});

const apex =
  'example. 60 IN SOA ns.example. admin.example. 1 2 3 4 5\nexample. 60 IN NS ns.example.\nns.example. 60 IN A 192.0.2.1\n';

test('BIND reads thousands of records in our canonical form to our octets', { skip }, async (t) => {
  const accepted = fc
    .sample(mutatedRdata, { numRuns: Number(process.env.FUZZ_RUNS ?? 6000), seed })
    .flatMap(({ type, wire }) => asText(type, wire))
    .filter(({ type, text }) => !notForBind.test(`${type} ${text}`));
  t.diagnostic(`seed ${seed}: ${accepted.length} records`);
  const lines = accepted.map(({ type, text }, index) => `r${index}.example. 60 IN ${type} ${text}`);
  const compiled = compileByBind(await temporaryFolder(t), 'example', `${apex}${lines.join('\n')}\n`);
  if (typeof compiled === 'string') assert.fail(refusals(compiled, lines));
  const byOwner = new Map(compiled.map(({ owner, code, hex }) => [owner, { code, hex }]));
  for (const [index, { type, text, hex }] of accepted.entries()) {
    assert.deepEqual(byOwner.get(`r${index}.example.`), { code: recordTypeCode(type), hex }, `${type} ${text}`);
  }
});

/** Returns BIND's complaints about a zone, each with its record. The first record is in line 4 of the zone file. */
function refusals(output: string, lines: readonly string[]): string {
  return output.replaceAll(/:(\d+): .*/g, (all, line) => `${all}: ${lines[Number(line) - 4]}`);
}

const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Types that this BIND does not know. */
const unknown = [...knownRecordTypes(), 'NXNAME'].filter((type) => !known.has(type));
/**
 * Records that BIND cannot read from text or does not allow in a zone, and NAPTR with a regular expression: BIND checks
 * the expression, we do not.
 */
const notForBind = new RegExp(
  `^(MD|MF|SOA) |\\b(${unknown.join('|')}|ohttp|docpath)\\b|^IPSECKEY \\d+ \\d+ 0 [^ ]+$|^NAPTR .* "[^"]+" [^ ]+$`,
);

function asText(type: RecordType, wire: Uint8Array): { type: RecordType; text: string; hex: string }[] {
  try {
    const text = formatRdata(type, wire);
    return [{ type, text, hex: hexOf(type, text) }];
  } catch (error) {
    if (error instanceof InvalidValue) return [];
    throw error;
  }
}

/** Runs the function for each item, only a few at a time, because each run starts a process. */
async function each<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: 4 }, lane));
}
