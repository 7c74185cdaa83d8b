// /v1/pools: pools and the allocations in them.

import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { nextAddresses } from '../../control/addresses/choose-addresses.ts';
import { usageOf, usageOfNew } from '../../control/addresses/pool-usage.ts';
import { entityTag } from '../../control/input/precondition.ts';
import { parseSearch } from '../../control/input/search.ts';
import { decideAllocateAddresses } from '../../control/pools/allocate-addresses.ts';
import { parseAllocationInput } from '../../control/pools/allocation-input.ts';
import { decideDeletePool, decideEvictAll } from '../../control/pools/delete-pool.ts';
import { parsePoolInput, parsePoolPatch } from '../../control/pools/pool-input.ts';
import {
  decideCreatePool,
  decideEvictOutside,
  decidePutPool,
  type PoolChange,
  type PoolPut,
} from '../../control/pools/put-pool.ts';
import { existingPool } from '../../control/reading/existing.ts';
import { withPool } from '../../control/reading/with-pools.ts';
import type { Committed, Decide } from '../../control/transaction/decision.ts';
import { refuseField } from '../../errors.ts';
import { parseAddress } from '../../model/address.ts';
import { Type } from '../../model/json-schema.ts';
import type { Pool } from '../../model/pool.ts';
import { pageOf } from '../page.ts';
import { created, deleted, read, shown, written, writtenTogether } from '../schemas/answers.ts';
import {
  FamilyText,
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
  AllocationBody,
  Allocations,
  NewAllocation,
  NewPool,
  NextAddresses,
  PatchPool,
  PoolBody,
  PutPool,
  showAddress,
  showAddressWarnings,
} from '../schemas/pool.ts';
import type { Routes, Services } from '../services.ts';
import {
  commitByForceFor,
  commitFor,
  preconditionOf,
  sendResource,
  sendWritten,
  withBody,
  writtenAt,
} from '../write.ts';

const tags = ['pools'];
const allocationTags = ['addresses'];
const params = strict({ pool: LabelText });
const force = {
  force: Type.Optional(
    Type.Boolean({
      description: 'Releases addresses that the pool gave; a host that loses its last address is deleted',
    }),
  ),
};

