// Domain names in the rdata of zone files may be relative to `$ORIGIN`: which tokens they are, type by type, and how they become absolute.

import { type Fqdn, isAbsolute, root } from '../name.ts';

/** The positions of names; a function where other tokens decide. Types without a row have none. */
const positions: Readonly<Record<string, readonly number[] | ((tokens: readonly string[]) => readonly number[])>> = {
  NS: [0],
  MD: [0],
  MF: [0],
  CNAME: [0],
  SOA: [0, 1],
  MB: [0],
  MG: [0],
  MR: [0],
  PTR: [0],
  MINFO: [0, 1],
  MX: [1],
  RP: [0, 1],
  AFSDB: [1],
  RT: [1],
  'NSAP-PTR': [0],
  SIG: [7],
  PX: [1, 2],
  NXT: [0],
  SRV: [3],
  NAPTR: [5],
  KX: [1],
  A6: (tokens) => (tokens[0] === '0' ? [] : [tokens.length - 1]),
  DNAME: [0],
  IPSECKEY: (tokens) => (tokens[1] === '3' ? [3] : []),
  RRSIG: [7],
  NSEC: [0],
  HIP: (tokens) => tokens.map((_, index) => index).slice(3),
  TALINK: [0, 1],
  SVCB: [1],
  HTTPS: [1],
  LP: [1],
  DSYNC: [3],
  AMTRELAY: (tokens) => (tokens[2] === '3' ? [3] : []),
};

/** A name token as an absolute name's text. */
export function absoluteName(token: string, origin: Fqdn): string {
  const suffix = origin === root ? '.' : `.${origin}.`;
  if (token === '@') return origin === root ? '.' : `${origin}.`;
  return isAbsolute(token) ? token : token + suffix;
}

/** The rdata's tokens with every name absolute. */
export function withAbsoluteNames(type: string, tokens: string[], origin: Fqdn): string[] {
  const row = positions[type];
  if (row === undefined || tokens[0] === '\\#') return tokens;
  for (const position of typeof row === 'function' ? row(tokens) : row) {
    const token = tokens[position];
    if (token !== undefined && !token.startsWith('"')) tokens[position] = absoluteName(token, origin);
  }
  return tokens;
}
