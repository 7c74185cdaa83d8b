// /v1/zones: zones and their settings. Their records: rrsets.ts.

import type { FastifyReply } from 'fastify';
import { accessOf } from '../../control/access/access.ts';
import { entityTag } from '../../control/input/precondition.ts';
import { checkReadOnly } from '../../control/input/read-only.ts';
import { parseAll } from '../../control/input/refusals.ts';
import { parseSearch } from '../../control/input/search.ts';
import { existingZone } from '../../control/reading/existing.ts';
import { zonePath } from '../../control/reading/resource-path.ts';
import type { Cleared } from '../../control/transaction/commit-by-force.ts';
import type { Committed, Decide } from '../../control/transaction/decision.ts';
import { decideClearZone, decideDeleteClearedZone, decideDeleteZone } from '../../control/zones/delete-zone.ts';
import { createReverseZone } from '../../control/zones/new-reverse-zone.ts';
import { decideCreateZone, decidePutZone, type ZonePut } from '../../control/zones/put-zone.ts';
import { deleteReturning } from '../../control/zones/return-ptrs.ts';
import {
  checkZoneInput,
  checkZonePatch,
  parseNewZone,
  parseZoneInput,
  parseZonePatch,
} from '../../control/zones/zone-input.ts';
import { atField, refuseField } from '../../errors.ts';
import { Type } from '../../model/json-schema.ts';
import { type Fqdn, parseName } from '../../model/name.ts';
import { serialAt } from '../../model/revision.ts';
import { isKnown } from '../../model/unknown.ts';
import type { Zone } from '../../model/zone.ts';
import { actorOf, askingOf } from '../auth.ts';
import { pageOf } from '../page.ts';
import { created, deleted, read, shown, written } from '../schemas/answers.ts';
import {
  idempotencyHeaders,
  listOf,
  NameText,
  pageQuery,
  readHeaders,
  searchQuery,
  strict,
  writeHeaders,
} from '../schemas/common.ts';
import { noLayout } from '../schemas/skydns-progress.ts';
import { showUnicodeName } from '../schemas/unicode-name.ts';
import { NewZone, PatchZone, PutZone, showZone, showZoneWarnings, WrittenZone, ZoneBody } from '../schemas/zone.ts';
import type { Routes } from '../services.ts';
import {
  commitByForceFor,
  commitFor,
  preconditionOf,
  sendResource,
  sendWritten,
  withBody,
  writtenAt,
} from '../write.ts';
import { zoneNameOf } from '../zone-path.ts';

const tags = ['zones'];
const params = strict({ zone: NameText });

