// International names: converts Unicode labels to A-labels (`xn--…`, RFC 5890 §2.3.2.1) and back, by UTS 46 without
// transitional mappings, label by label. DNS and the store have only A-labels. The tables of UTS 46 are loaded when a
// name first needs them, so that a start does not read them.

import { createRequire } from 'node:module';
import { domainToASCII, domainToUnicode } from 'node:url';
import { InvalidValue } from './invalid-value.ts';

/** The function of tr46 that is used here. The package has no types. */
interface Uts46 {
  toASCII(label: string, options: object): string | null;
}

const options = {
  checkBidi: true,
  checkHyphens: true,
  checkJoiners: true,
  // `_` and `*` must be allowed. aLabelOf makes the other checks.
  useSTD3ASCIIRules: false,
  transitionalProcessing: false,
};
const outsideAscii = /[^\0-\x7f]/;
const asciiLabel = /^[a-z0-9_*-]+$/;
/** Matches a label with its escapes. Dots that are not escaped separate labels. */
const labels = /(?:\\.|[^.\\])+/gs;
/** Matches the other full stops that UTS 46 maps to a dot. */
const otherDots = /[\u3002\uff0e\uff61]/g;
/** The limit for the characters of a name before its conversion. An ASCII name with more is too long in any case. */
const maxCharacters = 1024;
const maxLabel = 63;
const maxRemembered = 4096;

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
  return name.replace(otherDots, '.').replace(labels, (label) => (isInternational(label) ? aLabels.of(label) : label));
}

/** Throws InvalidValue for a mailbox outside ASCII: its A-label would name another mailbox. */
export function refuseInternationalMailbox(local: string): never {
  throw new InvalidValue(`'${local}' is before the @ of an e-mail address: DNS can name only a mailbox in ASCII`);
}

function aLabelOf(label: string): string {
  if (label.includes('@')) refuseInternationalMailbox(label.slice(0, label.lastIndexOf('@')));
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
 * Returns the name with Unicode labels in place of A-labels; undefined if it has no A-labels. Keeps an A-label whose
 * Unicode label would not convert back to it.
 */
export function unicodeNameOf(name: string): string | undefined {
  if (!name.includes('xn--')) return undefined;
  const unicodeName = name.replace(labels, (label) => (label.startsWith('xn--') ? uLabels.of(label) : label));
  return unicodeName === name ? undefined : unicodeName;
}

/**
 * Returns the Unicode label of an A-label, or the A-label itself if the Unicode label does not convert back. Uses
 * functions of Node, because they are many times faster than tr46.
 */
function uLabelOf(aLabel: string): string {
  if (!asciiLabel.test(aLabel)) return aLabel;
  const uLabel = domainToUnicode(aLabel);
  const hasHyphensInside = !/^-|-$|^..--/u.test(uLabel);
  return hasHyphensInside && domainToASCII(uLabel) === aLabel ? uLabel : aLabel;
}

/** Converts labels. Remembers up to `maxRemembered` results, because the names of one zone share labels. */
class Labels {
  readonly #convert: (label: string) => string;
  readonly #known = new Map<string, string>();

  constructor(convert: (label: string) => string) {
    this.#convert = convert;
  }

  of(label: string): string {
    const known = this.#known.get(label);
    if (known !== undefined) return known;
    const converted = this.#convert(label);
    if (this.#known.size === maxRemembered) this.#known.clear();
    if (label.length <= maxLabel) this.#known.set(label, converted);
    return converted;
  }
}

const aLabels = new Labels(aLabelOf);
const uLabels = new Labels(uLabelOf);
