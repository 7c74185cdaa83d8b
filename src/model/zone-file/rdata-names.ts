// Finds the domain names in rdata. Makes names in zone files absolute, because they may be relative to `$ORIGIN`.

import { type Fqdn, isAbsolute, root } from '../name.ts';
import { fieldsOf, type RecordType } from '../rdata/record-types.ts';

/** Types whose names are not always at the same positions: each function finds the positions in the tokens. */
const special: Readonly<Record<string, (tokens: readonly string[]) => readonly number[]>> = {
  A6: (tokens) => (Number(tokens[0]) === 0 ? [] : [tokens.length - 1]),
  IPSECKEY: (tokens) => (Number(tokens[1]) === 3 ? [3] : []),
  // The texts before the name may be joined in one token.
  NAPTR: (tokens) => [tokens.length - 1],
  HIP: (tokens) => tokens.map((_, index) => index).slice(3),
  AMTRELAY: (tokens) => (Number(tokens[2]) === 3 ? [3] : []),
};

/** A cache: the positions of names in the fields of the other types. Every field before a name is one token. */
const positions = new Map<RecordType, readonly number[]>();

function positionsOf(type: RecordType, tokens: readonly string[]): readonly number[] {
  const known = special[type]?.(tokens) ?? positions.get(type);
  if (known !== undefined) return known;
  const kinds = Object.values(fieldsOf(type) ?? {});
  const found = kinds.flatMap((kind, index) => (kind === 'name' || kind === 'signer' ? [index] : []));
  positions.set(type, found);
  return found;
}

function absoluteName(token: string, origin: Fqdn): string {
  const suffix = origin === root ? '.' : `.${origin}.`;
  if (token === '@') return origin === root ? '.' : `${origin}.`;
  return isAbsolute(token) ? token : token + suffix;
}

/** Makes every name in the rdata's tokens absolute. Changes and returns `tokens`. */
export function withAbsoluteNames(type: RecordType, tokens: string[], origin: Fqdn): string[] {
  if (tokens[0] === '\\#') return tokens;
  for (const position of positionsOf(type, tokens)) {
    const token = tokens[position];
    if (token !== undefined && !token.startsWith('"')) tokens[position] = absoluteName(token, origin);
  }
  return tokens;
}

/** Returns the names in a canonical record, each with its last dot. */
export function namesIn(type: RecordType, record: string): string[] {
  if (record.startsWith('\\#')) return [];
  const tokens = record.split(' ');
  return positionsOf(type, tokens).flatMap((position) => tokens[position] ?? []);
}
