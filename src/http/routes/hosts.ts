// /v1/hosts: names with their addresses.

import type { Static } from 'typebox';
import { accessOf } from '../../control/access/access.ts';
import { holdPool } from '../../control/addresses/held-pool.ts';
import { decideChangeHost } from '../../control/hosts/change-host.ts';
import { decideCreateHost, type HostCreated } from '../../control/hosts/create-host.ts';
import { decideDeleteHost, decideShedAliases, mayBeTooLong } from '../../control/hosts/delete-host.ts';
import { exportHosts } from '../../control/hosts/export-hosts.ts';
import {
  checkHostPatch,
  checkShownHost,
  type HostInput,
  parseHostFilter,
  parseHostInput,
  parseHostPatch,
  parseHostPut,
} from '../../control/hosts/host-input.ts';
import { decideSwapHosts } from '../../control/hosts/swap-hosts.ts';
import { entityTag } from '../../control/input/precondition.ts';
import { parseAll } from '../../control/input/refusals.ts';
import { existingHost } from '../../control/reading/existing.ts';
import { hostPath } from '../../control/reading/resource-path.ts';
import { withPools } from '../../control/reading/with-pools.ts';
import type { Decide } from '../../control/transaction/decision.ts';
import type { Warning } from '../../control/transaction/name-edits.ts';
import { atField } from '../../errors.ts';
import type { Host } from '../../model/host.ts';
import { Type } from '../../model/json-schema.ts';
import { type Fqdn, parseName } from '../../model/name.ts';
import type { Versioned } from '../../views/versioned.ts';
import { askingOf } from '../auth.ts';
import { sentCsv, wantsCsv } from '../csv-answer.ts';
import { pageOf } from '../page.ts';
import { created, deletedWith, read, shownOrCsv, written, writtenTogether } from '../schemas/answers.ts';
import {
  AddressText,
  idempotencyHeaders,
  LabelText,
  listOf,
  NameText,
  pageQuery,
  readHeaders,
  searchQuery,
  strict,
  waitQuery,
  writeHeaders,
} from '../schemas/common.ts';
import {
  HostBody,
  HostSwap,
  NewHost,
  PatchHost,
  PutHost,
  SwappedHosts,
  showHost,
  WrittenHost,
} from '../schemas/host.ts';
import { DeletedWithWarnings, showWarnings } from '../schemas/zone.ts';
import type { Routes } from '../services.ts';
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

const tags = ['hosts'];
/** The codes with which a host is refused. */
export const hostRefusals = [
  'forwarder_conflict',
  'address_excluded',
  'address_outside_pool',
  'address_taken',
  'cname_conflict',
  'managed_record',
  'name_hidden',
  'name_taken',
  'pool_exhausted',
  'pool_not_found',
  'record_invalid',
  'rrset_conflict',
  'skydns_unfit',
  'zone_not_found',
] as const;
const params = strict({ name: NameText });

