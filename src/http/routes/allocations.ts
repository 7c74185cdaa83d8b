// /v1/pools/{pool}/allocations: the addresses of a pool that are in use. /v1/pools/{pool}/next: the addresses that
// would be given next. One address: addresses.ts.

import { randomUUID } from 'node:crypto';
import { accessOf } from '../../control/access/access.ts';
import { nextAddresses } from '../../control/addresses/choose-next.ts';
import { holdPool } from '../../control/addresses/held-pool.ts';
import { type Allocated, decideAllocateAddresses } from '../../control/allocations/allocate-addresses.ts';
import { parseAllocationInput } from '../../control/allocations/allocation-input.ts';
import { exportAllocations } from '../../control/allocations/export-allocations.ts';
import { parseAll } from '../../control/input/refusals.ts';
import { parseTagFilter } from '../../control/input/tag-filter.ts';
import { existingPool } from '../../control/reading/existing.ts';
import { heldIn } from '../../control/reading/held-in.ts';
import { withPool } from '../../control/reading/with-pools.ts';
import type { Decide } from '../../control/transaction/decision.ts';
import { parseAddress } from '../../model/address.ts';
import { type AddressRecord, type Holder, traitsOf } from '../../model/allocation.ts';
import { Type } from '../../model/json-schema.ts';
import type { Versioned } from '../../views/versioned.ts';
import { askingOf } from '../auth.ts';
import { sentCsv, wantsCsv } from '../csv-answer.ts';
import { decodeCursor, pageOf } from '../page.ts';
import { shown, shownOrCsv, writtenTogether } from '../schemas/answers.ts';
import { FamilyText, idempotencyHeaders, LabelText, listOf, pageQuery, strict, waitQuery } from '../schemas/common.ts';
import {
  AllocationBody,
  Allocations,
  NewAllocation,
  NextAddresses,
  showAddressWarnings,
  showAllocation,
} from '../schemas/pool.ts';
import type { Routes } from '../services.ts';
import { commitFor } from '../write.ts';

const tags = ['addresses'];
/** What a new allocation may be refused with. */
export const allocationRefusals = [
  'address_excluded',
  'address_outside_pool',
  'address_taken',
  'not_found',
  'pool_exhausted',
] as const;
const params = strict({ pool: LabelText });

export const allocationRoutes: Routes = async (app, services) => {
  const { views } = services;

  app.post(
    '/v1/pools/:pool/allocations',
    {
      schema: {
        operationId: 'allocateAddresses',
        tags,
        summary: 'Allocate addresses: all of them or none',
        params,
        headers: idempotencyHeaders,
        querystring: strict(waitQuery),
        body: NewAllocation,
        refuses: [...allocationRefusals, 'shutting_down', 'too_many_waiting'],
        response: writtenTogether(201, Allocations),
      },
    },
    async (request, reply) => {
      const wanted = parseAllocationInput(request.params.pool, request.body, randomUUID);
      const poolNow = holdPool(wanted.pool);
      const decide: Decide<Allocated[]> = (context) =>
        decideAllocateAddresses(context, { ...wanted, pool: poolNow(context.views) });
      const committed = await commitFor(services, request, reply, decide, request.query.wait);
      const items = committed.result.map(({ id, ...record }) => ({ ...showAllocation(record), id }));
      const warnings = committed.result.flatMap(({ warning }) => warning ?? []);
      return reply.status(201).send({ items, ...showAddressWarnings(warnings) });
    },
  );

  app.get(
    '/v1/pools/:pool/allocations',
    {
      schema: {
        operationId: 'listAllocations',
        tags,
        summary: 'List the addresses in use, in address order',
        params,
        querystring: strict({
          ...pageQuery,
          owner: Type.Optional(
            Type.String({ maxLength: 255, description: 'Only addresses with a holder of this owner' }),
          ),
          tag: Type.Optional(
            Type.String({ description: '`key` or `key=value`: only addresses with an allocation that has this tag' }),
          ),
        }),
        refuses: ['not_found'],
        description:
          'With `Accept: text/csv`: all addresses that match, with a row for each holder, as rows that ' +
          '`POST /v1/pools/{pool}/allocations:import` takes.',
        response: shownOrCsv(listOf(AllocationBody)),
      },
    },
    async (request, reply) => {
      const asking = askingOf(services, request);
      const access = accessOf(asking);
      const { owner, tag, cursor } = request.query;
      const hasTag = parseTagFilter(tag);
      const isWanted = (holder: Holder) =>
        (owner === undefined || holder.owner === owner) &&
        (tag === undefined || hasTag(traitsOf(holder).tagsOf(holder) ?? {}));
      const [{ value: pool }] = parseAll(
        () => existingPool(asking, request.params.pool),
        () => decodeCursor(cursor, parseAddress),
      );
      const listing = {
        ...heldIn(views, pool),
        matches: ({ value }: Versioned<AddressRecord>) =>
          access.hasRecord(value) &&
          ((owner === undefined && tag === undefined) || access.withHolders(value).holders.some(isWanted)),
      };
      const seen = (record: AddressRecord) => withPool(services, access.withHolders(record));
      if (wantsCsv(request)) return sentCsv(reply, `${pool.name}-allocations`, exportAllocations(listing, seen));
      return pageOf(request.query, parseAddress, { ...listing, show: ({ value }) => showAllocation(seen(value)) });
    },
  );

  app.get(
    '/v1/pools/:pool/next',
    {
      schema: {
        operationId: 'nextAddresses',
        tags,
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
      return { items: nextAddresses(askingOf(services, request), request.params.pool, count, family) };
    },
  );
};
