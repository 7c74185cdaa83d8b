// /v1/pools: pools. Their addresses in use: allocations.ts.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { accessOf } from '../../control/access/access.ts';
import { type PoolUsage, usageOf, usageOfNew } from '../../control/addresses/pool-usage.ts';
import { entityTag } from '../../control/input/precondition.ts';
import { parseSearch } from '../../control/input/search.ts';
import { decideCarvePool } from '../../control/pools/carve-pool.ts';
import { decideDeletePool, decideEvictAll } from '../../control/pools/delete-pool.ts';
import {
  checkPoolPatch,
  parseCarveInput,
  parsePoolInput,
  parsePoolPatch,
  parsePoolPut,
} from '../../control/pools/pool-input.ts';
import {
  decideCreatePool,
  decideEvictOutside,
  decidePutPool,
  type PoolChange,
  type PoolPut,
} from '../../control/pools/put-pool.ts';
import { type Evicted, Released } from '../../control/pools/released.ts';
import { existingPool } from '../../control/reading/existing.ts';
import { poolPath } from '../../control/reading/resource-path.ts';
import { poolName } from '../../control/reading/with-pools.ts';
import type { Committed, Decide } from '../../control/transaction/decision.ts';
import { Type } from '../../model/json-schema.ts';
import { newPoolId, type Pool } from '../../model/pool.ts';
import { unknownValue } from '../../model/unknown.ts';
import { askingOf } from '../auth.ts';
import { commitPoolFor, withAlignedPtrs } from '../commit-pool.ts';
import { pageOf } from '../page.ts';
import { created, deletedWith, read, shown, written } from '../schemas/answers.ts';
import {
  idempotencyHeaders,
  LabelText,
  listOf,
  pageQuery,
  readHeaders,
  searchQuery,
  strict,
  writeHeaders,
} from '../schemas/common.ts';
import {
  DeletedPool,
  NewChildPool,
  NewPool,
  PatchPool,
  PoolBody,
  PutPool,
  showPool,
  WrittenPool,
} from '../schemas/pool.ts';
import type { Routes, Services } from '../services.ts';
import {
  commitByForceFor,
  commitFor,
  preconditionOf,
  sendDeleted,
  sendResource,
  sendWritten,
  withBody,
  writtenAt,
} from '../write.ts';

const tags = ['pools'];
const params = strict({ pool: LabelText });
const ParentFilter = Type.Optional(
  Type.String({
    maxLength: 63,
    description: 'Only pools that were carved out of this one; empty: only those that were not carved',
  }),
);
const force = {
  force: Type.Optional(
    Type.Boolean({
      description:
        'Releases addresses that the pool gave; a host that loses its last address is deleted. The answer lists them (`released`)',
    }),
  ),
};

