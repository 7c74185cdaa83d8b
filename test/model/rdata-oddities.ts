// Turns valid samples into odd notation: other ways in which people and programs write the same record, and mistakes.

import fc from 'fast-check';
import { goodSamples } from './rdata-samples.ts';

type Oddity = (token: string, at: number) => string;

const bare = (token: string): boolean => !token.startsWith('"') && token !== '\\#';

const oddities: Readonly<Record<string, Oddity>> = {
  upper: (token) => token.toUpperCase(),
  lower: (token) => token.toLowerCase(),
  zeros: (token) => token.replace(/^(?=\d)/, '00'),
  point: (token) => token.replace(/^(\d+)$/, '$1.'),
  hex: (token) => token.replace(/^\d+$/, (digits) => `0x${Number(digits).toString(16)}`),
  duration: (token) => token.replace(/^\d+$/, (digits) => `${digits}s`),
  quoted: (token) => (bare(token) ? `"${token}"` : token),
  unquoted: (token) => token.replace(/^"([^\\" ;()]+)"$/, '$1'),
  halfQuoted: (token, at) => (bare(token) ? `${token.slice(0, at)}"${token.slice(at)}"` : token),
  split: (token, at) => (bare(token) ? `${token.slice(0, at)} ${token.slice(at)}` : token),
  escaped: (token, at) => token.replace(/^([^\\]*)$/, (text) => escapeAt(text, at, (c) => `\\${c}`)),
  decimal: (token, at) =>
    token.replace(/^([^\\]*)$/, (text) => escapeAt(text, at, (c) => `\\${String(c.charCodeAt(0)).padStart(3, '0')}`)),
  twice: (token) => `${token} ${token}`,
  gone: () => '',
};

function escapeAt(text: string, at: number, write: (character: string) => string): string {
  const character = text[at] ?? '';
  return /[\w.,:;!=-]/.test(character) ? text.slice(0, at) + write(character) + text.slice(at + 1) : text;
}

export const oddForm: fc.Arbitrary<{ type: string; text: string }> = fc
  .tuple(
    fc.constantFrom(...goodSamples.filter(({ ours }) => !ours)),
    fc.array(fc.tuple(fc.nat(30), fc.constantFrom(...Object.values(oddities)), fc.nat(40)), {
      minLength: 1,
      maxLength: 2,
    }),
  )
  .map(([{ type, text }, edits]) => {
    const tokens = text.match(/(?:[^\s"\\]|\\.|"(?:[^"\\]|\\.)*")+/g) ?? [];
    for (const [position, oddity, at] of edits) {
      const index = position % tokens.length;
      const token = tokens[index] as string;
      tokens[index] = oddity(token, at % (token.length + 1));
    }
    return { type, text: tokens.join(' ') };
  });
