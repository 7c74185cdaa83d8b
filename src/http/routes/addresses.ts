// /v1/addresses: the holders of an address.

import { entityTag } from '../../control/input/precondition.ts';
import { parseAddressAt, parseReleaseInput } from '../../control/pools/allocation-input.ts';
import { decideReleaseAddress } from '../../control/pools/release-address.ts';
import { refuse } from '../../errors.ts';
import { Type } from '../../model/json-schema.ts';
import { timestamp } from '../../model/timestamp.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { AddressText, failures, LabelText, strict, writeHeaders } from '../schemas/common.ts';
import { AllocationBody, showAddress } from '../schemas/pool.ts';
import type { Routes } from '../services.ts';
import { commitFor, preconditionOf, sendResource, withBody } from '../write.ts';

const tags = ['addresses'];
const params = strict({ ip: AddressText });
const space = Type.Optional({ ...LabelText, default: 'default' });

export const addressRoutes: Routes = async (app, services) => {
  const { views } = services;

  app.get(
    '/v1/addresses/:ip',
    {
      schema: {
        tags,
        summary: 'Who holds an address',
        params,
        querystring: strict({ space }),
        response: { 200: AllocationBody, ...failures },
      },
    },
    async (request, reply) => {
      const address = parseAddressAt(':ip', request.params.ip);
      const inSpace = request.query.space ?? 'default';
      const record = views.pools.address(inSpace, address);
      const fault = views.faults.get(addressKey(inSpace, address));
      if (fault !== undefined) {
        const pool = views.pools.poolAt(inSpace, address)?.value.name ?? null;
        const holders = record?.value.holders ?? [];
        return reply.send({ address, pool, space: inSpace, state: 'unreadable', fault: fault.message, holders });
      }
      if (record !== undefined) {
        const end = views.pools.coolDownEnd(record.value);
        const shown = { ...record.value, ...(end !== undefined && { freeAt: timestamp(end) }) };
        const body = showAddress(shown, Date.now());
        return sendResource(request, reply, withBody(entityTag(record.modified), body), body);
      }
      const pool = views.pools.poolAt(inSpace, address)?.value.name;
      if (pool === undefined) refuse('not_found', `${address} is in no pool, and nobody holds it`, { address });
      return reply.send({ address, pool, space: inSpace, state: 'free', holders: [] });
    },
  );

  app.delete(
    '/v1/addresses/:ip',
    {
      schema: {
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
        response: { 204: Type.Null(), ...failures },
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
