// International names: Unicode labels become A-labels (`xn--…`, RFC 5890 §2.3.2.1) and back, by UTS 46 without
// transitional mappings, label by label. DNS and the store have only A-labels. The tables of UTS 46 are loaded with the
// first name that needs them, so that a start does not read them.

import { createRequire } from 'node:module';
import { InvalidValue } from './invalid-value.ts';

/** The functions of tr46 that are used here. They have no types of their own. */
interface Uts46 {
  toASCII(label: string, options: object): string | null;
  toUnicode(label: string, options: object): { domain: string; error: boolean };
}

const options = {
  checkBidi: true,
  checkHyphens: true,
  checkJoiners: true,
  // `_` and `*` are allowed: aLabel is checked by itself.
  useSTD3ASCIIRules: false,
  transitionalProcessing: false,
};
const outsideAscii = /[^\0-\x7f]/;
const asciiLabel = /^[a-z0-9_*-]+$/;
/** A label, with its escapes: dots that are not escaped separate labels. */
const labels = /(?:\\.|[^.\\])+/gs;
/** Other full stops, which UTS 46 maps to a dot. */
const otherDots = /[\u3002\uff0e\uff61]/g;
/** The characters of a name that are converted. Of names in ASCII, a longer one never has a valid length. */
const maxCharacters = 1024;
const maxLabel = 63;

const require = createRequire(import.meta.url);
let loaded: Uts46 | undefined;

function uts46(): Uts46 {
  loaded ??= require('tr46') as Uts46;
  return loaded;
}

/** Returns whether a text has characters that a name in DNS cannot have. */
export function isInternational(text: string): boolean {
  return outsideAscii.test(text);
}

/** Returns the name with an A-label in place of each label that is not in ASCII. Throws InvalidValue. */
export function withALabels(name: string): string {
  if (name.length > maxCharacters) throw new InvalidValue(`a name has at most ${maxCharacters} characters`);
  return name.replace(otherDots, '.').replace(labels, (label) => (isInternational(label) ? aLabelOf(label) : label));
}

function aLabelOf(label: string): string {
  if (label.includes('\\'))
    throw new InvalidValue(`'${label}' has an escape beside characters outside ASCII: write the label as xn--…`);
  const aLabel = uts46().toASCII(label, options);
  if (aLabel === null || !asciiLabel.test(aLabel))
    throw new InvalidValue(`'${label}' is not a label of an international name (UTS 46)`);
  if (aLabel.length > maxLabel)
    throw new InvalidValue(
      `'${label}' is a label of ${aLabel.length} octets (${aLabel}); at most ${maxLabel} are allowed`,
    );
  return aLabel;
}

/**
 * Returns the name with the Unicode label in place of each A-label; undefined if it has none. An A-label whose Unicode
 * label would not become that A-label again stays.
 */
export function unicodeNameOf(name: string): string | undefined {
  if (!name.includes('xn--')) return undefined;
  const unicodeName = name.replace(labels, (label) => (label.startsWith('xn--') ? uLabelOf(label) : label));
  return unicodeName === name ? undefined : unicodeName;
}

function uLabelOf(aLabel: string): string {
  if (!asciiLabel.test(aLabel)) return aLabel;
  const { domain, error } = uts46().toUnicode(aLabel, options);
  return !error && uts46().toASCII(domain, options) === aLabel ? domain : aLabel;
}
