// Odd ways to write rdata, with BIND as the judge: the forms of rdata-forms.ts, and valid records in random odd
// notation.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { formatRdata, parseRdata } from '../../src/model/rdata/rdata.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import { readManyByBind, skipWithoutBindTools } from '../support/bind-tools.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { forms } from './rdata-forms.ts';
import { oddForm } from './rdata-oddities.ts';

const skip = skipWithoutBindTools();

test('odd forms are read as BIND reads them', { skip }, async (t) => {
  const theirs = await readManyByBind(await temporaryFolder(t), forms);
  const wrong = forms.flatMap(({ type, text, ours }, index) => {
    const { hex, said } = readByUs(type, text);
    if ((hex !== lowered(theirs[index])) === ours) return [];
    return [`${type} ${text}: BIND ${theirs[index] ?? 'refuses it'}, we: ${said}`];
  });
  assert.deepEqual(wrong, []);
});

test('good records, written oddly by chance, are read as BIND reads them', { skip }, async (t) => {
  const numRuns = Number(process.env.FUZZ_RUNS ?? 6000);
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const odd = fc.sample(oddForm, { numRuns, seed }).filter(({ type, text }) => !partings.test(`${type} ${text}`));
  const theirs = await readManyByBind(await temporaryFolder(t), odd);
  const ours = odd.map(({ type, text }) => readByUs(type, text));
  t.diagnostic(`seed ${seed}: ${odd.length} forms, ${ours.filter(({ hex }) => hex !== undefined).length} of them read`);
  const wrong = odd.flatMap(({ type, text }, index) => {
    const { hex, said } = ours[index] as (typeof ours)[number];
    if (hex === lowered(theirs[index]) || (hex === undefined && refusedByUs.test(said))) return [];
    return [`${type} ${text}: BIND ${theirs[index] ?? 'refuses it'}, we: ${said}`];
  });
  assert.deepEqual(wrong, []);
});

/** Forms on which rdata-forms.ts says that we differ from BIND, and forms that need a BIND process each. */
const partings = new RegExp(
  [
    String.raw`^(SOA|MD|MF) |[()]|\\$`,
    String.raw`^(X25|EUI48|EUI64) .*\\|^LOC .*[nsewM]|^NAPTR .*I|^WKS \S+ "?OSPF|^IPSECKEY \d+ \d+ 0+ \S+$`,
    String.raw`^RRSIG .* 00\d{10} |^SIG (?!.* \d{14} \d{14} )|^(SVCB|HTTPS) (.*\b[A-Z][A-Z0-9]*(=| |$)|.*\\[ ,].*)`,
  ].join('|'),
);
const refusedByUs =
  /is relative|a digest of type|must be 3$|bits set in its first|target: a name must not be in quotes|URI target: the text is empty|NAPTR flags/;

/**
 * Our reading of the text: the octets in hex, or undefined if we refuse it; and how we write it, or the reason of the
 * refusal.
 */
function readByUs(name: string, text: string): { hex: string | undefined; said: string } {
  try {
    const type = parseRecordType(name);
    const wire = parseRdata(type, text);
    const said = formatRdata(type, wire);
    assert.deepEqual(parseRdata(type, said), wire, `${name} ${text} is written as ${said}`);
    return { hex: lowered(Buffer.from(wire).toString('hex')), said };
  } catch (error) {
    if (error instanceof InvalidValue) return { hex: undefined, said: error.message };
    throw error;
  }
}

/** Lowers the case of letters, as we do in names. */
function lowered(hex: string | undefined): string | undefined {
  if (hex === undefined) return undefined;
  const octets = Buffer.from(hex, 'hex').map((octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet));
  return Buffer.from(octets).toString('hex');
}
