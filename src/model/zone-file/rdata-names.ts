// Domain names in the rdata of zone files may be relative to `$ORIGIN`: which tokens they are, type by type, and how they become absolute.

import { type Fqdn, isAbsolute, root } from '../name.ts';
import { fieldsOf, type RecordType } from '../rdata/record-types.ts';

/** Where the position of names hangs on other tokens. */
const special: Readonly<Record<string, (tokens: readonly string[]) => readonly number[]>> = {
  A6: (tokens) => (Number(tokens[0]) === 0 ? [] : [tokens.length - 1]),
  IPSECKEY: (tokens) => (Number(tokens[1]) === 3 ? [3] : []),
  // The texts before it may stand together as one token.
  NAPTR: (tokens) => [tokens.length - 1],
  HIP: (tokens) => tokens.map((_, index) => index).slice(3),
  AMTRELAY: (tokens) => (Number(tokens[2]) === 3 ? [3] : []),
};

/** The positions of names, as the table of types has its fields: each that stands before a name is one token. */
const positions = new Map<RecordType, readonly number[]>();

function positionsOf(type: RecordType, tokens: readonly string[]): readonly number[] {
  const known = special[type]?.(tokens) ?? positions.get(type);
  if (known !== undefined) return known;
  const kinds = Object.values(fieldsOf(type) ?? {});
  const found = kinds.flatMap((kind, index) => (kind === 'name' || kind === 'signer' ? [index] : []));
  positions.set(type, found);
  return found;
}

/** A name token as an absolute name's text. */
function absoluteName(token: string, origin: Fqdn): string {
  const suffix = origin === root ? '.' : `.${origin}.`;
  if (token === '@') return origin === root ? '.' : `${origin}.`;
  return isAbsolute(token) ? token : token + suffix;
}

/** The rdata's tokens with every name absolute. */
export function withAbsoluteNames(type: RecordType, tokens: string[], origin: Fqdn): string[] {
  if (tokens[0] === '\\#') return tokens;
  for (const position of positionsOf(type, tokens)) {
    const token = tokens[position];
    if (token !== undefined && !token.startsWith('"')) tokens[position] = absoluteName(token, origin);
  }
  return tokens;
}
