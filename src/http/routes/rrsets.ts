// /v1/zones/{zone}/rrsets: the records of a zone.

import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { accessOf } from '../../control/access/access.ts';
import { entityTag } from '../../control/input/precondition.ts';
import { parseAll, Refusals } from '../../control/input/refusals.ts';
import { parseSearch } from '../../control/input/search.ts';
import { existingZone } from '../../control/reading/existing.ts';
import { rrsetPath } from '../../control/reading/resource-path.ts';
import { decideChangeRrsets, refuseMissing } from '../../control/zones/change-rrsets.ts';
import { countRrsets, listRrsets, type RrsetPosition, servedRrsetsAt } from '../../control/zones/list-rrsets.ts';
import {
  parseOwner,
  parseRrsetList,
  parseRrsetPlace,
  parseRrsetPut,
  parseTypeAt,
} from '../../control/zones/rrset-input.ts';
import { rrsetTag } from '../../control/zones/rrset-tag.ts';
import { refuse } from '../../errors.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import { Type } from '../../model/json-schema.ts';
import { type Fqdn, formatRelativeName, root } from '../../model/name.ts';
import type { OwnedRrset } from '../../model/rrset.ts';
import { known, unknownValue } from '../../model/unknown.ts';
import type { Zone } from '../../model/zone.ts';
import { askingOf } from '../auth.ts';
import { decodeCursor, encodeCursor, limitOf } from '../page.ts';
import { created, deletedWith, read, written, writtenTogether } from '../schemas/answers.ts';
import { listOf, NameText, pageQuery, readHeaders, searchQuery, strict, writeHeaders } from '../schemas/common.ts';
import {
  DeletedWithWarnings,
  PatchRrsets,
  PutRrset,
  RrsetBody,
  showRrset,
  showWarnings,
  WrittenRrset,
  WrittenRrsets,
} from '../schemas/zone.ts';
import type { Routes } from '../services.ts';
import { commitFor, preconditionOf, sendDeleted, sendResource, withBody } from '../write.ts';
import { zoneNameOf } from '../zone-path.ts';

const tags = ['rrsets'];
const refusals = [
  'cname_conflict',
  'managed_record',
  'name_hidden',
  'not_found',
  'outside_zone',
  'record_invalid',
  'skydns_unfit',
] as const;
const RrsetPage = listOf(RrsetBody);
const zoneParams = strict({ zone: NameText });
const params = strict({
  zone: NameText,
  name: Type.String({ maxLength: 1024, format: 'relative-name' }),
  type: Type.String({ maxLength: 20, format: 'record-type' }),
});

