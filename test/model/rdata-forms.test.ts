// Odd ways to write rdata must be read as BIND reads them. Compares the forms of rdata-forms.ts, and valid records in
// random odd notation.

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
    const { hex, written } = readByUs(type, text);
    if ((hex !== lowered(theirs[index])) === ours) return [];
    return [`${type} ${text}: BIND ${theirs[index] ?? 'refuses it'}, we: ${written}`];
  });
  assert.deepEqual(wrong, []);
});

test('valid records in random odd notation are read as BIND reads them', { skip }, async (t) => {
  const numRuns = Number(process.env.FUZZ_RUNS ?? 6000);
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const odd = fc.sample(oddForm, { numRuns, seed }).filter(({ type, text }) => !differences.test(`${type} ${text}`));
  const theirs = await readManyByBind(await temporaryFolder(t), odd);
  const ours = odd.map(({ type, text }) => readByUs(type, text));
  t.diagnostic(`seed ${seed}: ${odd.length} forms, ${ours.filter(({ hex }) => hex !== undefined).length} of them read`);
  const wrong = odd.flatMap(({ type, text }, index) => {
    const { hex, written } = ours[index] as (typeof ours)[number];
    if (hex === lowered(theirs[index]) || (hex === undefined && refusedByUs.test(written))) return [];
    return [`${type} ${text}: BIND ${theirs[index] ?? 'refuses it'}, we: ${written}`];
  });
  assert.deepEqual(wrong, []);
});

/** Matches forms that rdata-forms.ts marks as different from BIND, and forms that each need a process of BIND. */
const differences = new RegExp(
  [
    String.raw`^(SOA|MD|MF) |[()]|\\$`,
    String.raw`^(X25|EUI48|EUI64) .*\\|^LOC .*[nsewM]|^NAPTR .*I|^WKS \S+ "?OSPF|^IPSECKEY \d+ \d+ 0+ \S+$`,
    String.raw`^RRSIG .* 00\d{10} |^SIG (?!.* \d{14} \d{14} )|^(SVCB|HTTPS) (.*\b[A-Z][A-Z0-9]*(=| |$)|.*\\[ ,].*)`,
  ].join('|'),
);
const refusedByUs =
  /is relative|a digest of type|must be 3$|bits set in its first|target: a name must not be in quotes|URI target: the text is empty|NAPTR flags/;

/**
 * Returns how we read the text: the octets in hex and our canonical form. If we refuse it, `hex` is undefined and
 * `written` is the reason.
 */
function readByUs(name: string, text: string): { hex: string | undefined; written: string } {
  try {
    const type = parseRecordType(name);
    const wire = parseRdata(type, text);
    const written = formatRdata(type, wire);
    assert.deepEqual(parseRdata(type, written), wire, `${name} ${text} is written as ${written}`);
    return { hex: lowered(Buffer.from(wire).toString('hex')), written };
  } catch (error) {
    if (error instanceof InvalidValue) return { hex: undefined, written: error.message };
    throw error;
  }
}

/** Returns the octets in hex, with letters in lower case, as we store names. */
function lowered(hex: string | undefined): string | undefined {
  if (hex === undefined) return undefined;
  const octets = Buffer.from(hex, 'hex').map((octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet));
  return Buffer.from(octets).toString('hex');
}
