// /v1/addresses: the holders of an address.

import type { Static } from 'typebox';
import { type Access, accessOf } from '../../control/access/access.ts';
import type { Asking } from '../../control/access/actor.ts';
import { seenNames } from '../../control/addresses/recorded-warnings.ts';
import {
  type AllocationPatch,
  parseAddressAt,
  parseAllocationPatch,
  parseReleaseInput,
} from '../../control/allocations/allocation-input.ts';
import { decideChangeAllocation } from '../../control/allocations/change-allocation.ts';
import { decideReleaseAddress } from '../../control/allocations/release-address.ts';
import { entityTag } from '../../control/input/precondition.ts';
import { refuse } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import type { AddressRecord, Allocation } from '../../model/allocation.ts';
import { Type } from '../../model/json-schema.ts';
import { defaultSpace } from '../../model/pool.ts';
import { timestamp } from '../../model/timestamp.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { askingOf } from '../auth.ts';
import { deleted, read, written } from '../schemas/answers.ts';
import { AddressText, LabelText, readHeaders, strict, writeHeaders } from '../schemas/common.ts';
import { AllocationBody, PatchAllocation, showAllocation } from '../schemas/pool.ts';
import type { Routes } from '../services.ts';
import { commitFor, preconditionOf, sendResource, withBody, writtenAt } from '../write.ts';

const tags = ['addresses'];
const params = strict({ ip: AddressText });
/** The limit for the names of an address in an answer. */
const maxNames = 100;
/** The entity tag, without the hash of the body, of an address whose value is absent or unreadable. */
const unwritten = '"0"';
const space = Type.Optional({ ...LabelText, default: defaultSpace });

/** Returns the host for which a released address is kept, if the token may see it. */
function formerOf(access: Access, { former }: AddressRecord): Pick<AddressShown, 'former'> {
  return former !== undefined && access.hasHolder({ kind: 'host', ...former }) ? { former } : {};
}

type AddressShown = Static<typeof AllocationBody>;

export const addressRoutes: Routes = async (app, services) => {
  const { views } = services;

  /**
   * Returns an address as answers show it now, with the holders that the token may see. `written`: the record that this
   * request has written. Refuses with `forbidden` an
   * address beyond the scope, and with `not_found` an address that nobody holds and that is in no pool.
   */
  const shownNow = (asking: Asking, space: string, address: Address, written?: AddressRecord): AddressShown => {
    const access = accessOf(asking);
    access.needAddress(space, address);
    const place = { address, pool: views.pools.poolNameAt(space, address), space };
    const stored = written ?? views.pools.address(space, address)?.value;
    const record = stored && access.withHolders(stored);
    const fault = views.faults.get(addressKey(space, address))?.message;
    if (fault !== undefined) return { ...place, state: 'unreadable', fault, holders: record?.holders ?? [] };
    if (record === undefined && place.pool === null)
      refuse('not_found', `${address} is in no pool, and nobody holds it`, { address }, ':ip');
    const isRecorded = views.pools.isRecorded(space, address);
    const named = isRecorded && { names: seenNames(asking, views.pools.namesAt(address)).slice(0, maxNames) };
    if (record?.state === 'held') return { ...showAllocation({ ...record, ...place }), ...named };
    const unheld = { ...place, ...named, holders: [] };
    const end = record && views.pools.coolDownEnd(record);
    if (record !== undefined && end !== undefined && end > Date.now())
      return {
        ...unheld,
        state: 'cooling-down',
        since: record.since,
        freeAt: timestamp(end),
        ...formerOf(access, record),
      };
    return { ...unheld, state: isRecorded ? 'recorded' : 'free' };
  };

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
      const body = shownNow(askingOf(services, request), inSpace, address);
      const isReadable = record !== undefined && body.state !== 'unreadable';
      return sendResource(request, reply, withBody(isReadable ? entityTag(record.modified) : unwritten, body), body);
    },
  );

  app.patch(
    '/v1/addresses/:ip/holders/:id',
    {
      schema: {
        operationId: 'changeAllocation',
        tags,
        summary: 'Renew or change an allocation (JSON merge patch)',
        params: strict({
          ip: AddressText,
          id: Type.String({ minLength: 1, maxLength: 1024, description: 'The allocation; `@`: the only holder' }),
        }),
        headers: writeHeaders,
        querystring: strict({ space }),
        body: PatchAllocation,
        refuses: ['address_taken', 'managed_record', 'not_found'],
        response: written(AllocationBody),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const inSpace = request.query.space ?? defaultSpace;
      const address = parseAddressAt(':ip', request.params.ip);
      const change = {
        space: inSpace,
        address,
        id,
        precondition: preconditionOf(request),
        change: (current: Allocation, now: number) =>
          parseAllocationPatch(current, request.body as AllocationPatch, now),
      };
      const committed = await commitFor(services, request, reply, (context) => decideChangeAllocation(context, change));
      const { record, id: own } = committed.result;
      const shown = shownNow(askingOf(services, request), inSpace, address, record);
      const tag = withBody(entityTag(writtenAt(committed).revision), shown);
      return reply.header('etag', tag).send({ ...shown, id: own });
    },
  );

  app.delete(
    '/v1/addresses/:ip',
    {
      schema: {
        operationId: 'releaseAddress',
        tags,
        summary: 'Release an address, or end its cool-down (`endCoolDown=true`)',
        params,
        headers: writeHeaders,
        querystring: strict({
          space,
          id: Type.Optional(
            Type.String({ maxLength: 255, description: 'Only this allocation, of several that share the address' }),
          ),
          owner: Type.Optional(Type.String({ maxLength: 255, description: 'Only the allocations of this owner' })),
          endCoolDown: Type.Optional(
            Type.Boolean({ description: 'Ends the cool-down of the address, and releases nothing' }),
          ),
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
