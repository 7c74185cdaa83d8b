// The keys of other programs in the SkyDNS layout of a zone: routes that list them, take them over, and delete the
// orphans of external-dns. The setting `skydns` itself: zones.ts.

import type { FastifyRequest } from 'fastify';
import { accessOf } from '../../control/access/access.ts';
import { existingZone } from '../../control/reading/existing.ts';
import { orphansIn } from '../../control/skydns/ownership.ts';
import { readForeign } from '../../control/skydns/read-foreign.ts';
import { adoptZone, needTakeOver, sweepOrphans } from '../../control/skydns/take-over.ts';
import type { Fqdn } from '../../model/name.ts';
import { actorOf, askingOf } from '../auth.ts';
import { endTrial } from '../every-fault.ts';
import { shown, writtenTogether } from '../schemas/answers.ts';
import { NameText, strict } from '../schemas/common.ts';
import { Adopted, SkydnsBody, Swept, showLeft, showSkydns } from '../schemas/skydns.ts';
import type { Routes } from '../services.ts';
import { zoneNameOf } from '../zone-path.ts';

const tags = ['zones'];
const params = strict({ zone: NameText });

export const skydnsRoutes: Routes = async (app, services) => {
  const { store, views } = services;

  app.get(
    '/v1/zones/:zone/skydns',
    {
      schema: {
        operationId: 'readSkydns',
        tags,
        summary: 'Read what others left in the SkyDNS layout of a zone',
        params,
        refuses: ['not_found'],
        response: shown(SkydnsBody),
      },
    },
    async (request) => {
      const asking = askingOf(services, request);
      const { name } = existingZone(asking, zoneNameOf(request.params.zone)).value;
      accessOf(asking).needNoOwner('records');
      const foreign = await readForeign(store, views, name);
      return showSkydns([...orphansIn(foreign)], foreign.stubZones);
    },
  );

  /** Returns the zone. Refuses a token that may not take over records of the zone, in a trial as well. */
  const beginTakeOver = (request: FastifyRequest, name: Fqdn): Fqdn => {
    needTakeOver(askingOf(services, request), name);
    endTrial(request);
    return name;
  };

  app.post(
    '/v1/zones/:zone/adopt',
    {
      schema: {
        operationId: 'adoptZone',
        tags,
        summary: 'Take over the records that others wrote into the SkyDNS layout of a zone',
        params,
        refuses: ['not_found'],
        response: writtenTogether(200, Adopted),
      },
    },
    async (request, reply) => {
      const zone = beginTakeOver(request, zoneNameOf(request.params.zone));
      const taken = await adoptZone(services, actorOf(request), zone);
      reply.header('zonewright-revision', String(taken.revision));
      return reply.send({ adopted: taken.adopted, dropped: taken.dropped, left: showLeft(taken) });
    },
  );

  app.delete(
    '/v1/zones/:zone/skydns/orphans',
    {
      schema: {
        operationId: 'sweepSkydns',
        tags,
        summary: 'Delete the records of ownership that external-dns left behind',
        params,
        refuses: ['not_found'],
        response: writtenTogether(200, Swept),
      },
    },
    async (request, reply) => {
      const zone = beginTakeOver(request, zoneNameOf(request.params.zone));
      const swept = await sweepOrphans(services, actorOf(request), zone);
      reply.header('zonewright-revision', String(swept.revision));
      return reply.send({ deleted: swept.dropped, left: showLeft(swept) });
    },
  );
};
