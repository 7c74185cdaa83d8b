// /v1/addresses: the holders of an address.

import { entityTag } from '../../control/input/precondition.ts';
import { parseAddressAt, parseReleaseInput } from '../../control/pools/allocation-input.ts';
import { decideReleaseAddress } from '../../control/pools/release-address.ts';
import { withPool } from '../../control/reading/with-pools.ts';
import { refuse } from '../../errors.ts';
import { Type } from '../../model/json-schema.ts';
import { defaultSpace } from '../../model/pool.ts';
import { timestamp } from '../../model/timestamp.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { deleted, read } from '../schemas/answers.ts';
import { AddressText, LabelText, readHeaders, strict, writeHeaders } from '../schemas/common.ts';
import { AllocationBody, showAddress } from '../schemas/pool.ts';
import type { Routes } from '../services.ts';
import { commitFor, preconditionOf, sendResource, withBody } from '../write.ts';

const tags = ['addresses'];
const params = strict({ ip: AddressText });
/** The limit for the names of an address in an answer. */
const maxNames = 100;
/** The entity tag, without the hash of its body, of an address that has no value or an unreadable one. */
const unwritten = '"0"';
const space = Type.Optional({ ...LabelText, default: defaultSpace });

export const addressRoutes: Routes = async (app, services) => {
  const { views } = services;

  app.get(
    '/v1/addresses/:ip',
    {
      schema: {
        operationId: 'readAddress',
        tags,
        summary: 'Who holds an address',
        params,
        headers: readHeaders,
        querystring: strict({ space }),
        refuses: ['not_found'],
        response: read(AllocationBody),
      },
    },
    async (request, reply) => {
      const address = parseAddressAt(':ip', request.params.ip);
      const inSpace = request.query.space ?? defaultSpace;
      const record = views.pools.address(inSpace, address);
      const fault = views.faults.get(addressKey(inSpace, address));
      if (fault !== undefined) {
        const pool = views.pools.poolNameAt(inSpace, address);
        const holders = record?.value.holders ?? [];
        const body = { address, pool, space: inSpace, state: 'unreadable' as const, fault: fault.message, holders };
        return sendResource(request, reply, withBody(unwritten, body), body);
      }
      const isRecorded = views.pools.isRecorded(inSpace, address);
      const named = isRecorded && { names: views.pools.namesAt(address).slice(0, maxNames) };
      if (record !== undefined) {
        const end = views.pools.coolDownEnd(record.value);
        const shown = { ...withPool(services, record.value), ...(end !== undefined && { freeAt: timestamp(end) }) };
        const body = { ...showAddress(shown, Date.now(), isRecorded), ...named };
        return sendResource(request, reply, withBody(entityTag(record.modified), body), body);
      }
      const pool = views.pools.poolNameAt(inSpace, address);
      if (pool === null) refuse('not_found', `${address} is in no pool, and nobody holds it`, { address });
      const state = isRecorded ? ('recorded' as const) : ('free' as const);
      const body = { address, pool, space: inSpace, state, ...named, holders: [] };
      return sendResource(request, reply, withBody(unwritten, body), body);
    },
  );

  app.delete(
    '/v1/addresses/:ip',
    {
      schema: {
        operationId: 'releaseAddress',
        tags,
        summary: 'Release an address, or end its cool-down',
        params,
        headers: writeHeaders,
        querystring: strict({
          space,
          id: Type.Optional(
            Type.String({ maxLength: 255, description: 'Only this allocation, of several that share the address' }),
          ),
          owner: Type.Optional(Type.String({ maxLength: 255, description: 'Only the allocations of this owner' })),
        }),
        refuses: ['managed_record', 'not_found'],
        response: deleted,
      },
    },
    async (request, reply) => {
      const release = parseReleaseInput({ ...request.query, ip: request.params.ip });
      const precondition = preconditionOf(request);
      await commitFor(services, request, reply, (context) =>
        decideReleaseAddress(context, { ...release, precondition }),
      );
      return reply.status(204).send(null);
    },
  );
};
