// Parses requests about resolvers of the company.

import { atField } from '../../errors.ts';
import { type Address, parseAddress } from '../../model/address.ts';
import { isEndpoint } from '../../model/endpoint.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import type { CompanyResolver } from '../../model/resolver.ts';
import { parseAll } from '../input/refusals.ts';

/** A resolver as people write it. */
export interface ResolverInput {
  address: string;
  port?: number;
  kind: string;
}

const defaultResolverPort = 53;

/** Returns the resolver that the input asks for. Refuses with `invalid_request`. */
export function parseResolverInput(name: string, { address, port, kind }: ResolverInput): CompanyResolver {
  const [parsed] = parseAll(() => atField('/address', () => parseResolverAddress(address)));
  return { name, address: parsed, port: port ?? defaultResolverPort, kind };
}

function parseResolverAddress(text: string): Address {
  if (isEndpoint(text)) throw new InvalidValue(`'${text}' has a port: write it into the field 'port'`);
  return parseAddress(text);
}
