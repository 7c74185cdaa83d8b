// /v1/pools/{pool}/renumber moves the holders of a pool to other addresses. /v1/pools/{pool}/renumbering: its progress.

import { entityTag } from '../../control/input/precondition.ts';
import { parseAll, Refusals } from '../../control/input/refusals.ts';
import { existingPool } from '../../control/reading/existing.ts';
import { poolPath } from '../../control/reading/resource-path.ts';
import { planRenumbering } from '../../control/renumbering/plan-renumbering.ts';
import {
  decideRenumberPool,
  decideStopRenumbering,
  existingRenumbering,
  needAll,
  parseTarget,
  targetOf,
} from '../../control/renumbering/renumber-pool.ts';
import { parseAddress } from '../../model/address.ts';
import { parseRange } from '../../model/address-range.ts';
import { inSlices } from '../../model/in-slices.ts';
import { Type } from '../../model/json-schema.ts';
import { known, unknownValue } from '../../model/unknown.ts';
import { askingOf } from '../auth.ts';
import { decodeCursor, encodeCursor, limitOf } from '../page.ts';
import { created, deleted, read, shown } from '../schemas/answers.ts';
import { idempotencyHeaders, LabelText, pageQuery, readHeaders, strict, writeHeaders } from '../schemas/common.ts';
import { NewRenumbering, Plan, RenumberingBody, showRenumbering } from '../schemas/renumbering.ts';
import type { Routes } from '../services.ts';
import { commitFor, preconditionOf, sendResource, sendWritten } from '../write.ts';

const tags = ['pools'];
const params = strict({ pool: LabelText });

export const renumberingRoutes: Routes = async (app, services) => {
  app.post(
    '/v1/pools/:pool/renumber',
    {
      schema: {
        operationId: 'renumberPool',
        tags,
        summary: 'Move the holders of a pool to addresses of another pool or range',
        params,
        headers: idempotencyHeaders,
        querystring: strict({
          dryRun: Type.Optional(
            Type.Boolean({ description: 'Returns the plan, page by page (`limit`, `cursor`), and changes nothing' }),
          ),
          limit: pageQuery.limit,
          cursor: pageQuery.cursor,
        }),
        body: NewRenumbering,
        refuses: ['address_outside_pool', 'already_exists', 'not_found', 'pool_exhausted', 'pool_not_found'],
        response: { ...created(RenumberingBody), ...shown(Plan) },
      },
    },
    async (request, reply) => {
      const { pool } = request.params;
      const { allocations = false } = request.body;
      const [to, after] = parseAll(
        () => parseTarget(request.body.to),
        () => decodeCursor(request.query.cursor, parseAddress),
      );
      const wanted = { pool, to, allocations };
      if (request.query.dryRun === true && !request.isTrial) {
        const asking = askingOf(services, request);
        needAll(asking);
        const refusals = new Refusals();
        const from = refusals.try(() => existingPool(asking, pool).value);
        const target = refusals.try(() => targetOf(asking, wanted, from ?? unknownValue));
        if (from === undefined || target === undefined) return refusals.throwAll();
        const within = target.within === undefined ? undefined : parseRange(target.within);
        const move = { from, to: target.pool, within, pools: services.views.pools };
        const page = { allocations, after, limit: limitOf(request.query) };
        const { items, next } = await inSlices(planRenumbering(asking, move, page));
        return reply.status(200).send({ items, nextCursor: next === undefined ? null : encodeCursor(next) });
      }
      const committed = await commitFor(services, request, reply, (context) =>
        decideRenumberPool(context, { ...wanted, pool: known(pool) }),
      );
      const body = showRenumbering(services, committed.result);
      return sendWritten(reply, committed, true, `${poolPath(body.pool)}/renumbering`, body, (tag) => tag);
    },
  );

  app.get(
    '/v1/pools/:pool/renumbering',
    {
      schema: {
        operationId: 'readRenumbering',
        tags,
        summary: 'Read the progress or the outcome of the renumbering of a pool',
        params,
        headers: readHeaders,
        refuses: ['not_found'],
        response: read(RenumberingBody),
      },
    },
    async (request, reply) => {
      const { value, modified } = existingRenumbering(askingOf(services, request), request.params.pool);
      return sendResource(request, reply, entityTag(modified), showRenumbering(services, value));
    },
  );

  app.delete(
    '/v1/pools/:pool/renumbering',
    {
      schema: {
        operationId: 'stopRenumbering',
        tags,
        summary: 'Stop the renumbering of a pool, or forget its outcome',
        params,
        headers: writeHeaders,
        refuses: ['not_found'],
        response: deleted,
      },
    },
    async (request, reply) => {
      const precondition = preconditionOf(request);
      const { pool } = request.params;
      await commitFor(services, request, reply, (context) => decideStopRenumbering(context, { pool, precondition }));
      return reply.status(204).send(null);
    },
  );
};
