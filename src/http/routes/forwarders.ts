// /v1/forwarders: zones of other servers, to which this service forwards the questions. The opposite direction,
// resolvers that forward our zones to us: forwarding.ts.

import { decideEmptyCache } from '../../control/forwarders/empty-cache.ts';
import { existingForwarder } from '../../control/forwarders/existing-forwarder.ts';
import { parseForwarderInput, parseForwarderZone } from '../../control/forwarders/forwarder-input.ts';
import { decideDeleteForwarder, decidePutForwarder } from '../../control/forwarders/put-forwarder.ts';
import { entityTag } from '../../control/input/precondition.ts';
import { checkReadOnly } from '../../control/input/read-only.ts';
import { parseAll } from '../../control/input/refusals.ts';
import { parseSearch } from '../../control/input/search.ts';
import { forwarderPath } from '../../control/reading/resource-path.ts';
import { atField, Refusal, refuseField } from '../../errors.ts';
import { Type } from '../../model/json-schema.ts';
import { type Fqdn, isWithin, parseName } from '../../model/name.ts';
import { isKnown } from '../../model/unknown.ts';
import { askingOf } from '../auth.ts';
import { pageOf } from '../page.ts';
import { created, deleted, read, shown, written } from '../schemas/answers.ts';
import { listOf, NameText, pageQuery, readHeaders, searchQuery, strict, writeHeaders } from '../schemas/common.ts';
import {
  CachedAnswers,
  ForwarderBody,
  PutForwarder,
  showCachedAnswer,
  showForwarder,
  showState,
} from '../schemas/forwarder.ts';
import { showUnicodeName } from '../schemas/unicode-name.ts';
import type { Routes } from '../services.ts';
import { commitFor, preconditionOf, sendResource, sendWritten, withBody, writtenAt } from '../write.ts';

const tags = ['forwarders'];
const params = strict({ zone: NameText });
const NameInQuery = Type.Optional(NameText);