export const poolRoutes: Routes = async (app, services) => {
  const { views } = services;
  const show = (pool: Pool) => ({ ...showPool(services, pool), usage: usageOf({ views, now: Date.now() }, pool.id) });

  const parentOf = (pool: Pool | undefined) => poolName(services, pool?.parent ?? null);

  app.post(
    '/v1/pools',
    {
      schema: {
        operationId: 'createPool',
        tags,
        summary: 'Create a pool',
        headers: idempotencyHeaders,
        body: NewPool,
        refuses: ['already_exists', 'pool_overlap', 'reverse_conflict'],
        response: created(PoolBody),
      },
    },
    async (request, reply) => {
      const { name, ...body } = request.body;
      const wanted = parsePoolInput(name, { ...body, id: newPoolId(Date.now()) });
      const usage = request.isTrial ? unknownValue : await usageOfNew({ views, now: Date.now() }, wanted);
      const decide: Decide<Pool & { usage: PoolUsage }> = (context) => decideCreatePool(context, wanted, usage);
      const committed = await commitPoolFor(services, request, reply, decide, (pool) => pool);
      return sendWritten(reply, committed, true, poolPath(name), showPool(services, committed.result), withBody);
    },
  );

  app.get(
    '/v1/pools',
    {
      schema: {
        operationId: 'listPools',
        tags,
        summary: 'List pools',
        querystring: strict({ ...pageQuery, ...searchQuery, parent: ParentFilter }),
        response: shown(listOf(PoolBody)),
      },
    },
    async (request) => {
      const { search, parent } = request.query;
      const isWanted = parseSearch(search);
      const around = parent === undefined || parent === '' ? undefined : (views.pools.find(parent)?.value.id ?? parent);
      const isBelow = (pool: Pool) => parent === undefined || pool.parent === around;
      const access = accessOf(askingOf(services, request));
      return pageOf(request.query, String, {
        items: (after) => views.pools.list(after),
        keyOf: ({ value }) => value.name,
        matches: ({ value }) => access.hasPool(value.id) && isWanted(value.name) && isBelow(value),
        show: ({ value }) => show(value),
      });
    },
  );

  app.post(
    '/v1/pools/:pool/pools',
    {
      schema: {
        operationId: 'carvePool',
        tags,
        summary: 'Carve a pool out of another one: its next free block',
        params,
        headers: idempotencyHeaders,
        body: NewChildPool,
        refuses: ['already_exists', 'not_found', 'pool_exhausted', 'reverse_conflict'],
        response: created(PoolBody),
      },
    },
    async (request, reply) => {
      const wanted = parseCarveInput(request.params.pool, newPoolId(Date.now()), request.body);
      const decide: Decide<Pool & { usage: PoolUsage }> = (context) => decideCarvePool(context, wanted);
      const committed = await commitPoolFor(services, request, reply, decide, (pool) => pool);
      const shown = showPool(services, committed.result);
      return sendWritten(reply, committed, true, poolPath(wanted.name), shown, withBody);
    },
  );

  app.get(
    '/v1/pools/:pool',
    {
      schema: {
        operationId: 'readPool',
        tags,
        summary: 'Read a pool',
        params,
        headers: readHeaders,
        refuses: ['not_found'],
        response: read(PoolBody),
      },
    },
    async (request, reply) => {
      const { value, modified } = existingPool(askingOf(services, request), request.params.pool);
      const body = show(value);
      return sendResource(request, reply, withBody(entityTag(modified), body), body);
    },
  );

  app.put(
    '/v1/pools/:pool',
    {
      schema: {
        operationId: 'putPool',
        tags,
        summary: 'Create a pool, or replace its settings',
        params,
        headers: writeHeaders,
        querystring: strict(force),
        body: PutPool,
        refuses: ['address_outside_pool', 'pool_in_use', 'pool_overlap', 'reverse_conflict'],
        response: { ...written(WrittenPool), ...created(PoolBody) },
      },
    },
    async (request, reply) => {
      const name = request.params.pool;
      const { id, name: named, parent, usage: _, ...body } = request.body;
      const wanted = parsePoolInput(name, { ...body, id: newPoolId(Date.now()) });
      const change = {
        name,
        precondition: preconditionOf(request),
        change: (current: Pool | undefined) =>
          parsePoolPut(wanted, { id, name: named, parent, autoAssign: body.autoAssign }, current, parentOf(current)),
      };
      const { committed, released } = await commitPool(services, request, reply, change);
      const { pool, created } = committed.result;
      const shown = { ...show(pool), ...released.shown() };
      return sendWritten(reply, writtenAt(committed), created, poolPath(pool.name), shown, tagOf);
    },
  );

  app.patch(
    '/v1/pools/:pool',
    {
      schema: {
        operationId: 'patchPool',
        tags,
        summary: 'Change some settings of a pool, or rename it (JSON merge patch)',
        params,
        headers: writeHeaders,
        querystring: strict(force),
        body: PatchPool,
        refuses: [
          'address_outside_pool',
          'already_exists',
          'not_found',
          'pool_in_use',
          'pool_overlap',
          'reverse_conflict',
        ],
        response: written(WrittenPool),
      },
    },
    async (request, reply) => {
      const name = request.params.pool;
      const { usage: _, ...patch } = request.body;
      const asking = askingOf(services, request);
      checkPoolPatch(patch);
      const change = {
        name,
        precondition: preconditionOf(request),
        change: (current: Pool | undefined) => {
          const pool = current ?? existingPool(asking, name).value;
          return parsePoolPatch(pool, patch, parentOf(pool));
        },
      };
      const { committed, released } = await commitPool(services, request, reply, change);
      const { pool } = committed.result;
      const shown = { ...show(pool), ...released.shown() };
      return sendWritten(reply, writtenAt(committed), false, poolPath(pool.name), shown, tagOf);
    },
  );

  app.delete(
    '/v1/pools/:pool',
    {
      schema: {
        operationId: 'deletePool',
        tags,
        summary: 'Delete a pool',
        params,
        headers: writeHeaders,
        querystring: strict(force),
        refuses: ['not_found', 'pool_in_use', 'renumbering_running'],
        response: deletedWith(DeletedPool, 'The pool is gone, and what `force` released'),
      },
    },
    async (request, reply) => {
      const precondition = preconditionOf(request);
      const name = request.params.pool;
      const force = Boolean(request.query.force);
      const decide: Decide<void> = (context) => decideDeletePool(context, { name, precondition, force });
      const release: Decide<Evicted> = (context) => decideEvictAll(context, { name, precondition });
      const { released } = await tellReleased((note) =>
        force
          ? commitByForceFor(services, request, reply, release, decide, note)
          : commitFor(services, request, reply, decide),
      );
      return sendDeleted(reply, released.shown());
    },
  );
};

interface ByForce<T> {
  committed: Committed<T>;
  released: Released;
}

/** Commits the change of a pool. Then writes or deletes the PTRs of its hosts, if its `reverse` needs that. */
async function commitPool(
  services: Services,
  request: FastifyRequest<{ Querystring: { force?: boolean } }>,
  reply: FastifyReply,
  change: PoolChange,
): Promise<ByForce<PoolPut>> {
  const force = Boolean(request.query.force);
  const decide: Decide<PoolPut> = (context) => decidePutPool(context, { ...change, force });
  const release: Decide<Evicted> = (context) => decideEvictOutside(context, change);
  return tellReleased((note) => {
    const commit = force
      ? commitByForceFor(services, request, reply, release, decide, note)
      : commitFor(services, request, reply, decide);
    return withAlignedPtrs(services, commit, ({ pool }) => pool);
  });
}

/** Does a write that may release addresses first. A refusal tells of those that were released before it. */
async function tellReleased<T>(
  write: (note: (evicted: Evicted) => void) => Promise<Committed<T>>,
): Promise<ByForce<T>> {
  const released = new Released();
  try {
    return { committed: await write((evicted) => released.add(evicted)), released };
  } catch (error) {
    throw released.toldIn(error);
  }
}

/** Returns the entity tag of a written pool, as a read sends it: without what the write released. */
function tagOf(tag: string, { released: _, ...pool }: Static<typeof WrittenPool>): string {
  return withBody(tag, pool);
}
