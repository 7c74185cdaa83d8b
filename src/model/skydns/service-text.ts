// Converts between the text of a SkyDNS value and the strings of a TXT record. CoreDNS resolves escapes (`\"`, `\009`)
// in the text, and splits a long text every 255 characters, counting escapes as written.

import { InvalidValue, unlessInvalid } from '../invalid-value.ts';
import { parseEscape } from '../name.ts';

const maxString = 255;

/** Returns the text for which CoreDNS answers a TXT record with this rdata. Throws InvalidValue if there is none. */
export function serviceText(rdata: Uint8Array): string {
  const strings = stringsIn(rdata);
  const isSplit = strings.slice(0, -1).every((one) => one.length === maxString);
  if (!isSplit) throw new InvalidValue('the SkyDNS layout has TXT records of one string, split after 255 octets only');
  const text = strings.map((octets) => [...octets].map(escaped).join('')).join('');
  if (text === '') throw new InvalidValue('the SkyDNS layout cannot have an empty TXT record');
  if (text.length >= maxString && text.includes('\\'))
    throw new InvalidValue(
      'the SkyDNS layout cannot have a TXT record with special characters that is as long as this one',
    );
  return text;
}

/** Returns the rdata of the TXT record of a text. Throws InvalidValue for a text that is too long. */
export function rdataOfText(text: string): Uint8Array {
  const octets = unescaped(text);
  const strings: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < octets.length; at += maxString) strings.push(octets.subarray(at, at + maxString));
  const rdata = strings.flatMap((one) => [one.length, ...one]);
  if (rdata.length > 0xffff) throw new InvalidValue('the text is longer than a TXT record can be');
  return Uint8Array.from(rdata);
}

function stringsIn(rdata: Uint8Array): Uint8Array[] {
  const strings: Uint8Array[] = [];
  for (let at = 0; at < rdata.length; at += 1 + (rdata[at] ?? 0))
    strings.push(rdata.subarray(at + 1, at + 1 + (rdata[at] ?? 0)));
  return strings;
}

function escaped(octet: number): string {
  if (octet === 0x5c) return '\\\\';
  if (octet >= 0x20 && octet <= 0x7e) return String.fromCharCode(octet);
  return `\\${String(octet).padStart(3, '0')}`;
}

/** Returns the octets that CoreDNS sends for the text. It sends a wrong escape as it is written. */
function unescaped(text: string): Uint8Array {
  const octets: number[] = [];
  const encoder = new TextEncoder();
  for (let at = 0; at < text.length; ) {
    const found = text[at] === '\\' ? unlessInvalid(() => parseEscape(text, at)) : undefined;
    if (found !== undefined) octets.push(found.octet);
    else octets.push(...encoder.encode(String.fromCodePoint(text.codePointAt(at) ?? 0)));
    at += found?.length ?? String.fromCodePoint(text.codePointAt(at) ?? 0).length;
  }
  return Uint8Array.from(octets);
}