export const rrsetRoutes: Routes = async (app, services) => {
  const { store, views } = services;

  /**
   * Returns the zone, and the result of `parse` for its name. If there is no such zone, the refusal also has the faults
   * that the rest of the request would have in any zone.
   */
  const inZone = async <T>(
    request: FastifyRequest,
    text: string,
    parse: (zone: Fqdn) => T | Promise<T>,
  ): Promise<[zone: Zone, parsed: T]> => {
    const refusals = new Refusals();
    const zone = refusals.try(() => existingZone(askingOf(services, request), zoneNameOf(text)).value);
    const parsed = await refusals.tryLater(async () => parse(zone?.name ?? root));
    refusals.throwIfAny();
    return [known(zone ?? unknownValue), known(parsed ?? unknownValue)] as [Zone, T];
  };

  app.get(
    '/v1/zones/:zone/rrsets',
    {
      schema: {
        operationId: 'listRRsets',
        tags,
        summary: "List a zone's RRsets",
        params: zoneParams,
        querystring: strict({
          ...pageQuery,
          ...searchQuery,
          type: Type.Optional(Type.String({ maxLength: 20, format: 'record-type' })),
          name: Type.Optional(
            Type.String({
              maxLength: 1024,
              format: 'relative-name',
              description:
                'Relative to the zone; `@` is the apex. All RRsets of one name come in one answer, so `limit` ' +
                'and `cursor` then have no effect',
            }),
          ),
        }),
        refuses: ['not_found', 'outside_zone'],
        headers: readHeaders,
        response: read(RrsetPage),
      },
    },
    async (request, reply) => {
      const { search, total } = request.query;
      const [zone, { type, owner, from }] = await inZone(request, request.params.zone, (name) =>
        parseQuery(name, request.query),
      );
      const access = accessOf(askingOf(services, request));
      // Taken before the list is read: if the zone changes meanwhile, a write with this tag is refused.
      const tag = entityTag(views.zones.changedAt(zone.name));
      const send = (body: Static<typeof RrsetPage>) => sendResource(request, reply, withBody(tag, body), body);
      const isWanted = parseSearch(search);
      const matches = ({ owner, rrset }: OwnedRrset) =>
        access.hasRrset(owner, rrset) &&
        (type === undefined || rrset.type === type) &&
        isWanted(formatRelativeName(owner, zone.name));
      if (owner !== undefined) {
        const all = servedRrsetsAt(views, zone, owner).filter((rrset) => matches({ owner, rrset }));
        const items = all.map((rrset) => showRrset(zone.name, owner, rrset));
        return send({ items, nextCursor: null, ...(total === true && { total: items.length }) });
      }
      const filter = type === undefined && search === undefined && !access.hasOwner ? undefined : matches;
      const wanted = { from, limit: limitOf(request.query), matches: filter };
      const { rrsets, next } = await listRrsets(store, views, zone, wanted);
      return send({
        items: rrsets.map(({ owner, rrset }) => showRrset(zone.name, owner, rrset)),
        nextCursor: next === undefined ? null : encodeCursor(`${next.type} ${next.owner}`),
        ...(total === true && { total: await countRrsets(store, views, zone, filter) }),
      });
    },
  );

  app.get(
    '/v1/zones/:zone/rrsets/:name/:type',
    {
      schema: {
        operationId: 'readRRset',
        tags,
        summary: 'Read an RRset',
        params,
        headers: readHeaders,
        refuses: ['not_found', 'outside_zone'],
        response: read(RrsetBody),
      },
    },
    async (request, reply) => {
      const [zone, { owner, type }] = await placeIn(request, request.params);
      const rrset = servedRrsetsAt(views, zone, owner).find((one) => one.type === type);
      accessOf(askingOf(services, request)).needRrset(owner, type, rrset);
      if (rrset === undefined) refuseMissing(owner, type);
      return sendResource(request, reply, rrsetTag(rrset), showRrset(zone.name, owner, rrset));
    },
  );

  app.put(
    '/v1/zones/:zone/rrsets/:name/:type',
    {
      schema: {
        operationId: 'putRRset',
        tags,
        summary: 'Create or replace an RRset',
        params,
        headers: writeHeaders,
        body: PutRrset,
        refuses: refusals,
        response: { ...written(WrittenRrset), ...created(WrittenRrset) },
      },
    },
    async (request, reply) => {
      const { zone: zoneText, ...place } = request.params;
      const [zone, change] = await inZone(request, zoneText, (name) => parseRrsetPut(name, place, request.body));
      const { owner, type } = change;
      const precondition = preconditionOf(request);
      const committed = await commitFor(services, request, reply, (context) =>
        decideChangeRrsets(context, { zone: zone.name, changes: [change], precondition }),
      );
      const { rrsets, created, warnings } = committed.result;
      const written = rrsets[0] ?? refuse('internal_error', 'nothing was written');
      reply.header('etag', rrsetTag(written.rrset));
      if (created) reply.header('location', rrsetPath(zone.name, owner, type));
      const body = { ...showRrset(zone.name, owner, written.rrset), ...showWarnings(zone.name, warnings) };
      return reply.status(created ? 201 : 200).send(body);
    },
  );

  app.delete(
    '/v1/zones/:zone/rrsets/:name/:type',
    {
      schema: {
        operationId: 'deleteRRset',
        tags,
        summary: 'Delete an RRset',
        params,
        headers: writeHeaders,
        refuses: ['managed_record', 'not_found', 'outside_zone'],
        response: deletedWith(DeletedWithWarnings),
      },
    },
    async (request, reply) => {
      const [zone, { owner, type }] = await placeIn(request, request.params);
      const change = { owner, type, rrset: undefined, path: ':name' };
      const precondition = preconditionOf(request);
      const { result } = await commitFor(services, request, reply, (context) =>
        decideChangeRrsets(context, { zone: zone.name, changes: [change], precondition, mustExist: true }),
      );
      const others = result.warnings.filter((warning) => warning.owner !== owner);
      return sendDeleted(reply, showWarnings(zone.name, others));
    },
  );

  app.patch(
    '/v1/zones/:zone/rrsets',
    {
      schema: {
        operationId: 'patchRRsets',
        tags,
        summary: 'Write and delete RRsets: all of them or none',
        params: zoneParams,
        headers: writeHeaders,
        body: PatchRrsets,
        refuses: refusals,
        response: writtenTogether(200, WrittenRrsets),
      },
    },
    async (request, reply) => {
      const parse = (name: Fqdn) => parseRrsetList(name, request.body);
      const [zone, changes] = await inZone(request, request.params.zone, parse);
      const zonePrecondition = preconditionOf(request);
      const committed = await commitFor(services, request, reply, (context) =>
        decideChangeRrsets(context, { zone: zone.name, changes, zonePrecondition }),
      );
      const { rrsets, warnings } = committed.result;
      const items = rrsets.map(({ owner, rrset }) => showRrset(zone.name, owner, rrset));
      return { items, ...showWarnings(zone.name, warnings) };
    },
  );

  function placeIn(request: FastifyRequest, { zone, ...place }: Static<typeof params>) {
    return inZone(request, zone, (name) => parseRrsetPlace(name, place));
  }
};

/** Returns the parts of a list's query: a type, an owner name, and the position at which the list continues. */
function parseQuery(zone: Fqdn, query: { type?: string; name?: string; cursor?: string }) {
  const [type, owner, from] = parseAll(
    () => (query.type === undefined ? undefined : parseTypeAt('?type', query.type)),
    () => (query.name === undefined ? undefined : parseOwner('?name', query.name, zone)),
    () => (query.name === undefined ? decodeCursor(query.cursor, parsePosition) : undefined),
  );
  return { type, owner, from };
}

/** Returns the position in a cursor. Throws InvalidValue. */
function parsePosition(text: string): RrsetPosition {
  const [, type, owner] = /^([A-Z0-9-]{0,20}) ([!-~]+)$/.exec(text) ?? [];
  if (type === undefined || owner === undefined) throw new InvalidValue('is not a cursor that a list returned');
  return { type, owner };
}