export const forwarderRoutes: Routes = async (app, services) => {
  const { views } = services;

  app.get(
    '/v1/forwarders',
    {
      schema: {
        operationId: 'listForwarders',
        tags,
        summary: 'List the forwarders',
        querystring: strict({ ...pageQuery, ...searchQuery }),
        response: shown(listOf(ForwarderBody)),
      },
    },
    async ({ query }) => {
      const isWanted = parseSearch(query.search);
      return pageOf(query, parseName, {
        items: (after) => views.forwarders.list(after),
        keyOf: ({ value }) => value.zone,
        matches: ({ value }) => isWanted(value.zone),
        show: ({ value }) => showForwarder(value),
      });
    },
  );

  app.put(
    '/v1/forwarders/:zone',
    {
      schema: {
        operationId: 'putForwarder',
        tags,
        summary: 'Add or replace a forwarder',
        params,
        headers: writeHeaders,
        body: PutForwarder,
        refuses: ['forwarder_conflict', 'forwarder_loop', 'managed_record'],
        response: { ...created(ForwarderBody), ...written(ForwarderBody) },
      },
    },
    async (request, reply) => {
      const {
        zone: named,
        unicodeName,
        managedBy: _,
        stubZoneOf: __,
        upstreams: ___,
        cache: ____,
        ...input
      } = request.body;
      const forwarder = parseForwarderInput(request.params.zone, input);
      const { zone } = forwarder;
      if (isKnown(zone)) checkReadOnly({ zone: named, unicodeName }, { zone, ...showUnicodeName(zone) });
      const precondition = preconditionOf(request);
      const committed = await commitFor(services, request, reply, (context) =>
        decidePutForwarder(context, forwarder, precondition, services.isListener),
      );
      const { created: isNew, forwarder: put } = committed.result;
      return sendWritten(reply, writtenAt(committed), isNew, forwarderPath(zone), showForwarder(put), withBody);
    },
  );

  app.get(
    '/v1/forwarders/:zone',
    {
      schema: {
        operationId: 'readForwarder',
        tags,
        summary: 'Read a forwarder, with the health of its targets',
        params,
        headers: readHeaders,
        refuses: ['not_found'],
        response: read(ForwarderBody),
      },
    },
    async (request, reply) => {
      const zone = parseForwarderZone(request.params.zone);
      const { value, modified } = existingForwarder(askingOf(services, request), zone);
      const body = { ...showForwarder(value), ...showState(value, await services.forwarders?.state(zone)) };
      return sendResource(request, reply, withBody(entityTag(modified), body), body);
    },
  );

  app.delete(
    '/v1/forwarders/:zone',
    {
      schema: {
        operationId: 'deleteForwarder',
        tags,
        summary: 'Delete a forwarder',
        params,
        headers: writeHeaders,
        refuses: ['managed_record', 'not_found'],
        response: deleted,
      },
    },
    async (request, reply) => {
      const zone = parseForwarderZone(request.params.zone);
      const precondition = preconditionOf(request);
      await commitFor(services, request, reply, (context) => decideDeleteForwarder(context, zone, precondition));
      return reply.status(204).send(null);
    },
  );

  app.get(
    '/v1/forwarders/:zone/cache',
    {
      schema: {
        operationId: 'listCachedAnswers',
        tags,
        summary: 'List answers in the cache of a forwarder, at the replica that you ask',
        params,
        querystring: strict({ name: NameInQuery }),
        refuses: ['not_found', 'outside_zone'],
        response: shown(CachedAnswers),
      },
    },
    async (request) => {
      const [zone, wanted] = parseCacheQuery(request.params.zone, request.query.name);
      existingForwarder(askingOf(services, request), zone);
      const items = (await services.forwarders?.answers(zone, wanted)) ?? [];
      return { items: items.map(showCachedAnswer) };
    },
  );

  app.delete(
    '/v1/forwarders/:zone/cache',
    {
      schema: {
        operationId: 'emptyForwarderCache',
        tags,
        summary: 'Empty the cache of a forwarder, at every replica',
        params,
        querystring: strict({ name: NameInQuery }),
        refuses: ['not_found', 'outside_zone'],
        response: deleted,
      },
    },
    async (request, reply) => {
      const [zone, wanted] = parseCacheQuery(request.params.zone, request.query.name);
      existingForwarder(askingOf(services, request), zone);
      const emptyHere = async () => services.forwarders?.emptyCache(zone, wanted);
      try {
        await commitFor(services, request, reply, (context) => decideEmptyCache(context, zone, wanted));
      } catch (error) {
        // This replica empties its cache even if the others cannot be told.
        const isRefused = request.isTrial || (error instanceof Refusal && error.status < 500);
        if (isRefused) throw error;
        await emptyHere();
        throw error instanceof Refusal && error.code === 'store_unavailable' ? emptiedOnlyHere(zone) : error;
      }
      // The watch also tells the thread that forwards. This call returns when that thread has emptied its cache.
      await emptyHere();
      return reply.status(204).send(null);
    },
  );
};

/** Returns the refusal if this replica has emptied its cache, but the store has not told the others. */
function emptiedOnlyHere(zone: Fqdn): Refusal {
  return new Refusal(
    'store_unavailable',
    `this replica has emptied its cache of ${zone}, but the others may still have theirs, since the store did not confirm the order: try again later`,
  );
}

/** Returns the zone, and the name if one was given. Refuses with `outside_zone` a name outside the zone. */
function parseCacheQuery(zoneText: string, name: string | undefined) {
  const parsed = parseAll(
    () => parseForwarderZone(zoneText),
    () => (name === undefined ? undefined : atField('?name', () => parseName(name))),
  );
  const [zone, wanted] = parsed;
  if (wanted !== undefined && !isWithin(wanted, zone)) {
    const message = `${wanted} is not in the forwarded zone ${zone}: write the whole name, such as www.${zone}`;
    refuseField('outside_zone', '?name', message);
  }
  return parsed;
}
