// /v1/pools/{pool}/split and /v1/pools/{pool}/merge: the ranges of a pool that is in use move to another pool.

import type { FastifyRequest } from 'fastify';
import { decideMergePool, usageOfMerged } from '../../control/pools/merge-pools.ts';
import { parseSplitInput } from '../../control/pools/pool-input.ts';
import { decideSplitPool, usageOfSplit } from '../../control/pools/split-pool.ts';
import { poolPath } from '../../control/reading/resource-path.ts';
import type { Decide, DecisionContext } from '../../control/transaction/decision.ts';
import { Type } from '../../model/json-schema.ts';
import { newPoolId } from '../../model/pool.ts';
import { unknownValue } from '../../model/unknown.ts';
import { askingOf } from '../auth.ts';
import { commitPoolFor } from '../commit-pool.ts';
import { created, shown, writtenTogether } from '../schemas/answers.ts';
import { changeHeaders, LabelText, strict } from '../schemas/common.ts';
import { MergeBody, NewMerge, NewSplit, PoolBody, showPool } from '../schemas/pool.ts';
import type { Routes, Services } from '../services.ts';
import { commitFor, preconditionOf, sendWritten, withBody } from '../write.ts';

const tags = ['pools'];
const params = strict({ pool: LabelText });
const querystring = strict({
  dryRun: Type.Optional(Type.Boolean({ description: 'Answers as the request would be answered, and changes nothing' })),
});

export const poolPartRoutes: Routes = async (app, services) => {
  const { views } = services;

  app.post(
    '/v1/pools/:pool/split',
    {
      schema: {
        operationId: 'splitPool',
        tags,
        summary: 'Make some ranges of a pool in use a pool of their own',
        params,
        headers: changeHeaders,
        querystring,
        body: NewSplit,
        refuses: [
          'address_outside_pool',
          'already_exists',
          'not_found',
          'pool_in_use',
          'pool_overlap',
          'renumbering_running',
        ],
        response: { ...created(PoolBody), ...shown(PoolBody) },
      },
    },
    async (request, reply) => {
      const input = parseSplitInput(request.params.pool, newPoolId(Date.now()), request.body);
      const wanted = { ...input, precondition: preconditionOf(request) };
      const usage = request.isTrial ? unknownValue : await usageOfSplit({ views, now: Date.now() }, wanted);
      const decide = (context: DecisionContext) => decideSplitPool(context, wanted, usage);
      if (isDryRun(request)) return reply.status(200).send(showPool(services, dryRun(services, request, decide)));
      const committed = await commitFor(services, request, reply, decide);
      const { result } = committed;
      return sendWritten(reply, committed, true, poolPath(result.name), showPool(services, result), withBody);
    },
  );

  app.post(
    '/v1/pools/:pool/merge',
    {
      schema: {
        operationId: 'mergePools',
        tags,
        summary: 'Merge another pool in use into a pool',
        params,
        headers: changeHeaders,
        querystring,
        body: NewMerge,
        refuses: ['not_found', 'pool_in_use', 'pool_not_found', 'renumbering_running', 'reverse_conflict'],
        response: writtenTogether(200, MergeBody),
      },
    },
    async (request, reply) => {
      const precondition = preconditionOf(request);
      const wanted = { pool: request.params.pool, from: request.body.from, precondition };
      const usage = request.isTrial ? unknownValue : await usageOfMerged({ views, now: Date.now() }, wanted);
      const decide = (context: DecisionContext) => decideMergePool(context, wanted, usage);
      if (isDryRun(request)) {
        const { pool, ...told } = dryRun(services, request, decide);
        reply.header('zonewright-revision', String(views.revision));
        return reply.status(200).send({ pool: showPool(services, pool), ...told });
      }
      const committed = await commitPoolFor(services, request, reply, decide, (merged) => merged.pool);
      const { pool, ...told } = committed.result;
      return reply.status(200).send({ pool: showPool(services, pool), ...told });
    },
  );
};

/** Returns false in a trial: a trial changes nothing, and looks for more faults. */
function isDryRun(request: FastifyRequest<{ Querystring: { dryRun?: boolean } }>): boolean {
  return request.query.dryRun === true && !request.isTrial;
}

/** Returns the result of a decision that is not committed. */
function dryRun<T>(services: Services, request: FastifyRequest, decide: Decide<T>): T {
  return decide({ ...askingOf(services, request), claimed: new Set(), now: Date.now() }).result;
}
