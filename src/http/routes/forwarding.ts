// /v1/forwarding and /v1/zones/{zone}/forwarding: the settings with which the resolvers of a company forward our zones
// to us, as data and as configuration files.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { accessOf } from '../../control/access/access.ts';
import { existingZone } from '../../control/reading/existing.ts';
import { existingResolver } from '../../control/resolvers/existing-resolver.ts';
import { type ErrorCode, joinFirst, refuse, refuseField } from '../../errors.ts';
import { canAskFor } from '../../forwarding/live/ask-server.ts';
import type { Target } from '../../forwarding/live/live-targets.ts';
import { verifyResolver } from '../../forwarding/live/verify-resolver.ts';
import {
  joinParts,
  renderForwarding,
  requireNames,
  UnfitForResolver,
} from '../../forwarding/render/render-forwarding.ts';
import type { Part } from '../../forwarding/render/renderer.ts';
import { type RendererName, rendererNames, renderers } from '../../forwarding/render/renderers.ts';
import { reverseZoneFinder } from '../../forwarding/reverse-zones.ts';
import { formatEndpoint } from '../../model/endpoint.ts';
import { Type } from '../../model/json-schema.ts';
import { type Fqdn, parseName } from '../../model/name.ts';
import { shownSerial } from '../../model/revision.ts';
import { Allowances } from '../allowances.ts';
import { actorOf, askingOf } from '../auth.ts';
import { refuseUntilAllowed } from '../limit-requests.ts';
import { pageOf } from '../page.ts';
import { shown } from '../schemas/answers.ts';
import { LabelText, listOf, NameText, oneOf, pageQuery, strict } from '../schemas/common.ts';
import { ForwardingBody } from '../schemas/forwarding.ts';
import type { Routes } from '../services.ts';
import { zoneNameOf } from '../zone-path.ts';

const tags = ['forwarding'];
const ResolverParam = oneOf(rendererNames, { description: 'The program of the resolver' });
const PartQuery = Type.Optional(
  Type.String({
    pattern: '^[a-z]{1,20}$',
    description: 'Only this file, if there are several; the head of each file says its purpose',
  }),
);
/** A token may verify 10 times at once, then once every 6 seconds. Each verification sends three queries. */
const verificationsOfToken = { size: 10, refillSeconds: 6, maxKeys: 10_000 };
const refuses = ['no_healthy_target', 'not_found', 'resolver_unfit'] as const satisfies ErrorCode[];
const rendered = {
  200: {
    description: 'The configuration',
    content: { 'text/plain': { schema: Type.String() } },
  },
};

