// Use cases: a resolver of the company is added, changed or deleted.

import type { CompanyResolver } from '../../model/resolver.ts';
import { known } from '../../model/unknown.ts';
import { resolverKey, resolverValue } from '../../store/kinds/resolver.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import type { Decision, DecisionContext, Standing } from '../transaction/decision.ts';
import { standingSince, TransactionBuilder } from '../transaction/transaction-builder.ts';
import { existingResolver, needResolvers } from './existing-resolver.ts';

interface ResolverPut extends Standing {
  resolver: CompanyResolver;
  created: boolean;
}

/** Adds or replaces a resolver. Refuses with `precondition_failed` or `forbidden`. */
export function decidePutResolver(
  context: DecisionContext,
  resolver: CompanyResolver,
  precondition: Precondition,
): Decision<ResolverPut> {
  needResolvers(context);
  const key = resolverKey(known(resolver.name));
  const current = context.views.resolvers.get(resolver.name);
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => checkPrecondition(precondition, current && entityTag(current.modified)));
  const standing = current && resolverValue.encode(current.value);
  builder.put(key, resolverValue.encode(resolver), current?.modified, standing);
  return builder.build({ resolver, created: current === undefined, ...standingSince(builder, key, current) });
}

/** Deletes a resolver. Refuses with `not_found`, `precondition_failed` or `forbidden`. */
export function decideDeleteResolver(
  context: DecisionContext,
  name: string,
  precondition: Precondition,
): Decision<void> {
  needResolvers(context);
  const { modified } = existingResolver(context, name);
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => checkPrecondition(precondition, entityTag(modified)));
  return builder.delete(resolverKey(name), modified).build(undefined);
}
