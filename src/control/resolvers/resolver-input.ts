// Parses requests about resolvers of the company.

import { atField } from '../../errors.ts';
import { parseAddress } from '../../model/address.ts';
import type { CompanyResolver } from '../../model/resolver.ts';
import { parseAll } from '../input/refusals.ts';

/** A resolver as people write it. */
export interface ResolverInput {
  address: string;
  port?: number;
  kind: string;
}

export const defaultResolverPort = 53;

/** Refuses with `invalid_request`. */
export function parseResolverInput(name: string, { address, port, kind }: ResolverInput): CompanyResolver {
  const [parsed] = parseAll(() => atField('/address', () => parseAddress(address)));
  return { name, address: parsed, port: port ?? defaultResolverPort, kind };
}