export const forwardingRoutes: Routes = async (app, services) => {
  const { views, targets } = services;

  /** Sends the configuration for these zones and their reverse zones. */
  async function sendRendered(
    request: FastifyRequest,
    reply: FastifyReply,
    zones: readonly Fqdn[],
    wanted: { resolver: RendererName; part: string | undefined },
  ): Promise<FastifyReply> {
    if (zones.length === 0) refuse('not_found', 'there is no zone that the token may see: create one (POST /v1/zones)');
    const findReverse = reverseZoneFinder(askingOf(services, request));
    const all = new Set(zones);
    for (const zone of zones) for (const reverse of await findReverse(zone)) all.add(reverse);
    const renderer = renderers[wanted.resolver];
    const parts = await unlessUnfit(async () => {
      requireNames(renderer, all);
      return renderForwarding({ renderer, zones: all, targets: healthyOf(await targets.list(zones)) });
    });
    return reply.type('text/plain; charset=utf-8').send(joinParts(partsNamed(parts, wanted.part)));
  }

  const verifications = new Allowances(verificationsOfToken);

  /**
   * Asks a resolver whether it forwards the zone. Refuses with `not_found`, `forbidden`, `invalid_request` or
   * `rate_limited`.
   */
  async function verified(request: FastifyRequest, reply: FastifyReply, zone: Fqdn, name: string) {
    const asking = askingOf(services, request);
    accessOf(asking).needRole('operator');
    const { value: resolver } = existingResolver(asking, name, '?verify');
    if (!canAskFor(zone))
      refuseField(
        'invalid_request',
        '?verify',
        `${zone} has a dot or other octets in a label that cannot be asked for`,
      );
    const { id } = actorOf(request);
    const now = Date.now();
    if (!verifications.take(id, now))
      refuseUntilAllowed(reply, verifications, { id, now }, 'the token has asked for too many verifications');
    return { resolver: name, ...(await verifyResolver(resolver, zone, () => soaHere(zone))) };
  }

  function soaHere(zone: Fqdn): { serial: number; primary: string } {
    const soa = views.zones.implied(zone).find(({ rrset }) => rrset.type === 'SOA')?.rrset.records[0] ?? '';
    const [primary = ''] = soa.split(' ');
    return { serial: shownSerial(views.zones.serial(zone)), primary: primary.replace(/\.$/, '') };
  }

  app.get(
    '/v1/forwarding',
    {
      schema: {
        operationId: 'listForwarding',
        tags,
        summary: 'List the zones with their targets and reverse zones',
        querystring: strict(pageQuery),
        response: shown(listOf(ForwardingBody)),
      },
    },
    async (request) => {
      const asking = askingOf(services, request);
      const access = accessOf(asking);
      const findReverse = reverseZoneFinder(asking);
      const page = await pageOf(request.query, parseName, {
        items: (after) => views.zones.list(after),
        keyOf: ({ value }) => value.name,
        matches: ({ value }) => access.hasZone(value.name),
        show: ({ value }) => value.name,
      });
      const live = await targets.list(page.items);
      const items = [];
      for (const zone of page.items) items.push({ zone, reverseZones: await findReverse(zone), targets: live });
      return { ...page, items };
    },
  );

  app.get(
    '/v1/forwarding/:resolver',
    {
      schema: {
        operationId: 'renderForwardingOfZones',
        tags,
        summary: 'The configuration of a resolver that forwards many zones',
        params: strict({ resolver: ResolverParam }),
        querystring: strict({
          zones: Type.Optional(
            Type.String({
              maxLength: 20_000,
              format: 'dns-names',
              description: 'Names of zones, separated by commas. Default: all zones that the token may see',
            }),
          ),
          part: PartQuery,
        }),
        refuses,
        response: rendered,
      },
    },
    async (request, reply) => {
      const { zones, part } = request.query;
      const asking = askingOf(services, request);
      const access = accessOf(asking);
      const named =
        zones === undefined
          ? [...views.zones.list()].map(({ value }) => value.name).filter((zone) => access.hasZone(zone))
          : zones.split(',').map((name) => existingZone(asking, zoneNameOf(name.trim())).value.name);
      return sendRendered(request, reply, named, { resolver: request.params.resolver, part });
    },
  );

  app.get(
    '/v1/zones/:zone/forwarding',
    {
      schema: {
        operationId: 'readForwarding',
        tags,
        summary: 'Where resolvers shall forward a zone',
        params: strict({ zone: NameText }),
        querystring: strict({
          verify: Type.Optional({
            ...LabelText,
            description:
              'The name of a resolver (/v1/resolvers), which is then asked whether it forwards the zone. Needs the role `operator`',
          }),
        }),
        refuses: ['not_found'],
        response: shown(ForwardingBody),
      },
    },
    async (request, reply) => {
      const asking = askingOf(services, request);
      const { name } = existingZone(asking, zoneNameOf(request.params.zone)).value;
      const { verify } = request.query;
      const verifying = verify === undefined ? undefined : verified(request, reply, name, verify);
      const [reverseZones, live, verification] = await Promise.all([
        reverseZoneFinder(asking)(name),
        targets.list([name]),
        verifying,
      ]);
      return { zone: name, reverseZones, targets: live, ...(verification && { verification }) };
    },
  );

  app.get(
    '/v1/zones/:zone/forwarding/:resolver',
    {
      schema: {
        operationId: 'renderForwarding',
        tags,
        summary: 'The configuration of a resolver that forwards a zone',
        params: strict({ zone: NameText, resolver: ResolverParam }),
        querystring: strict({ part: PartQuery }),
        refuses,
        response: rendered,
      },
    },
    async (request, reply) => {
      const { zone, resolver } = request.params;
      const { name } = existingZone(askingOf(services, request), zoneNameOf(zone)).value;
      return sendRendered(request, reply, [name], { resolver, part: request.query.part });
    },
  );
};

/** Returns the targets that answer. Refuses if none does. */
function healthyOf(live: readonly Target[]): Target[] {
  const healthy = live.filter((target) => target.healthy);
  if (healthy.length > 0) return healthy;
  const what =
    live.length === 0
      ? 'no replica is registered'
      : `none of the replicas answers at the address that it advertises (${joinFirst(live.map(formatEndpoint))})`;
  refuse(
    'no_healthy_target',
    `${what}: try again soon; if it lasts, check that the replicas run, and that --advertise has addresses which they all reach`,
  );
}

/** Refuses with `resolver_unfit` if the resolver cannot take this configuration. */
async function unlessUnfit<T>(render: () => Promise<T>): Promise<T> {
  try {
    return await render();
  } catch (error) {
    if (!(error instanceof UnfitForResolver)) throw error;
    refuse('resolver_unfit', error.message);
  }
}

function partsNamed(parts: readonly Part[], name: string | undefined): readonly Part[] {
  if (name === undefined) return parts;
  const found = parts.filter((part) => part.name === name);
  if (found.length > 0) return found;
  refuseField('invalid_request', '?part', `must be one of ${parts.map((part) => part.name).join(', ')}`);
}
