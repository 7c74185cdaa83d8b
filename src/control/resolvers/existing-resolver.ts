// Returns a resolver of the company that a request names. Every token may see resolvers. Only an admin without a scope
// may change them, because this service sends queries to them.

import { refuse } from '../../errors.ts';
import type { CompanyResolver } from '../../model/resolver.ts';
import type { Versioned } from '../../views/versioned.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';

/** Returns the resolver. Refuses with `not_found`. `path`: the parameter that names the resolver. */
export function existingResolver({ views }: Asking, name: string, path = ':name'): Versioned<CompanyResolver> {
  const message = `there is no resolver '${name}': an admin can add it (PUT /v1/resolvers/${name})`;
  return views.resolvers.get(name) ?? refuse('not_found', message, { resolver: name }, path);
}

/** Refuses with `forbidden` a token that may not change resolvers. */
export function needResolvers(asking: Asking): void {
  accessOf(asking).needAdmin('managing resolvers');
}
