// /v1/resolvers: the resolvers of the company that operators may verify. The verification: forwarding.ts.

import { entityTag } from '../../control/input/precondition.ts';
import { checkReadOnly } from '../../control/input/read-only.ts';
import { existingResolver } from '../../control/resolvers/existing-resolver.ts';
import { decideDeleteResolver, decidePutResolver } from '../../control/resolvers/put-resolver.ts';
import { parseResolverInput } from '../../control/resolvers/resolver-input.ts';
import { askingOf } from '../auth.ts';
import { pageOf } from '../page.ts';
import { created, deleted, read, shown, written } from '../schemas/answers.ts';
import { LabelText, listOf, pageQuery, readHeaders, strict, writeHeaders } from '../schemas/common.ts';
import { PutResolver, ResolverBody } from '../schemas/resolver.ts';
import type { Routes } from '../services.ts';
import { commitFor, preconditionOf, sendResource, sendWritten, withBody, writtenAt } from '../write.ts';

const tags = ['forwarding'];
const params = strict({ name: LabelText });

export const resolverRoutes: Routes = async (app, services) => {
  const { views } = services;

  app.get(
    '/v1/resolvers',
    {
      schema: {
        operationId: 'listResolvers',
        tags,
        summary: 'List the resolvers of the company',
        querystring: strict(pageQuery),
        response: shown(listOf(ResolverBody)),
      },
    },
    async ({ query }) => {
      const resolvers = [...views.resolvers.values()]
        .map(({ value }) => value)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      return pageOf(query, String, {
        items: (after) => resolvers.filter(({ name }) => after === undefined || name > after),
        keyOf: ({ name }) => name,
        show: (resolver) => resolver,
      });
    },
  );

  app.put(
    '/v1/resolvers/:name',
    {
      schema: {
        operationId: 'putResolver',
        tags,
        summary: 'Add or replace a resolver of the company',
        params,
        headers: writeHeaders,
        body: PutResolver,
        response: { ...created(ResolverBody), ...written(ResolverBody) },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { name: shownName, ...input } = request.body;
      checkReadOnly({ name: shownName }, { name });
      const resolver = parseResolverInput(name, input);
      const precondition = preconditionOf(request);
      const committed = await commitFor(services, request, reply, (context) =>
        decidePutResolver(context, resolver, precondition),
      );
      const { created: isNew, resolver: put } = committed.result;
      return sendWritten(reply, writtenAt(committed), isNew, `/v1/resolvers/${name}`, put, withBody);
    },
  );

  app.get(
    '/v1/resolvers/:name',
    {
      schema: {
        operationId: 'readResolver',
        tags,
        summary: 'Read a resolver of the company',
        params,
        headers: readHeaders,
        refuses: ['not_found'],
        response: read(ResolverBody),
      },
    },
    async (request, reply) => {
      const { value, modified } = existingResolver(askingOf(services, request), request.params.name);
      return sendResource(request, reply, withBody(entityTag(modified), value), value);
    },
  );

  app.delete(
    '/v1/resolvers/:name',
    {
      schema: {
        operationId: 'deleteResolver',
        tags,
        summary: 'Delete a resolver of the company',
        params,
        headers: writeHeaders,
        refuses: ['not_found'],
        response: deleted,
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const precondition = preconditionOf(request);
      await commitFor(services, request, reply, (context) => decideDeleteResolver(context, name, precondition));
      return reply.status(204).send(null);
    },
  );
};