export const poolRoutes: Routes = async (app, services) => {
  const { views } = services;
  const show = (pool: Pool) => ({ ...pool, usage: usageOf({ views, now: Date.now() }, pool.name) });
  const location = (name: string) => `/v1/pools/${name}`;

  app.post(
    '/v1/pools',
    {
      schema: {
        operationId: 'createPool',
        tags,
        summary: 'Create a pool',
        headers: idempotencyHeaders,
        body: NewPool,
        refuses: ['already_exists', 'pool_overlap'],
        response: created(PoolBody),
      },
    },
    async (request, reply) => {
      const { name, ...body } = request.body;
      const wanted = parsePoolInput(name, body);
      const usage = await usageOfNew({ views, now: Date.now() }, wanted);
      const committed = await commitFor(services, request, reply, (context) =>
        decideCreatePool(context, wanted, usage),
      );
      return sendWritten(reply, committed, true, location(name), committed.result, withBody);
    },
  );

  app.get(
    '/v1/pools',
    {
      schema: {
        operationId: 'listPools',
        tags,
        summary: 'List pools',
        querystring: strict({ ...pageQuery, ...searchQuery }),
        response: shown(listOf(PoolBody)),
      },
    },
    async (request) => {
      const isWanted = parseSearch(request.query.search);
      return pageOf(request.query, String, {
        items: (after) => views.pools.list(after),
        keyOf: ({ value }) => value.name,
        matches: ({ value }) => isWanted(value.name),
        show: ({ value }) => show(value),
      });
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
      const { value, modified } = existingPool(services, request.params.pool);
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
        refuses: ['pool_in_use', 'pool_overlap'],
        response: { ...written(PoolBody), ...created(PoolBody) },
      },
    },
    async (request, reply) => {
      const name = request.params.pool;
      const { name: named = name, usage: _, ...body } = request.body;
      if (named !== name)
        refuseField('invalid_request', '/name', 'is not the name in the path: a pool cannot be renamed');
      const wanted = parsePoolInput(name, body);
      const change = { name, precondition: preconditionOf(request), change: () => wanted };
      const committed = await commitPool(services, request, reply, change);
      return sendWritten(
        reply,
        writtenAt(committed),
        committed.result.created,
        location(name),
        show(committed.result.pool),
        withBody,
      );
    },
  );

  app.patch(
    '/v1/pools/:pool',
    {
      schema: {
        operationId: 'patchPool',
        tags,
        summary: 'Change some settings of a pool (JSON merge patch)',
        params,
        headers: writeHeaders,
        querystring: strict(force),
        body: PatchPool,
        refuses: ['not_found', 'pool_in_use', 'pool_overlap'],
        response: written(PoolBody),
      },
    },
    async (request, reply) => {
      const name = request.params.pool;
      const { name: named = name, usage: _, ...patch } = request.body;
      if (named !== name)
        refuseField('invalid_request', '/name', 'is not the name in the path: a pool cannot be renamed');
      const change = {
        name,
        precondition: preconditionOf(request),
        change: (current: Pool | undefined) => parsePoolPatch(current ?? existingPool(services, name).value, patch),
      };
      const committed = await commitPool(services, request, reply, change);
      return sendWritten(reply, writtenAt(committed), false, location(name), show(committed.result.pool), withBody);
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
        refuses: ['not_found', 'pool_in_use'],
        response: deleted,
      },
    },
    async (request, reply) => {
      const precondition = preconditionOf(request);
      const name = request.params.pool;
      const force = request.query.force === true;
      const decide: Decide<void> = (context) => decideDeletePool(context, { name, precondition, force });
      if (!force) await commitFor(services, request, reply, decide);
      else {
        const clear: Decide<number> = (context) => decideEvictAll(context, { name, precondition });
        await commitByForceFor(services, request, reply, clear, decide);
      }
      return reply.status(204).send(null);
    },
  );

  app.post(
    '/v1/pools/:pool/allocations',
    {
      schema: {
        operationId: 'allocateAddresses',
        tags: allocationTags,
        summary: 'Allocate addresses: all of them or none',
        params,
        headers: idempotencyHeaders,
        body: NewAllocation,
        refuses: ['address_excluded', 'address_outside_pool', 'address_taken', 'not_found', 'pool_exhausted'],
        response: writtenTogether(201, Allocations),
      },
    },
    async (request, reply) => {
      const wanted = parseAllocationInput(request.params.pool, request.body, randomUUID);
      const committed = await commitFor(services, request, reply, (context) =>
        decideAllocateAddresses(context, wanted),
      );
      const items = committed.result.map((record) => showAddress(record, Date.now()));
      const warnings = committed.result.flatMap(({ warning }) => warning ?? []);
      return reply.status(201).send({ items, ...showAddressWarnings(warnings) });
    },
  );

  app.get(
    '/v1/pools/:pool/allocations',
    {
      schema: {
        operationId: 'listAllocations',
        tags: allocationTags,
        summary: 'List the addresses in use, in address order',
        params,
        querystring: strict({
          ...pageQuery,
          owner: Type.Optional(
            Type.String({ maxLength: 255, description: 'Only addresses with a holder of this owner' }),
          ),
        }),
        refuses: ['not_found'],
        response: shown(listOf(AllocationBody)),
      },
    },
    async (request) => {
      const { value: pool } = existingPool(services, request.params.pool);
      const { owner } = request.query;
      return pageOf(request.query, parseAddress, {
        items: (after) => views.pools.heldIn(pool, after),
        keyOf: ({ value }) => value.address,
        matches: ({ value }) => owner === undefined || value.holders.some((holder) => holder.owner === owner),
        show: ({ value }) => showAddress(withPool(services, value), Date.now()),
      });
    },
  );

  app.get(
    '/v1/pools/:pool/next',
    {
      schema: {
        operationId: 'nextAddresses',
        tags: allocationTags,
        summary: 'The addresses that would be handed out next; takes none of them',
        params,
        querystring: strict({
          count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 1 })),
          family: Type.Optional(FamilyText),
        }),
        refuses: ['not_found', 'pool_exhausted'],
        response: shown(NextAddresses),
      },
    },
    async (request) => {
      const { count = 1, family } = request.query;
      return { items: nextAddresses(views, request.params.pool, count, family) };
    },
  );
};

function commitPool(
  services: Services,
  request: FastifyRequest<{ Querystring: { force?: boolean } }>,
  reply: FastifyReply,
  change: PoolChange,
): Promise<Committed<PoolPut>> {
  const force = request.query.force === true;
  const decide: Decide<PoolPut> = (context) => decidePutPool(context, { ...change, force });
  if (!force) return commitFor(services, request, reply, decide);
  return commitByForceFor(services, request, reply, (context) => decideEvictOutside(context, change), decide);
}