export const zoneRoutes: Routes = async (app, services) => {
  const { views } = services;
  const show = (zone: Zone, serial = views.zones.serial(zone.name)) =>
    showZone(zone, serial, views.skydns.prefix === undefined ? noLayout : views.skydns.states.get(zone.name));

  const sendZone = (reply: FastifyReply, committed: Committed<ZonePut>) => {
    const { zone, created, warnings, standingSince } = committed.result;
    const body = show(zone, standingSince === undefined ? serialAt(committed.revision) : undefined);
    const withWarnings = { ...body, ...showZoneWarnings(warnings) };
    return sendWritten(reply, writtenAt(committed), created, zonePath(zone.name), withWarnings, (tag) =>
      withBody(tag, body),
    );
  };

  app.post(
    '/v1/zones',
    {
      schema: {
        operationId: 'createZone',
        tags,
        summary: 'Create a zone',
        headers: idempotencyHeaders,
        body: NewZone,
        refuses: ['already_exists', 'forwarder_conflict', 'skydns_unavailable', 'zone_conflict'],
        response: created(WrittenZone),
      },
    },
    async (request, reply) => {
      const wanted = parseNewZone(request.body);
      const committed = await createReverseZone({ ...services, logger: app.log }, wanted.name, (prepared) =>
        commitFor(services, request, reply, (context) => decideCreateZone(context, wanted, prepared)),
      );
      return sendZone(reply, committed);
    },
  );

  app.get(
    '/v1/zones',
    {
      schema: {
        operationId: 'listZones',
        tags,
        summary: 'List zones',
        querystring: strict({ ...pageQuery, ...searchQuery }),
        response: shown(listOf(ZoneBody)),
      },
    },
    async (request) => {
      const isWanted = parseSearch(request.query.search);
      const access = accessOf(askingOf(services, request));
      return pageOf(request.query, parseName, {
        items: (after) => views.zones.list(after),
        keyOf: ({ value }) => value.name,
        matches: ({ value }) => access.hasZone(value.name) && isWanted(value.name),
        show: ({ value }) => show(value),
      });
    },
  );

  app.get(
    '/v1/zones/:zone',
    {
      schema: {
        operationId: 'readZone',
        tags,
        summary: "Read a zone's settings",
        params,
        headers: readHeaders,
        refuses: ['not_found'],
        response: read(ZoneBody),
      },
    },
    async (request, reply) => {
      const { value, modified } = existingZone(askingOf(services, request), zoneNameOf(request.params.zone));
      const body = show(value);
      return sendResource(request, reply, withBody(entityTag(modified), body), body);
    },
  );

  app.put(
    '/v1/zones/:zone',
    {
      schema: {
        operationId: 'putZone',
        tags,
        summary: 'Create a zone, or replace its settings; its records stay',
        params,
        headers: writeHeaders,
        body: PutZone,
        refuses: ['forwarder_conflict', 'name_hidden', 'skydns_unavailable', 'zone_conflict'],
        response: { ...written(ZoneBody), ...created(WrittenZone) },
      },
    },
    async (request, reply) => {
      const { name: named, unicodeName, serial: _, skydnsProgress: __, ...input } = request.body;
      const [name] = parseAll(
        () => zoneNameOf(request.params.zone),
        () => checkZoneInput(input),
      );
      requireName(named, name);
      const change = {
        name,
        precondition: preconditionOf(request),
        change: (current: Zone | undefined) => {
          checkReadOnly({ unicodeName }, showUnicodeName(name));
          return parseZoneInput(name, input, current);
        },
      };
      const committed = await createReverseZone({ ...services, logger: app.log }, name, (prepared) =>
        commitFor(services, request, reply, (context) => decidePutZone(context, change, ':zone', prepared)),
      );
      return sendZone(reply, committed);
    },
  );

  app.patch(
    '/v1/zones/:zone',
    {
      schema: {
        operationId: 'patchZone',
        tags,
        summary: 'Change some settings of a zone (JSON merge patch)',
        params,
        headers: writeHeaders,
        body: PatchZone,
        refuses: ['name_hidden', 'not_found', 'skydns_unavailable', 'zone_conflict'],
        response: written(ZoneBody),
      },
    },
    async (request, reply) => {
      const { name: named, unicodeName, serial: _, skydnsProgress: __, ...patch } = request.body;
      const [name] = parseAll(
        () => zoneNameOf(request.params.zone),
        () => checkZonePatch(patch),
      );
      const asking = askingOf(services, request);
      requireName(named, name);
      const change = {
        name,
        precondition: preconditionOf(request),
        change: (current: Zone | undefined) => {
          checkReadOnly({ unicodeName }, showUnicodeName(name));
          return parseZonePatch(current ?? existingZone(asking, name).value, patch);
        },
      };
      const committed = await commitFor(services, request, reply, (context) => decidePutZone(context, change));
      return sendZone(reply, committed);
    },
  );

  app.delete(
    '/v1/zones/:zone',
    {
      schema: {
        operationId: 'deleteZone',
        tags,
        summary: 'Delete a zone with its records',
        params,
        headers: writeHeaders,
        querystring: strict({ force: Type.Optional(Type.Boolean({ description: 'Deletes its hosts too' })) }),
        refuses: ['not_found', 'zone_in_use'],
        response: deleted,
      },
    },
    async (request, reply) => {
      const name = zoneNameOf(request.params.zone);
      const precondition = preconditionOf(request);
      await deleteReturning({ ...services, logger: app.log }, actorOf(request), name, async () => {
        if (!request.query.force)
          return commitFor(services, request, reply, (context) => decideDeleteZone(context, { name, precondition }));
        const clear: Decide<Cleared> = (context) => decideClearZone(context, { name, precondition });
        const decide: Decide<void> = (context) => decideDeleteClearedZone(context, { name, precondition });
        return commitByForceFor(services, request, reply, clear, decide);
      });
      return reply.status(204).send(null);
    },
  );
};

/** Refuses a body whose name differs from the name in the path. */
function requireName(named: unknown, name: Fqdn): void {
  if (typeof named !== 'string' || atField('/name', () => parseName(named)) === name || !isKnown(name)) return;
  refuseField('invalid_request', '/name', 'is not the name in the path: a zone cannot be renamed');
}