export const hostRoutes: Routes = async (app, services) => {
  const { views } = services;
  const nameOf = (text: string) => atField(':name', () => parseName(text));

  /** Returns a host as answers show it now. */
  const show = ({ value, modified }: Versioned<Host>) => showHost(withPools(services, value), modified);
  const shownNow = (name: Fqdn) => {
    const host = views.hosts.get(name);
    return host && show(host);
  };

  app.post(
    '/v1/hosts',
    {
      schema: {
        operationId: 'createHost',
        tags,
        summary: 'Create a host: addresses, A/AAAA, PTR and aliases in one transaction',
        headers: idempotencyHeaders,
        querystring: strict(waitQuery),
        body: NewHost,
        refuses: [...hostRefusals, 'shutting_down', 'too_many_waiting'],
        response: created(WrittenHost),
      },
    },
    async (request, reply) => {
      const wanted = parseHostInput(request.body);
      const poolNow = wanted.pool === undefined ? undefined : holdPool(wanted.pool);
      const decide: Decide<HostCreated> = (context) =>
        decideCreateHost(context, poolNow === undefined ? wanted : { ...wanted, pool: poolNow(context.views) });
      const committed = await commitFor(services, request, reply, decide, request.query.wait);
      const { warnings, ...host } = committed.result;
      const body = showHost(host, committed.revision, warnings);
      return sendWritten(reply, committed, true, hostPath(wanted.name), body, tagOf);
    },
  );

  app.get(
    '/v1/hosts',
    {
      schema: {
        operationId: 'listHosts',
        tags,
        summary: 'List hosts',
        querystring: strict({
          ...pageQuery,
          ...searchQuery,
          name: Type.Optional({ ...NameText, description: 'The name of the host, or one of its aliases' }),
          zone: Type.Optional({ ...NameText, description: 'Only hosts whose name is in this zone' }),
          address: Type.Optional(AddressText),
          within: Type.Optional(
            Type.String({
              maxLength: 100,
              format: 'address-range',
              description: 'Only hosts with an address in this prefix, or in this range (`first-last`)',
              examples: ['10.1.0.0/16'],
            }),
          ),
          pool: Type.Optional(LabelText),
          owner: Type.Optional(Type.String()),
          tag: Type.Optional(Type.String({ description: '`key` or `key=value`' })),
        }),
        description: 'With `Accept: text/csv`: all hosts that match, as rows that `POST /v1/hosts:import` takes.',
        response: shownOrCsv(listOf(HostBody)),
      },
    },
    async (request, reply) => {
      const { zone, matches } = parseHostFilter(services, request.query);
      const access = accessOf(askingOf(services, request));
      const listing = {
        items: (after: Fqdn | undefined) => access.listHosts(after, zone),
        keyOf: ({ value }: Versioned<Host>) => value.name,
        matches: ({ value }: Versioned<Host>) => access.hasHost(value) && matches(value),
      };
      if (!wantsCsv(request)) return pageOf(request.query, parseName, { ...listing, show });
      return sentCsv(
        reply,
        'hosts',
        exportHosts(listing, (host) => withPools(services, host)),
      );
    },
  );

  app.get(
    '/v1/hosts/:name',
    {
      schema: {
        operationId: 'readHost',
        tags,
        summary: 'Read a host',
        params,
        headers: readHeaders,
        refuses: ['not_found'],
        response: read(HostBody),
      },
    },
    async (request, reply) => {
      const host = existingHost(askingOf(services, request), nameOf(request.params.name));
      const body = show(host);
      return sendResource(request, reply, withBody(entityTag(host.modified), body), body);
    },
  );

  app.put(
    '/v1/hosts/:name',
    {
      schema: {
        operationId: 'putHost',
        tags,
        summary: 'Create a host, or replace its settings; it keeps its addresses unless the request asks for others',
        params,
        headers: writeHeaders,
        body: PutHost,
        refuses: hostRefusals,
        response: { ...written(WrittenHost), ...created(WrittenHost) },
      },
    },
    async (request, reply) => {
      const { readOnly, input } = splitReadOnly(request.body);
      const wanted = parseHostPut(request.params.name, input);
      const { name } = wanted;
      const change = {
        name,
        precondition: preconditionOf(request),
        change: () => {
          checkShownHost(readOnly, input, shownNow(name));
          return wanted;
        },
      };
      const committed = await commitFor(services, request, reply, (context) => decideChangeHost(context, change));
      const { host, created, warnings } = committed.result;
      const written = writtenAt(committed);
      const body = showHost(host, written.revision, warnings);
      return sendWritten(reply, written, created, hostPath(name), body, tagOf);
    },
  );

  app.patch(
    '/v1/hosts/:name',
    {
      schema: {
        operationId: 'patchHost',
        tags,
        summary: 'Change, rename or re-address a host (JSON merge patch), in one transaction',
        params,
        headers: writeHeaders,
        body: PatchHost,
        refuses: ['not_found', ...hostRefusals],
        response: written(WrittenHost),
      },
    },
    async (request, reply) => {
      const asking = askingOf(services, request);
      const { readOnly, input } = splitReadOnly(request.body);
      const [name] = parseAll(
        () => nameOf(request.params.name),
        () => checkHostPatch(input),
      );
      const change = {
        name,
        precondition: preconditionOf(request),
        change: (current: Host | undefined) => {
          const wanted = parseHostPatch(current ?? existingHost(asking, name).value, input);
          checkShownHost(readOnly, input as HostInput, shownNow(name));
          return wanted;
        },
      };
      const committed = await commitFor(services, request, reply, (context) => decideChangeHost(context, change));
      const { host, warnings } = committed.result;
      const written = writtenAt(committed);
      const body = showHost(host, written.revision, warnings);
      return sendWritten(reply, written, false, hostPath(host.name), body, tagOf);
    },
  );

  app.post(
    '/v1/hosts/:name/swap',
    {
      schema: {
        operationId: 'swapHosts',
        tags,
        summary: 'Exchange the addresses of two hosts, in one transaction',
        params,
        headers: idempotencyHeaders,
        body: HostSwap,
        refuses: ['not_found', ...hostRefusals],
        response: writtenTogether(200, SwappedHosts),
      },
    },
    async (request, reply) => {
      const [name, other] = parseAll(
        () => nameOf(request.params.name),
        () => atField('/with', () => parseName(request.body.with)),
      );
      const swap = { name, with: other, families: request.body.families };
      const committed = await commitFor(services, request, reply, (context) => decideSwapHosts(context, swap));
      return {
        items: committed.result.map(({ warnings, ...host }) => showHost(host, committed.revision, warnings)),
      };
    },
  );

  app.delete(
    '/v1/hosts/:name',
    {
      schema: {
        operationId: 'deleteHost',
        tags,
        summary: 'Delete a host with its records, and release its addresses',
        params,
        headers: writeHeaders,
        refuses: ['not_found'],
        response: deletedWith(DeletedWithWarnings),
      },
    },
    async (request, reply) => {
      const name = nameOf(request.params.name);
      const precondition = preconditionOf(request);
      if (!mayBeTooLong(services, name)) {
        const { result } = await commitFor(services, request, reply, (context) =>
          decideDeleteHost(context, { name, precondition }),
        );
        return sendDeleted(reply, showWarnings(undefined, result));
      }
      const warnings: Warning[] = [];
      // The first transaction checks the precondition. It gives the host another entity tag.
      const rest = () => ({ name, precondition: isShed ? {} : precondition });
      let isShed = false;
      const { result } = await commitByForceFor(
        services,
        request,
        reply,
        (context) => decideShedAliases(context, rest()),
        (context) => decideDeleteHost(context, rest()),
        (shed) => {
          isShed ||= shed.left > 0;
          warnings.push(...shed.warnings);
        },
      );
      return sendDeleted(reply, showWarnings(undefined, [...warnings, ...result]));
    },
  );
};

/** Returns the entity tag of a written host, as a read sends it: without the warnings of the write. */
function tagOf(tag: string, { warnings: _, ...host }: Static<typeof WrittenHost>): string {
  return withBody(tag, host);
}

/** Separates the fields that no request can change from the others. */
function splitReadOnly<T extends Static<typeof PutHost> | Static<typeof PatchHost>>(body: T) {
  const { unicodeName, zone, unicodeAliases, createdAt, revision, ...input } = body;
  return { readOnly: { unicodeName, zone, unicodeAliases, createdAt, revision }, input };
}
